internal import Bytes
internal import Clocks
internal import Files

/// The index of a closed segment, searched in its file: the log's memory does not grow with what it
/// holds.
///
/// The layout is that of `SegmentIndex+File.swift`. The checksum is verified once, at opening.
internal struct StoredIndex<File: OpenFile>: Sendable {
    private let file: File
    private let offsetCount: Int
    private let timeCount: Int
    /// The largest timestamp of all batches, or -1.
    let maxTimestamp: Int64
    /// Where the batch with the largest timestamp begins.
    let maxTimestampPosition: Int64

    private static var offsetsStart: Int { SealedFile.frameBytes + 64 }
    private var timesStart: Int { Self.offsetsStart + offsetCount * 8 + 4 }

    /// Opens the index file at `path`; nil when there is none that covers exactly `coveredBytes` of
    /// that segment.
    static func open<FS: FileSystem>(
        _ path: String,
        _ files: FS,
        topicID: TopicID,
        baseOffset: Int64,
        coveredBytes: Int64
    ) throws(FileError) -> StoredIndex? where FS.File == File {
        let loaded = try SegmentIndex.load(
            path,
            files,
            topicID: topicID,
            baseOffset: baseOffset,
            coveredBytes: coveredBytes,
            intervalBytes: 1
        )
        guard let loaded else { return nil }
        return StoredIndex(try files.open(path, .read), loaded)
    }

    /// The index that was just written to `file`.
    init(_ file: File, _ index: SegmentIndex) {
        self.file = file
        offsetCount = index.offsets.count
        timeCount = index.times.count
        maxTimestamp = index.maxTimestamp
        maxTimestampPosition = Int64(index.largest?.position ?? 0)
    }

    /// As `SegmentIndex.position(for:)`, for an offset after the segment's first.
    func position(forRelative relative: Int64) throws(FileError) -> Int64 {
        try search(start: Self.offsetsStart, count: offsetCount, size: 8, position: 4) { reader in
            Int64((try? reader.read(UInt32.self)) ?? .max) <= relative
        }
    }

    /// As `SegmentIndex.position(forTimestamp:)`.
    func position(forTimestamp timestamp: Int64) throws(FileError) -> Int64 {
        try search(start: timesStart, count: timeCount, size: 16, position: 12) { reader in
            ((try? reader.read(Int64.self)) ?? .max) < timestamp
        }
    }

    /// The position in the last entry that lies before what is looked for, or 0.
    private func search(
        start: Int,
        count: Int,
        size: Int,
        position: Int,
        isBefore: (inout ByteReader) -> Bool
    ) throws(FileError) -> Int64 {
        var low = 0
        var high = count
        var found: Int64 = 0
        var buffer = ByteBuffer(capacity: 16)
        while low < high {
            let middle = (low + high) / 2
            buffer.removeAll()
            _ = try file.read(at: Int64(start + middle * size), count: size, into: &buffer)
            var reader = ByteReader(buffer.bytes)
            if isBefore(&reader) {
                low = middle + 1
                var place = ByteReader(buffer.bytes)
                _ = try? place.skip(position)
                found = Int64((try? place.read(UInt32.self)) ?? 0)
            } else {
                high = middle
            }
        }
        return found
    }
}
