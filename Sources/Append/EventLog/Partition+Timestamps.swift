internal import Bytes
internal import Files
internal import KafkaProtocol
internal import Synchronization

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
    /// Any thread; blocks for the disk.
    public func offset(forTimestamp timestamp: Int64) throws(LogError) -> TimestampedOffset? {
        let view = try view()
        for (number, segment) in view.segments.enumerated() {
            let start: Int64? = segment.index.withLock { index in
                index.maxTimestamp < timestamp ? nil : index.position(forTimestamp: timestamp)
            }
            guard let start else { continue }
            let end = view.readableBytes(ofSegment: number)
            let file = try LogError.storing { () throws(FileError) in try segment.file() }
            var scanner = BatchScanner(file, from: start, to: end, chunkBytes: 64 << 10)
            while let header = try scanner.verifiedBatch() {
                if header.maxTimestamp >= timestamp {
                    let found = try scanner.withBytes(of: header) { bytes throws(LogError) in
                        try Self.record(atOrAfter: timestamp, in: bytes, header, segment.path)
                    }
                    if let found { return found }
                }
                scanner.skip(header)
            }
        }
        return nil
    }

    private static func record(
        atOrAfter timestamp: Int64,
        in batch: RawSpan,
        _ header: RecordBatchHeader,
        _ path: String
    ) throws(LogError) -> TimestampedOffset? {
        if header.isLogAppendTime || header.isCompressed {
            return TimestampedOffset(offset: header.baseOffset, timestamp: header.maxTimestamp)
        }
        do throws(RecordBatchError) {
            let records = batch.extracting(RecordBatchHeader.size..<batch.byteCount)
            var cursor = RecordCursor(records, count: header.recordCount)
            while let record = try cursor.next() {
                let time = header.baseTimestamp &+ record.timestampDelta
                if time >= timestamp {
                    let offset = header.baseOffset + Int64(record.offsetDelta)
                    return TimestampedOffset(offset: offset, timestamp: time)
                }
            }
            return nil
        } catch {
            throw .corrupt(path: path, detail: "batch at offset \(header.baseOffset): \(error)")
        }
    }
}

extension BatchScanner {
    /// `peekVerified` with the log's errors.
    internal mutating func verifiedBatch() throws(LogError) -> RecordBatchHeader? {
        do throws(FileError) { return try peekVerified() } catch { throw .storage(error) }
    }
}
