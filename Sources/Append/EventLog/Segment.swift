internal import Bytes
internal import Files
internal import KafkaProtocol
internal import Synchronization

/// A stretch of a partition's batches in one file, `<base offset>.log`, byte for byte what Kafka
/// would store.
///
/// All offsets in it are at least `baseOffset` and smaller than the next segment's. The writer
/// thread appends; any thread reads what lies below the readable end that the partition publishes.
/// The file is opened when it is first needed.
internal final class Segment<FS: FileSystem>: Sendable {
    let topicID: TopicID
    let baseOffset: Int64
    let directory: String
    private let files: FS
    private let intervalBytes: Int
    private let opened: Mutex<FS.File?>
    /// Bytes that belong to the log. Changed by the writer thread alone, after they are durable.
    let size: Atomic<Int64>
    /// Held during a sync, so that nobody takes the success of one for that of another that failed.
    private let syncing: Mutex<SyncState>
    /// Held during file operations when an index is first needed: its readers wait for it anyway.
    private let index: Mutex<IndexState>

    /// A position in a segment and the offset of the batch there.
    struct SyncedEnd: Equatable, Sendable {
        var position: Int64
        var offset: Int64
    }

    private struct SyncState: Sendable {
        var end: SyncedEnd
        /// After it, the success of another sync means nothing for the bytes before.
        var failure: FileError?
    }

    private enum IndexState: Sendable {
        /// In memory; grows with the segment.
        case growing(SegmentIndex)
        /// In its file, which covers the whole segment.
        case stored(StoredIndex<FS.File>)
        /// Not looked for yet.
        case unknown
    }

    static var suffix: String { ".log" }

    /// A new segment, or one that recovery has read.
    init(
        files: FS,
        directory: String,
        topicID: TopicID,
        file: FS.File?,
        size: Int64,
        synced: SyncedEnd,
        index: SegmentIndex
    ) {
        self.files = files
        self.directory = directory
        self.topicID = topicID
        baseOffset = index.baseOffset
        intervalBytes = index.intervalBytes
        opened = Mutex(file)
        self.size = Atomic(size)
        syncing = Mutex(SyncState(end: synced))
        self.index = Mutex(.growing(index))
    }

    /// A closed segment that was not read.
    init(
        files: FS,
        directory: String,
        topicID: TopicID,
        baseOffset: Int64,
        size: Int64,
        nextOffset: Int64,
        intervalBytes: Int
    ) {
        self.intervalBytes = intervalBytes
        self.files = files
        self.directory = directory
        self.topicID = topicID
        self.baseOffset = baseOffset
        opened = Mutex(nil)
        self.size = Atomic(size)
        syncing = Mutex(SyncState(end: SyncedEnd(position: size, offset: nextOffset)))
        index = Mutex(.unknown)
    }

    var path: String { "\(directory)/\(OffsetName.make(baseOffset, Self.suffix))" }
    private var indexPath: String {
        "\(directory)/\(OffsetName.make(baseOffset, SegmentIndex.suffix))"
    }

    /// The open file.
    func file() throws(FileError) -> FS.File {
        if let file = opened.withLock({ $0 }) { return file }
        let file = try files.open(path, .readWrite)
        // Another thread may have opened it meanwhile; either one serves.
        opened.withLock { $0 = file }
        return file
    }

    /// How far it is known to be on the device by a sync of its own.
    var synced: SyncedEnd { syncing.withLock { $0.end } }

    /// Makes everything up to `end`, which must have been written, durable. Any thread.
    ///
    /// Does nothing when that was done before, unless `always`. After one failed sync all fail.
    func sync(to end: SyncedEnd, always: Bool = false) throws(FileError) {
        try syncing.withLock { state throws(FileError) in
            if let failure = state.failure { throw failure }
            if state.end.position >= end.position && !always { return }
            do throws(FileError) { try file().sync() } catch {
                if error.isFailedSync { state.failure = error }
                throw error
            }
            state.end = end
        }
    }

    /// Takes note of batches that are part of the segment now. Writer thread.
    func note(_ batches: [PlacedBatch], from position: Int64) {
        index.withLock { state in
            guard case .growing(var index) = state else { return }
            // Gives up the state's reference, so that the entries are changed in place.
            state = .unknown
            var position = position
            for batch in batches {
                index.note(batch.header, baseOffset: batch.baseOffset, position: position)
                position += Int64(batch.header.totalSize)
            }
            state = .growing(index)
        }
    }

    /// Where to begin looking for `offset`: the start of a batch that is not behind it.
    func position(for offset: Int64) throws(LogError) -> Int64 {
        try withIndex(
            growing: { $0.position(for: offset) },
            stored: { stored throws(FileError) in
                try stored.position(forRelative: offset - baseOffset)
            }
        )
    }

    /// Where to begin looking for the first batch with a timestamp of at least `timestamp`; nil
    /// when the segment has none.
    func position(forTimestamp timestamp: Int64) throws(LogError) -> Int64? {
        try withIndex(
            growing: {
                $0.maxTimestamp < timestamp ? nil : $0.position(forTimestamp: timestamp)
            },
            stored: { stored throws(FileError) in
                if stored.maxTimestamp < timestamp { return nil }
                return try stored.position(forTimestamp: timestamp)
            }
        )
    }

    /// The largest timestamp, or -1, and where the first batch that has it begins.
    func maxTimestamp() throws(LogError) -> (timestamp: Int64, position: Int64) {
        try withIndex(
            growing: { ($0.maxTimestamp, Int64($0.largest?.position ?? 0)) },
            stored: { stored throws(FileError) in
                (stored.maxTimestamp, stored.maxTimestampPosition)
            }
        )
    }

    private func withIndex<Result>(
        growing: (borrowing SegmentIndex) -> Result,
        stored: (StoredIndex<FS.File>) throws(FileError) -> Result
    ) throws(LogError) -> Result {
        try LogError.storing { () throws(FileError) in
            try index.withLock { state throws(FileError) in
                if case .unknown = state { state = try find() }
                switch state {
                case .growing(let index): return growing(index)
                case .stored(let index): return try stored(index)
                case .unknown: preconditionFailure("the index was just found")
                }
            }
        }
    }

    /// Opens the index file, or makes the index again from the batches. For a closed segment.
    private func find() throws(FileError) -> IndexState {
        let bytes = size.load(ordering: .acquiring)
        if let stored = try StoredIndex.open(
            indexPath,
            files,
            topicID: topicID,
            baseOffset: baseOffset,
            coveredBytes: bytes
        ) {
            return .stored(stored)
        }
        var index = SegmentIndex(baseOffset: baseOffset, intervalBytes: intervalBytes)
        var scanner = BatchScanner(try file(), from: 0, to: bytes)
        while let header = try scanner.peek() {
            index.note(header, baseOffset: header.baseOffset, position: scanner.position)
            scanner.skip(header)
        }
        return .growing(index)
    }

    /// Writes the index file. A closed segment then no longer keeps its index in memory.
    func storeIndex(coveredBytes: Int64, nextOffset: Int64, isClosed: Bool) throws(FileError) {
        try index.withLock { state throws(FileError) in
            guard case .growing(let index) = state else { return }
            let buffer = index.encoded(
                topicID: topicID,
                coveredBytes: coveredBytes,
                nextOffset: nextOffset
            )
            try SealedFile.store(buffer.bytes, indexPath, files)
            if isClosed {
                state = .stored(StoredIndex(try files.open(indexPath, .read), index))
            }
        }
    }
}

/// A batch and the offset its first record got.
internal struct PlacedBatch: Sendable {
    let header: RecordBatchHeader
    let baseOffset: Int64
}
