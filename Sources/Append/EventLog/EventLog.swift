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
    /// The durable list of topics. Held during its file operations, which are few: creating and
    /// deleting topics queue behind each other. Never taken by the writer thread.
    internal let metadata: Mutex<MetadataLog<FS>>
    internal let table: Mutex<TopicTable<FS>>
    internal let random: Mutex<SeededRandom>
    private let running: Mutex<Running?>

    /// What ends with `close`.
    private struct Running: Sendable {
        let lock: FileLock
        let threads: [Thread]
    }

    /// Who runs the writer.
    internal enum Threading: Sendable {
        /// Threads of the log's own.
        case threads
        /// The test that calls `step`.
        case manual
    }

    /// Opens the log in `directory`, which is made if need be, and repairs what a crash left.
    ///
    /// Blocks while it reads what was appended since the last clean close.
    public static func open(
        at directory: String,
        files: FS,
        options: LogOptions = LogOptions(),
        random: some RandomSource = SystemRandom()
    ) throws(LogError) -> EventLog {
        try open(at: directory, files: files, options: options, random: random, .threads)
    }

    internal static func open(
        at directory: String,
        files: FS,
        options: LogOptions,
        random: some RandomSource,
        _ threading: Threading
    ) throws(LogError) -> EventLog {
        options.check()
        var random = random
        let lock: FileLock
        do throws(FileError) {
            try files.createDirectories(directory)
            lock = try files.lock("\(directory)/lock")
        } catch {
            if error.isLocked { throw .locked(directory: directory) }
            throw .storage(error)
        }
        let metadata = try MetadataLog.open(files, directory: directory, random: random)
        var recovery = RecoveryReport()
        var table = TopicTable<FS>()
        for entry in metadata.topics.values.sorted(by: { $0.name < $1.name }) {
            var partitions: [Partition<FS>] = []
            for index in 0..<Int32(entry.partitions) {
                let path =
                    "\(directory)/\(Partition<FS>.directoryName(entry.name, index))"
                let repair = PartitionRecovery(files: files, options: options, directory: path)
                partitions.append(
                    Partition(
                        topicName: entry.name,
                        topicID: entry.id,
                        index: index,
                        directory: path,
                        files: files,
                        options: options,
                        recovered: try repair.recover(&recovery)
                    )
                )
            }
            table.set(
                Topic(
                    name: entry.name,
                    id: entry.id,
                    partitions: partitions,
                    configuration: entry.configuration
                )
            )
        }
        return EventLog(
            directory,
            files,
            options,
            SeededRandom(seed: random.next()),
            metadata,
            table,
            recovery,
            lock,
            threading
        )
    }

    private init(
        _ directory: String,
        _ files: FS,
        _ options: LogOptions,
        _ random: SeededRandom,
        _ metadata: MetadataLog<FS>,
        _ table: TopicTable<FS>,
        _ recovery: RecoveryReport,
        _ lock: FileLock,
        _ threading: Threading
    ) {
        self.directory = directory
        self.files = files
        self.options = options
        self.recovery = recovery
        self.random = Mutex(random)
        clusterID = metadata.clusterID.base64
        self.metadata = Mutex(metadata)
        self.table = Mutex(table)
        let writer = Writer(options: options, storage: RoundStorage(files: files, options: options))
        self.writer = writer
        let threads = threading == .manual ? [] : [Thread("log-writer") { writer.run() }]
        running = Mutex(Running(lock: lock, threads: threads))
        isManual = threading == .manual
    }
    internal let isManual: Bool

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
            entries.append(QueuedEntry(checking: append, batchBytesMax: options.batchBytesMax))
            bytes += append.batches.count
        }
        try writer.enqueue(QueuedAppend(entries: entries, bytes: bytes, completion: completion))
    }

    /// Finishes what waits, refuses what comes, and lets go of the directory. Returns when all that
    /// is done. Safe to call twice.
    public func close() {
        writer.queue.update { $0.isClosing = true }
        guard let running = running.withLock({ $0.take() }) else { return }
        for thread in running.threads { thread.join() }
        if isManual { while writer.step() {} }
    }
}
