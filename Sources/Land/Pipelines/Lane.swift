public import ArrowData
public import Clocks
import Synchronization
public import Telemetry
import Threads

/// Lands one table: reads the log, fills files, commits them with the checkpoint, for ever.
///
/// The work happens on the thread that calls `run`; everything else may be called from anywhere. A
/// lane that fails in a way that may pass drops what it had not committed, waits, and begins again
/// from its table's checkpoint; so nothing is lost and nothing doubled, whatever the moment.
public final class Lane<
    Source: LogSource,
    Committer: TableCommitter,
    Time: WallClock & MonotonicClock
>: Sendable {
    /// What it does.
    public let definition: LaneDefinition
    /// The log it reads.
    public let source: Source
    let committer: Committer
    let clock: Time
    let logger: Logger
    /// Called after each commit, on the lane's thread; must not block.
    let afterCommit: @Sendable () -> Void
    /// Memory for rows.
    let pool: BlockPool
    /// What is read together with other lanes, and this lane's seat in it; nil when it reads by
    /// itself.
    let shared: (reading: SharedReading<Source>, seat: Int)?
    private let current: Mutex<LaneStatus>
    let control = Condition(LaneControl())

    /// A lane that has not begun.
    ///
    /// - Parameters:
    ///   - ownership: the partitions it lands; nil for none yet.
    ///   - reading: what it reads together with other lanes of the same source.
    ///   - pool: where rows find memory; lanes of a process may have one together.
    public init(
        _ definition: LaneDefinition,
        source: Source,
        committer: Committer,
        clock: Time,
        logger: Logger,
        ownership: Ownership? = .all,
        reading: SharedReading<Source>? = nil,
        pool: BlockPool = BlockPool(),
        afterCommit: @escaping @Sendable () -> Void = {}
    ) {
        shared = reading.map { ($0, $0.takeSeat(definition)) }
        self.pool = pool
        self.definition = definition
        self.source = source
        self.committer = committer
        self.clock = clock
        self.afterCommit = afterCommit
        self.logger = logger.with([
            "pipeline": definition.pipeline, "table": definition.table,
        ])
        current = Mutex(
            LaneStatus(
                pipeline: definition.pipeline,
                table: definition.table,
                topics: definition.topics
            )
        )
        control.update { $0.ownership = ownership }
    }

    /// Where it stands.
    public var status: LaneStatus { current.withLock { $0 } }

    /// What it lands now, or is to land; nil for nothing just now.
    public var ownership: Ownership? { control.withLock { $0.ownership } }

    func report(_ change: (inout LaneStatus) -> Void) {
        current.withLock { change(&$0) }
    }

    /// Asks it to commit what it has and to end.
    public func stop() {
        control.update { $0.isStopping = true }
    }

    /// Lands until `stop`, or until a person must decide. Blocks the calling thread.
    public func run() {
        land()
        refuseJobs(status.state.reason ?? "the pipeline was stopped")
    }

    private func land() {
        var pause = definition.limits.retryPause.lowerBound
        while let ownership = waitForOwnership() {
            defer {
                leaveReading()
                control.update { $0.isHolding = false }
            }
            do {
                var run = try LaneRun(self, ownership: ownership)
                arriveInReading()
                report { $0.state = .running }
                pause = definition.limits.retryPause.lowerBound
                try run.untilStopped()
            } catch .stopping {
                break
            } catch  where error.isRetriable(for: ownership) {
                report {
                    $0.state = .retrying(reason: error.description)
                    $0.pending = 0
                }
                logger.warning(
                    "pipeline pauses",
                    ["reason": error.description, "pause": pause.text]
                )
                waitToRetry(pause, ownership)
                pause = min(pause * 2, definition.limits.retryPause.upperBound)
                continue
            } catch {
                report {
                    $0.state = .failed(reason: error.description)
                    $0.pending = 0
                }
                logger.error("pipeline has stopped", ["reason": error.description])
                return
            }
        }
        report { $0.state = .stopped }
    }

    private func arriveInReading() {
        guard let (reading, seat) = shared else { return }
        reading.arrive(seat, now: clock.now()) { [control] in
            control.update { $0.hasNews = true }
        }
    }

    private func leaveReading() { shared.map { $0.reading.leave($0.seat) } }

    /// Others may read meanwhile.
    func restFromReading() { shared.map { $0.reading.rest($0.seat) } }

    private func waitToRetry(_ pause: Duration, _ ownership: Ownership) {
        control.update { $0.isHolding = false }
        _ = control.wait(timeout: pause) { $0.mustEnd(ownership) ? true : nil }
    }

    /// What to land next; nil when the lane is to stop.
    private func waitForOwnership() -> Ownership? {
        if control.withLock({ $0.ownership == nil && !$0.isStopping }) {
            report { $0.state = .waiting }
            leaveReading()
        }
        let next: Ownership?? = control.wait { state in
            if state.isStopping { return .some(.none) }
            guard let ownership = state.ownership else { return nil }
            state.isHolding = true
            return .some(ownership)
        }
        return next ?? nil
    }

    /// Tells the lane which partitions to land from now on; nil for none. It commits what it has of
    /// the present ones first. Returns when it has let go of them, or after `timeout` with false:
    /// then it may still commit, until who gets the partitions takes them over.
    @discardableResult
    public func assign(_ ownership: Ownership?, timeout: Duration) -> Bool {
        let hasChanged = control.update { state in
            defer { state.ownership = ownership }
            return state.ownership != ownership
        }
        if !hasChanged { return true }
        return control.wait(timeout: timeout) { $0.isHolding ? nil : true } ?? false
    }
}

/// What others tell a lane's thread.
struct LaneControl {
    /// Commit and end.
    var isStopping = false
    /// What is to be landed; nil for nothing just now.
    var ownership: Ownership?
    /// A run is under way, perhaps of what was to be landed before.
    var isHolding = false
    /// There may be something to read.
    var hasNews = false
    /// What it is asked for, in order.
    var jobs: [LaneJob] = []
    /// It takes no more jobs.
    var hasEnded = false

    /// True when a run of `ownership` has to commit and end.
    func mustEnd(_ ownership: Ownership) -> Bool {
        isStopping || self.ownership != ownership
    }
}
