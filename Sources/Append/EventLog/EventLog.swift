internal import Bytes
public import Clocks
public import Files
internal import Synchronization
internal import Threads

/// The log: topics of partitions of record batches, each batch durable before it is acknowledged.
///
/// One writer thread appends for everybody (group commit); any thread reads. Open one per
/// directory; a second opener is refused. Close it when done: `close` writes what makes the next
/// opening quick. Not closing is safe.
public final class EventLog<FS: FileSystem>: Sendable {
    /// Where it lies.
    public let directory: String
    /// Identity of this log for ever, as Kafka writes it: 22 characters of base64.
    public let clusterID: String
    /// What was found and repaired at opening.
    public let recovery: RecoveryReport
    /// The limits it was opened with.
    public let options: LogOptions

    internal let files: FS
    internal let writer: Writer<FS>
    internal let flusher: Flusher<FS>
    /// The durable list of topics. Held during its file operations, which are few: creating and
    /// deleting topics queue behind each other. Never taken by the writer thread.
    internal let metadata: Mutex<MetadataLog<FS>>
    internal let table: TopicRegister<FS>
    internal let random: Mutex<SeededRandom>
    internal let isManual: Bool
    internal let instance: LogInstance
    private let flushing: FlushQueue<FS>
    private let running: Mutex<Running?>

    /// What ends with `close`.
    private struct Running: Sendable {
        let lock: FileLock
        let writer: Thread?
        let flusher: Thread?
    }

    /// Who runs the writer and the flusher.
    internal enum Threading: Sendable {
        /// Threads of the log's own.
        case threads
        /// The test that calls their `step`.
        case manual
    }

    /// Opens the log in `directory`, which is made if need be, and repairs what a crash left.
    ///
    /// Blocks while it reads what was appended since the last checkpoint.
    public static func open(
        at directory: String,
        files: FS,
        options: LogOptions = LogOptions(),
        clock: some WallClock = SystemClocks(),
        random: some RandomSource = SystemRandom()
    ) throws(LogError) -> EventLog {
        try open(at: directory, files, options, clock, random, .threads)
    }

    internal static func open(
        at directory: String,
        _ files: FS,
        _ options: LogOptions,
        _ clock: some WallClock,
        _ random: some RandomSource,
        _ threading: Threading
    ) throws(LogError) -> EventLog {
        options.check()
        let lock: FileLock
        do throws(FileError) {
            try files.createDirectories(directory)
            lock = try files.lock("\(directory)/lock")
        } catch {
            if error.isLocked { throw .locked(directory: directory) }
            throw .storage(error)
        }
        var random = random
        let metadata = try MetadataLog.open(files, directory: directory, random: random)
        var opening = LogOpening(files: files, directory: directory, options: options)
        try opening.recover(metadata, now: clock.now())
        return EventLog(
            opening,
            metadata,
            clock: { clock.now() },
            SeededRandom(seed: random.next()),
            lock,
            threading
        )
    }

    private init(
        _ opening: LogOpening<FS>,
        _ metadata: MetadataLog<FS>,
        clock: @escaping @Sendable () -> Timestamp,
        _ random: SeededRandom,
        _ lock: FileLock,
        _ threading: Threading
    ) {
        directory = opening.directory
        files = opening.files
        options = opening.options
        recovery = opening.report
        clusterID = metadata.clusterID.base64
        isManual = threading == .manual
        instance = opening.instance
        var random = random
        let flushing = FlushQueue(freeFiles: opening.freeFiles)
        let journal = Journal(
            files,
            directory: directory,
            options: options,
            flushing: flushing,
            recycled: opening.freeFiles.count,
            random: SeededRandom(seed: random.next())
        )
        let table = TopicRegister(opening.table)
        let storage = RoundStorage(
            files: files,
            options: options,
            journal: journal,
            flushing: flushing
        )
        let writer = Writer(options: options, storage: storage, clock: clock) { table.partitions }
        let flusher = Flusher(
            files,
            directory: directory,
            options: options,
            queue: flushing,
            writer: writer
        ) { table.partitions }
        self.random = Mutex(random)
        self.metadata = Mutex(metadata)
        self.table = table
        self.flushing = flushing
        self.writer = writer
        self.flusher = flusher
        let runs = threading == .threads
        running = Mutex(
            Running(
                lock: lock,
                writer: runs ? Thread("log-writer") { writer.run() } : nil,
                flusher: runs ? Thread("log-flusher") { flusher.run() } : nil
            )
        )
    }

    /// Queues whole record batches and returns at once.
    ///
    /// `completion` gets one result per entry, in order, on the writer thread, as soon as all are
    /// durable or refused; it must not block. Structure and checksums are checked here, on the
    /// caller's thread; an entry that fails the check is refused alone. Throws, without calling
    /// `completion`, when the log is closed, has failed, or too much waits (`.overloaded`).
    public func append(
        _ appends: [Append<FS>],
        completion: @escaping @Sendable ([AppendResult]) -> Void
    ) throws(LogError) {
        var entries: [QueuedEntry<FS>] = []
        entries.reserveCapacity(appends.count)
        var bytes = 0
        for append in appends {
            precondition(
                append.partition.instance === instance,
                "\(append.partition.topicName)-\(append.partition.index) is of another opening"
            )
            entries.append(QueuedEntry(checking: append, batchBytesMax: options.batchBytesMax))
            bytes += append.batches.count
        }
        try writer.enqueue(QueuedAppend(entries: entries, bytes: bytes, completion: completion))
    }

    /// Why the log takes no more appends, if so: a sync failed. Reading still works.
    public var failure: String? { writer.queue.withLock { $0.failure } }

    /// Finishes what waits, refuses what comes, and lets go of the directory. Returns when all that
    /// is done. Safe to call twice.
    public func close() {
        writer.queue.update { $0.isClosing = true }
        guard let running = running.withLock({ $0.take() }) else { return }
        if let thread = running.writer { thread.join() } else { while writer.step() {} }
        flushing.state.update { $0.isStopping = true }
        running.flusher?.join()
        // After a failed sync nothing may claim to be durable: the next opening finds out what is.
        if flusher.finish() { try? JournalReader.clear(files, directory: directory) }
    }
}
