import Bytes
public import Clocks
import Pipelines
import Synchronization
public import Telemetry
import Threads

/// How files are looked for and cut.
public struct FileSourceOptions: Sendable {
    /// Time between two looks.
    public var poll = Duration.seconds(1)
    /// How long a file must stay as it is before it is taken.
    public var settle = Duration.seconds(2)
    /// Longest record in bytes: what the embedded log takes by default (message.max.bytes).
    public var recordBytesMax = 1_048_588

    /// The defaults.
    public init() {}
}

/// Files that are dropped somewhere, each of which is taken once: its records are counted and get
/// the next offsets, and from then on they are a log like any other.
///
/// One for each pipeline, shared by its lanes. `start` looks for files on a thread of its own until
/// `stop`; everything else may be called from any thread.
public final class FileSource<
    Store: FileStore,
    Register: FileRegister,
    Time: WallClock & MonotonicClock
>: Sendable {
    /// The name of the topic that the files are.
    public let name: String
    /// The identity of the offsets.
    public let identity: String
    let store: Store
    let register: Register
    let framing: RecordFraming
    let options: FileSourceOptions
    let clock: Time
    let logger: Logger
    let state: Condition<FileSourceState>
    private let thread = Mutex<Thread?>(nil)

    /// Longest pause because looking takes long.
    private static var pauseMax: Duration { .seconds(30) }
    /// How long a question waits for the first look.
    private static var firstLookTime: Duration { .seconds(5) }

    /// A source that has not looked yet.
    public init(
        name: String,
        store: Store,
        register: Register,
        framing: RecordFraming,
        options: FileSourceOptions = FileSourceOptions(),
        clock: Time,
        logger: Logger
    ) throws(FileRegisterError) {
        self.name = name
        self.store = store
        self.register = register
        self.framing = framing
        self.options = options
        self.clock = clock
        self.logger = logger
        identity = try register.identity()
        let totals = try register.totals()
        var state = FileSourceState()
        state.end = totals.end
        state.report.taken = totals.files
        state.report.records = totals.end
        self.state = Condition(state)
    }

    // Looking

    /// Looks for files from now on.
    public func start() {
        thread.withLock { thread in
            guard thread == nil else { return }
            thread = Thread("files \(name)") { [self] in follow() }
        }
    }

    /// Ends the looking; a file that is being counted is counted anew the next time.
    public func stop() {
        state.update { $0.isStopping = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    private func follow() {
        while !isStopping {
            let started: MonotonicInstant = clock.now()
            look(taking: true)
            let ended: MonotonicInstant = clock.now()
            let isUnsettled = state.withLock { !$0.settling.isEmpty }
            // Somebody who waits for a file to settle should not wait for the next poll, too.
            let wanted =
                isUnsettled
                ? min(options.poll, max(.milliseconds(20), options.settle / 8)) : options.poll
            // A folder of very many files is looked at less often.
            let pause = max(wanted, min((ended - started) * 10, Self.pauseMax))
            _ = state.wait(timeout: pause) { state in
                state.isStopping || state.wanted > state.rounds ? true : nil
            }
        }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Waits until every file that is complete now was taken or refused, at most about as long as
    /// files take to settle; for runs that land what is there.
    public func complete() {
        let round = state.update { state in
            // A round that is under way may have listed the files already.
            state.wanted = max(state.wanted, state.rounds + (state.scan == nil ? 2 : 1))
            return state.wanted
        }
        let names: Set<String>? = state.wait { state in
            if state.isStopping { return [] }
            return state.rounds >= round ? state.settling : nil
        }
        guard let names, !names.isEmpty else { return }
        let patience = options.settle * 2 + options.poll
        _ = state.wait(timeout: patience) { state in
            state.isStopping || state.settling.isDisjoint(with: names) ? true : nil
        }
    }

    // Bounds

    /// The offsets that can be read. `start` is behind the last file that was removed or changed.
    ///
    /// - Parameter isPatient: waits until all that is complete was taken once.
    func bounds(isPatient: Bool) throws(LogSourceError) -> SourceBounds {
        let answer: Result<SourceBounds, LogSourceError>? = state.wait(
            timeout: Self.firstLookTime
        ) { state in
            if state.hasLooked, !isPatient || state.rounds > 0 {
                return .success(SourceBounds(start: min(state.start, state.end), end: state.end))
            }
            return state.report.trouble.map { .failure(.unavailable($0)) }
        }
        guard let answer else { throw .unavailable("the files are still being looked through") }
        return try answer.get()
    }

    /// Why the files cannot be looked at; nil while they can.
    public var trouble: String? { state.withLock { $0.report.trouble } }

    /// What has become of the files.
    public var report: FileReport {
        state.withLock { state in
            var report = state.report
            report.settling = state.settling.sorted()
            report.refused = state.refused.sorted { $0.key < $1.key }.map {
                FileReport.Note(path: $0.key, reason: $0.value)
            }
            report.changed = state.changed.sorted { $0.key < $1.key }.map {
                FileReport.Note(path: $0.key, reason: $0.value)
            }
            return report
        }
    }

    // Files

    /// Makes sure that `file` is still what was taken.
    ///
    /// One that was only touched is.
    func check(
        _ file: RegisteredFile,
        now found: StoredFile
    ) throws(FileFault) {
        guard found.bytes == file.bytes else {
            throw .changed("it has \(found.bytes) bytes where it had \(file.bytes)")
        }
        if FileScan.Look(found) == FileScan.Look(file) { return }
        guard try checksum(of: file.path) == file.checksum else {
            throw .changed("its bytes are not those that were counted")
        }
    }

    private func checksum(of path: String) throws(FileFault) -> UInt32 {
        let contents: Store.Contents
        do throws(FileStoreError) { contents = try store.open(path) } catch {
            throw FileFault(error)
        }
        var bytes = FileBytes(contents)
        var piece = ByteBuffer(capacity: FileBytes<Store.Contents>.pieceBytes)
        while !bytes.isEnd {
            if isStopping { throw .interrupted }
            piece.removeAll()
            try bytes.read(into: &piece)
        }
        return bytes.checksum
    }

    /// A reader of `file` before the record at `offset`.
    func reader(
        of file: RegisteredFile,
        from offset: Int64
    ) throws(FileFault) -> FileReader<Store.Contents> {
        let found: StoredFile
        let contents: Store.Contents
        do throws(FileStoreError) {
            found = try store.status(of: file.path)
            contents = try store.open(file.path)
        } catch { throw FileFault(error) }
        try check(file, now: found)
        return try FileReader(
            file,
            contents,
            from: offset,
            recordBytesMax: options.recordBytesMax
        )
    }

    // News

    /// Calls `wake` once when there is a record at or beyond `offset`; at once when there is.
    func notify(beyond offset: Int64, _ wake: @escaping @Sendable () -> Void) -> Int? {
        let waiter = state.withLock { state -> Int? in
            if state.end > offset { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = wake
            return state.lastWaiter
        }
        if waiter == nil { wake() }
        return waiter
    }

    /// Forgets a waiter.
    func cancel(_ waiter: Int) {
        state.withLock { state in _ = state.waiters.removeValue(forKey: waiter) }
    }
}

/// What the threads of a source share.
struct FileSourceState {
    var isStopping = false
    /// What the scans know; nil while one is under way.
    var scan: FileScan? = FileScan()
    /// Looks that have come to their end.
    var rounds = 0
    /// Somebody waits for the round of this number.
    var wanted = 0
    /// True when it is known which of the taken files are there.
    var hasLooked = false
    var start: Int64 = 0
    var end: Int64 = 0
    var settling: Set<String> = []
    /// Reasons by path.
    var refused: [String: String] = [:]
    var changed: [String: String] = [:]
    var report = FileReport()
    var waiters: [Int: @Sendable () -> Void] = [:]
    var lastWaiter = 0
}
