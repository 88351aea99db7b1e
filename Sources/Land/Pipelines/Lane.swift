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
    private let current: Mutex<LaneStatus>
    let control = Condition(LaneControl())

    /// A lane that has not begun.
    public init(
        _ definition: LaneDefinition,
        source: Source,
        committer: Committer,
        clock: Time,
        logger: Logger
    ) {
        self.definition = definition
        self.source = source
        self.committer = committer
        self.clock = clock
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
    }

    /// Where it stands.
    public var status: LaneStatus { current.withLock { $0 } }

    func report(_ change: (inout LaneStatus) -> Void) {
        current.withLock { change(&$0) }
    }

    /// Asks it to commit what it has and to end.
    public func stop() {
        control.update { $0.isStopping = true }
    }

    /// Lands until `stop`, or until a person must decide. Blocks the calling thread.
    public func run() {
        var pause = definition.limits.retryPause.lowerBound
        while !control.withLock({ $0.isStopping }) {
            do {
                var run = try LaneRun(self)
                report { $0.state = .running }
                pause = definition.limits.retryPause.lowerBound
                try run.untilStopped()
            } catch .stopping {
                break
            } catch  where error.isRetriable {
                report {
                    $0.state = .retrying(reason: error.description)
                    $0.pending = 0
                }
                logger.warning(
                    "pipeline pauses",
                    ["reason": error.description, "pause": pause.text]
                )
                waitToRetry(pause)
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

    private func waitToRetry(_ pause: Duration) {
        _ = control.wait(timeout: pause) { $0.isStopping ? true : nil }
    }
}

/// What others tell a lane's thread.
struct LaneControl {
    /// Commit and end.
    var isStopping = false
    /// There may be something to read.
    var hasNews = false
}
