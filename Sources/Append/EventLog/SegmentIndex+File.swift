internal import Bytes
internal import Clocks
internal import Files

// The file `<base offset>.index`: a segment's index, written when the segment is closed and when
// the log is. In the frame of a sealed file:
//
//     topic id 16 bytes, base offset i64, bytes covered i64, next offset i64
//     bytes since the last entry u32
//     largest timestamp i64, its batch's relative offset u32 and position u32 (all ones: none)
//     offset entries u32, then for each: relative offset u32, position u32
//     time entries u32, then for each: timestamp i64, relative offset u32, position u32

extension SegmentIndex {
    static let suffix = ".index"

    /// The index as a file for a segment of `coveredBytes` bytes whose next offset is `nextOffset`.
    func encoded(topicID: TopicID, coveredBytes: Int64, nextOffset: Int64) -> ByteBuffer {
        var buffer = SealedFile.begin(.index)
        buffer.append(topicID)
        buffer.append(baseOffset)
        buffer.append(coveredBytes)
        buffer.append(nextOffset)
        buffer.append(UInt32(clamping: bytesSinceEntry))
        Self.append(largest, to: &buffer)
        buffer.append(UInt32(offsets.count))
        for entry in offsets {
            buffer.append(entry.relativeOffset)
            buffer.append(entry.position)
        }
        buffer.append(UInt32(times.count))
        for entry in times { Self.append(entry, to: &buffer) }
        SealedFile.end(&buffer)
        return buffer
    }

    private static func append(_ entry: TimeEntry?, to buffer: inout ByteBuffer) {
        buffer.append(entry?.timestamp ?? -1)
        buffer.append(entry?.relativeOffset ?? .max)
        buffer.append(entry?.position ?? .max)
    }

    /// Reads the index file at `path`; nil when there is none that covers exactly `coveredBytes` of
    /// that segment.
    static func load<FS: FileSystem>(
        _ path: String,
        _ files: FS,
        topicID: TopicID,
        baseOffset: Int64,
        coveredBytes: Int64,
        intervalBytes: Int
    ) throws(FileError) -> SegmentIndex? {
        guard let slab = try SealedFile.load(.index, path, files) else { return nil }
        do throws(ByteError) {
            var reader = try ByteReader.content(of: slab)
            guard try reader.readUUID() == topicID, try reader.read(Int64.self) == baseOffset,
                try reader.read(Int64.self) == coveredBytes
            else { return nil }
            try reader.skip(8)
            var index = SegmentIndex(baseOffset: baseOffset, intervalBytes: intervalBytes)
            try index.readEntries(&reader)
            return index
        } catch {
            return nil
        }
    }

    private mutating func readEntries(_ reader: inout ByteReader) throws(ByteError) {
        bytesSinceEntry = Int(try reader.read(UInt32.self))
        let last = try Self.readTime(&reader)
        if last.position != .max {
            largest = last
            maxTimestamp = last.timestamp
        }
        let offsetCount = Int(try reader.read(UInt32.self))
        try reader.check(count: offsetCount, size: 8)
        offsets.reserveCapacity(offsetCount)
        for _ in 0..<offsetCount {
            offsets.append(
                OffsetEntry(relativeOffset: try reader.read(), position: try reader.read())
            )
        }
        let timeCount = Int(try reader.read(UInt32.self))
        try reader.check(count: timeCount, size: 16)
        times.reserveCapacity(timeCount)
        for _ in 0..<timeCount { times.append(try Self.readTime(&reader)) }
    }

    @_lifetime(reader: copy reader)
    private static func readTime(_ reader: inout ByteReader) throws(ByteError) -> TimeEntry {
        TimeEntry(
            timestamp: try reader.read(),
            relativeOffset: try reader.read(),
            position: try reader.read()
        )
    }
}

extension ByteReader {
    /// Checks that `count` entries of `size` bytes can follow, before memory is taken for them.
    internal func check(count: Int, size: Int) throws(ByteError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
        if overflow || bytes > remaining {
            throw .lengthOutOfRange(offset: offset, length: count, limit: remaining / size)
        }
    }
}
