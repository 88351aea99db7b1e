import Clocks
import Configuration
import JSONText
import Pipelines
import RedisClient
import Synchronization
import Telemetry
import Threads

/// Shows a pipeline's checkpoints in Redis after each commit, for tools that look there. A copy:
/// nothing reads it back, and landing never waits for it.
///
/// For each partition there are two keys: `kafka.topic.<topic>.partition.<n>.state.last_offset`
/// with the last offset that all tables account for, −1 for none, and `….state.counts` with the
/// number of records up to there, as `{"<n>": <records>}`.
final class CheckpointMirror: Sendable {
    private let configuration: MirrorConfiguration
    private let lanes: [ServerLane]
    private let commits: Condition<UInt64>
    private let logger: Logger
    private let isStopping = Atomic(false)
    private let isTold = Atomic(false)
    private let thread = Mutex<Thread?>(nil)

    /// How long Redis may take for an answer.
    private static let timeout = Duration.seconds(2)
    /// How often the checkpoints are looked at without a commit: a lane that takes its table over
    /// knows where it stands, and makes none.
    private static let interval = Duration.seconds(1)
    /// How often Redis is asked whether it is there: one that was emptied is filled again.
    private static let checkInterval = Duration.seconds(5)
    /// Pauses before Redis is tried again.
    private static let pauses: ClosedRange<Duration> = .seconds(1)...(.seconds(30))
    /// Partitions that one command sets.
    private static let partitionsMax = 500

    /// Begins to show the checkpoints of `lanes`, all of one pipeline; `commits` changes with each
    /// of their commits.
    init(
        _ configuration: MirrorConfiguration,
        of lanes: [ServerLane],
        commits: Condition<UInt64>,
        logger: Logger
    ) {
        self.configuration = configuration
        self.lanes = lanes
        self.commits = commits
        self.logger = logger
        thread.withLock { $0 = Thread("mirror") { [self] in follow() } }
    }

    /// Shows the last commits, if Redis answers at once, and ends. The lanes have stopped.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        commits.update { $0 &+= 1 }
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    /// 1 while Redis has what the tables have.
    func register(in metrics: MetricsRegistry) {
        metrics.gauge(
            "millrace_mirror_up",
            help: "1 while the mirror has the checkpoints",
            labels: ["pipeline": lanes[0].definition.pipeline]
        ) { [self] in isTold.load(ordering: .relaxed) ? 1 : 0 }
    }

    private func follow() {
        let clock = SystemClocks()
        var connection: RedisConnection?
        var told: [SourcePartition: Standing] = [:]
        var seen: UInt64 = 0
        var pause = Self.pauses.lowerBound
        var retry: MonotonicInstant?
        var checked: MonotonicInstant = clock.now()
        while true {
            let (known, interval) = (seen, min(Self.interval, pause))
            seen =
                commits.wait(timeout: interval) { $0 == known ? nil : $0 } ?? known
            let mustEnd = isStopping.load(ordering: .acquiring)
            let now: MonotonicInstant = clock.now()
            if let due = retry, now < due, !mustEnd { continue }
            let standings = standings
            if standings != told || retry != nil || now - checked >= Self.checkInterval {
                do throws(RedisError) {
                    // Whoever was away may have lost what it had: everything is told anew.
                    if connection == nil { told = [:] }
                    try show(standings.filter { told[$0.key] != $0.value }, &connection)
                    (told, checked) = (standings, now)
                    if retry != nil { logger.info("the mirror is up to date again") }
                    (retry, pause) = (nil, Self.pauses.lowerBound)
                    isTold.store(true, ordering: .relaxed)
                } catch {
                    connection = nil
                    if retry == nil { warn(error) }
                    isTold.store(false, ordering: .relaxed)
                    retry = now + pause
                    pause = min(pause * 2, Self.pauses.upperBound)
                }
            }
            if mustEnd { return }
        }
    }

    private func warn(_ error: RedisError) {
        logger.warning(
            "the mirror cannot be written; landing goes on",
            ["redis": "\(configuration.redis)", "reason": error.description]
        )
    }

    private var standings: [SourcePartition: Standing] {
        Standing.all(lanes.map { ($0.status.committed, $0.ownership) })
    }

    private func show(
        _ standings: [SourcePartition: Standing],
        _ connection: inout RedisConnection?
    ) throws(RedisError) {
        let present: RedisConnection
        if let connection {
            present = connection
        } else {
            present = try RedisConnection(configuration.redis, timeout: Self.timeout)
        }
        if standings.isEmpty { _ = try present.run(["PING"]) }
        var rest = standings.sorted { $0.key < $1.key }[...]
        while !rest.isEmpty {
            var command = ["MSET"]
            for (partition, standing) in rest.prefix(Self.partitionsMax) {
                let key =
                    "\(configuration.prefix)kafka.topic.\(partition.topic).partition."
                    + "\(partition.index).state"
                command += ["\(key).last_offset", String(standing.lastOffset)]
                command += ["\(key).counts", "{\"\(partition.index)\": \(standing.records)}"]
            }
            _ = try present.run(command)
            rest = rest.dropFirst(Self.partitionsMax)
        }
        connection = present
    }
}
