public import Bytes
internal import Files
internal import KafkaProtocol
internal import Synchronization

/// What a read gave.
public struct ReadResult: Sendable, Equatable {
    /// Bytes appended to the buffer: whole batches.
    public let bytes: Int
    /// Offset after the last of them: where to read on. The offset asked for when there was
    /// nothing.
    public let nextOffset: Int64
    /// The first offset that is still kept.
    public let logStartOffset: Int64
    /// The high watermark when the read began.
    public let highWatermark: Int64
}

extension Partition {
    /// Appends whole batches to `buffer`, from the one that contains `offset` up to the high
    /// watermark.
    ///
    /// At least one batch, if there is any, even when it is larger than `maxBytes`; the first one
    /// may begin before `offset`. Ends with the segment, so fewer bytes than `maxBytes` do not mean
    /// that there are no more. Checksums are verified. After an error the buffer is as it was. Any
    /// thread; blocks for the disk.
    public func read(
        from offset: Int64,
        maxBytes: Int,
        into buffer: inout ByteBuffer
    ) throws(LogError) -> ReadResult {
        let view = try view()
        guard offset >= view.logStartOffset && offset <= view.highWatermark else {
            throw .outOfRange(
                offset: offset,
                logStartOffset: view.logStartOffset,
                highWatermark: view.highWatermark
            )
        }
        let begin = buffer.count
        var next = offset
        if offset < view.highWatermark {
            let (segment, limit) = view.segment(containing: offset)
            do throws(LogError) {
                let file = try LogError.storing { () throws(FileError) in try segment.file() }
                let first = try locate(offset, in: segment, file, end: limit)
                let wanted = min(limit - first.position, Int64(max(maxBytes, first.size)))
                _ = try LogError.storing { () throws(FileError) in
                    try file.read(at: first.position, count: Int(wanted), into: &buffer)
                }
                next = try keepWholeBatches(of: &buffer, from: begin, segment.path)
            } catch {
                buffer.truncate(to: begin)
                throw error
            }
        }
        return ReadResult(
            bytes: buffer.count - begin,
            nextOffset: next,
            logStartOffset: view.logStartOffset,
            highWatermark: view.highWatermark
        )
    }

    /// Bytes of the batches from the one that holds `offset` to the high watermark; 0 at or beyond
    /// it. Exact to an index entry. Any thread; may read an index from the disk.
    public func bytes(from offset: Int64) throws(LogError) -> Int64 {
        let view = try view()
        if offset >= view.highWatermark { return 0 }
        var bytes: Int64 = 0
        for (number, segment) in view.segments.enumerated() {
            let isLast = number == view.segments.count - 1
            let next = isLast ? view.highWatermark : view.segments[number + 1].baseOffset
            if next <= offset { continue }
            let start = segment.baseOffset < offset ? try segment.position(for: offset) : 0
            bytes += max(0, view.readableBytes(ofSegment: number) - start)
        }
        return bytes
    }

    /// What readers may see now.
    internal func view() throws(LogError) -> PartitionView<FS> {
        let (view, deleted) = readable.withLock { state in
            (
                PartitionView(
                    segments: state.segments,
                    logStartOffset: state.logStartOffset,
                    highWatermark: state.highWatermark,
                    end: state.end
                ), state.isDeleted
            )
        }
        if deleted { throw .deleted(topic: topicName) }
        return view
    }

    /// Finds the batch that contains `offset`, which is in the segment, below the position `end`.
    private func locate(
        _ offset: Int64,
        in segment: Segment<FS>,
        _ file: FS.File,
        end: Int64
    ) throws(LogError) -> (position: Int64, size: Int) {
        let start = try segment.position(for: offset)
        var scanner = BatchScanner(
            file,
            from: start,
            to: end,
            chunkBytes: options.indexIntervalBytes + 4 * RecordBatchHeader.size
        )
        while true {
            let header: RecordBatchHeader?
            do throws(FileError) { header = try scanner.peek() } catch { throw .storage(error) }
            guard let header, header.baseOffset <= offset else {
                throw .corrupt(
                    path: segment.path,
                    detail: "no batch with offset \(offset) from byte \(start) on"
                )
            }
            if header.lastOffset >= offset { return (scanner.position, header.totalSize) }
            scanner.skip(header)
        }
    }

    /// Checks the batches from byte `begin` on, cuts what is not whole, and returns the offset
    /// after the last one.
    private func keepWholeBatches(
        of buffer: inout ByteBuffer,
        from begin: Int,
        _ path: String
    ) throws(LogError) -> Int64 {
        var position = begin
        var next: Int64?
        let count = buffer.count
        while count - position >= RecordBatchHeader.size {
            let header: RecordBatchHeader
            do throws(RecordBatchError) {
                header = try RecordBatchHeader(buffer.bytes, at: position)
                if count - position < header.totalSize { break }
                _ = try RecordBatch.verify(buffer.bytes, at: position)
            } catch {
                throw .corrupt(path: path, detail: "\(error)")
            }
            if let next, header.baseOffset < next {
                throw .corrupt(path: path, detail: "offsets go back from \(next)")
            }
            next = header.nextOffset
            position += header.totalSize
        }
        guard let next else {
            throw .corrupt(path: path, detail: "a batch is cut off")
        }
        buffer.truncate(to: position)
        return next
    }
}

/// What readers may see of a partition at one moment.
internal struct PartitionView<FS: FileSystem> {
    let segments: [Segment<FS>]
    let logStartOffset: Int64
    let highWatermark: Int64
    /// Readable bytes of the last segment.
    let end: Int64

    /// The segment that holds `offset`, which must lie below the high watermark, and how many of
    /// its bytes are readable.
    func segment(containing offset: Int64) -> (Segment<FS>, Int64) {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].baseOffset <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        precondition(low > 0, "offset \(offset) lies before the first segment")
        return (segments[low - 1], readableBytes(ofSegment: low - 1))
    }

    /// How many bytes of a segment are readable.
    func readableBytes(ofSegment number: Int) -> Int64 {
        number == segments.count - 1 ? end : segments[number].size.load(ordering: .acquiring)
    }
}

extension LogError {
    /// Runs `body` and names its failure as one of the log's.
    internal static func storing<T>(
        _ body: () throws(FileError) -> T
    ) throws(LogError) -> T {
        do throws(FileError) { return try body() } catch { throw .storage(error) }
    }
}
