internal import Bytes
internal import Clocks
internal import Files
internal import KafkaProtocol
internal import Threads

/// The one thread that appends: takes everything that has queued up since the last round, writes
/// it, makes it durable with as few syncs as it can, moves the high watermarks and tells the
/// producers (group commit).
///
/// @unchecked Sendable: `round` and everything reached through partitions' tails belong to the
/// writer thread; all other state is in `queue`.
internal final class Writer<FS: FileSystem>: @unchecked Sendable {
    struct Queue: Sendable {
        var appends: [QueuedAppend<FS>] = []
        /// Work of the control plane that must not meet a round half done.
        var commands: [@Sendable () -> Void] = []
        /// Bytes of appends that are queued or in the present round.
        var bytes = 0
        var isClosing = false
        /// Why no more appends are taken.
        var failure: String?
    }

    let queue = Condition(Queue())
    private let options: LogOptions
    private var round: WriteRound<FS>
    private var taken: [QueuedAppend<FS>] = []

    private let clock: @Sendable () -> Timestamp
    private let partitions: @Sendable () -> [Partition<FS>]

    /// A writer of the log's `partitions`, which are asked for when producers expire.
    init(
        options: LogOptions,
        storage: RoundStorage<FS>,
        clock: @escaping @Sendable () -> Timestamp,
        partitions: @escaping @Sendable () -> [Partition<FS>]
    ) {
        self.options = options
        self.clock = clock
        self.partitions = partitions
        round = WriteRound(storage: storage)
    }

    /// Adds an append. Any thread.
    func enqueue(_ append: QueuedAppend<FS>) throws(LogError) {
        let limit = options.queuedBytesMax
        let refusal: LogError? = queue.update { queue in
            if let failure = queue.failure { return .failed(reason: failure) }
            if queue.isClosing { return .closed }
            // A single append above the limit must have its chance when nothing else waits.
            if queue.bytes > 0 && queue.bytes + append.bytes > limit {
                return .overloaded(queuedBytes: queue.bytes, limit: limit)
            }
            queue.bytes += append.bytes
            queue.appends.append(append)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Refuses all appends from now on: a sync failed, so nobody knows what is on the device. Any
    /// thread.
    func stop(because reason: String) {
        queue.update { queue in
            if queue.failure == nil { queue.failure = reason }
        }
    }

    /// True after `stop`.
    var hasFailed: Bool { queue.withLock { $0.failure != nil } }

    /// Forgets the idempotent producers that have been silent too long, before the next round. Any
    /// thread.
    func expireProducers() {
        let moment = clock() + (.zero - options.producerExpiration)
        queue.update { queue in
            if queue.isClosing { return }
            queue.commands.append { [partitions] in
                for partition in partitions() { partition.tail.producers.forget(before: moment) }
            }
        }
    }

    /// Runs rounds until the log is closed and nothing waits. The body of the writer thread.
    func run() {
        while true {
            let isOver: Bool? = queue.wait { queue in
                if !queue.appends.isEmpty || !queue.commands.isEmpty { return false }
                return queue.isClosing ? true : nil
            }
            if isOver == true { return }
            _ = step()
        }
    }

    /// Does everything that waits; false when there was nothing.
    func step() -> Bool {
        var commands: [@Sendable () -> Void] = []
        var failure: String?
        queue.withLock { queue in
            swap(&commands, &queue.commands)
            swap(&taken, &queue.appends)
            failure = queue.failure
        }
        for command in commands { command() }
        guard !taken.isEmpty else { return !commands.isEmpty }
        if let failure {
            round.refuse(taken, because: .storage(failure))
        } else if let fatal = round.perform(taken, now: clock()) {
            stop(because: fatal)
        }
        round.complete(taken)
        var bytes = 0
        for append in taken { bytes += append.bytes }
        taken.removeAll(keepingCapacity: true)
        queue.withLock { $0.bytes -= bytes }
        return true
    }
}
