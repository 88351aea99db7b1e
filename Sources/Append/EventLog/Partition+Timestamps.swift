internal import Bytes
internal import Compression
internal import Files
internal import KafkaProtocol

/// A record found by its time.
public struct TimestampedOffset: Sendable, Equatable {
    /// The record's offset.
    public let offset: Int64
    /// Its timestamp, in milliseconds since 1970.
    public let timestamp: Int64
}

extension Partition {
    /// The first record, in order of offsets, whose timestamp is at least `timestamp`; nil when
    /// there is none.
    ///
    /// Any thread; blocks for the disk, and decompresses the one batch in question.
    public func offset(forTimestamp timestamp: Int64) throws(LogError) -> TimestampedOffset? {
        let view = try view()
        for (number, segment) in view.segments.enumerated() {
            guard let start = try segment.position(forTimestamp: timestamp) else { continue }
            let end = view.readableBytes(ofSegment: number)
            if let found = try Self.search(
                segment,
                from: start,
                to: end,
                { $0.maxTimestamp >= timestamp },
                { $0 >= timestamp }
            ) {
                return found
            }
        }
        return nil
    }

    /// The first record that has the largest timestamp of all; nil when the partition is empty.
    ///
    /// Any thread; blocks for the disk, and decompresses the one batch in question.
    public func offsetOfMaxTimestamp() throws(LogError) -> TimestampedOffset? {
        let view = try view()
        var best: (segment: Segment<FS>, timestamp: Int64, position: Int64, end: Int64)?
        for (number, segment) in view.segments.enumerated() {
            let end = view.readableBytes(ofSegment: number)
            let largest = try segment.maxTimestamp()
            // What is not readable yet may be known to the index already.
            guard largest.position < end, largest.timestamp > best?.timestamp ?? -1 else {
                continue
            }
            best = (segment, largest.timestamp, largest.position, end)
        }
        guard let best else { return nil }
        return try Self.search(
            best.segment,
            from: best.position,
            to: best.end,
            { $0.maxTimestamp == best.timestamp },
            { $0 == best.timestamp }
        )
    }

    /// The first record that `isWanted`, of the batches from `start` to `end` that `mayHave` it.
    private static func search(
        _ segment: Segment<FS>,
        from start: Int64,
        to end: Int64,
        _ mayHave: (RecordBatchHeader) -> Bool,
        _ isWanted: (Int64) -> Bool
    ) throws(LogError) -> TimestampedOffset? {
        let file = try LogError.storing { () throws(FileError) in try segment.file() }
        var scanner = BatchScanner(file, from: start, to: end, chunkBytes: 64 << 10)
        while let header = try scanner.verifiedBatch() {
            if mayHave(header) {
                let found = try scanner.withBytes(of: header) { bytes throws(LogError) in
                    try record(isWanted, in: bytes, header, segment.path)
                }
                if let found { return found }
            }
            scanner.skip(header)
        }
        return nil
    }

    private static func record(
        _ isWanted: (Int64) -> Bool,
        in batch: RawSpan,
        _ header: RecordBatchHeader,
        _ path: String
    ) throws(LogError) -> TimestampedOffset? {
        if header.isLogAppendTime {
            return TimestampedOffset(offset: header.baseOffset, timestamp: header.maxTimestamp)
        }
        let stored = batch.extracting(RecordBatchHeader.size..<batch.byteCount)
        var records = ByteBuffer()
        if let codec = CompressionCodec(rawValue: header.attributes.codecNumber), codec != .none {
            do throws(CompressionError) {
                try codec.decompress(stored, into: &records, limit: decompressedBytesMax)
            } catch {
                throw .corrupt(path: path, detail: "batch at offset \(header.baseOffset): \(error)")
            }
        } else {
            records.append(stored)
        }
        do throws(RecordBatchError) {
            var cursor = RecordCursor(records.bytes, count: header.recordCount)
            while let record = try cursor.next() {
                let time = header.baseTimestamp &+ record.timestampDelta
                if isWanted(time) {
                    let offset = header.baseOffset + Int64(record.offsetDelta)
                    return TimestampedOffset(offset: offset, timestamp: time)
                }
            }
            return nil
        } catch {
            throw .corrupt(path: path, detail: "batch at offset \(header.baseOffset): \(error)")
        }
    }

    /// The most that one batch may become when it is decompressed to look for a time.
    private static var decompressedBytesMax: Int { 256 << 20 }
}

extension BatchScanner {
    /// `peekVerified` with the log's errors.
    internal mutating func verifiedBatch() throws(LogError) -> RecordBatchHeader? {
        do throws(FileError) { return try peekVerified() } catch { throw .storage(error) }
    }
}
