import Threads

/// Something a lane is asked to do. The lane does it on its own thread, since it is the table's
/// only writer, and commits it before it says that it is done.
///
/// After a failure that passes the lane begins the job again; what was committed is not done twice,
/// because the table's checkpoint covers it.
public final class LaneJob: Sendable {
    /// What is asked for.
    public enum Work: Equatable, Sendable {
        /// Land everything that is in the log at the moment the job begins.
        case drain
        /// Land those of the offsets that are not accounted for yet.
        case backfill([SourcePartition: Range<Int64>])
        /// Go on at these offsets without landing what lies before them.
        case skip([SourcePartition: Int64])
        /// Land dead letters again.
        case replay(Replay)
        /// Take rows and dead letters out, and begin again further back.
        case rewind(Rewind)
    }

    /// How a job ended.
    public enum Outcome: Equatable, Sendable {
        /// Everything is committed.
        case done(JobSummary)
        /// It cannot be done. What was committed on the way stays.
        case failed(reason: String)
    }

    private struct State {
        var progress = JobProgress()
        var outcome: Outcome?
    }

    /// What is asked for.
    public let work: Work
    private let state = Condition(State())

    /// A job that nobody has begun.
    public init(_ work: Work) {
        self.work = work
    }

    /// How far it is.
    public var progress: JobProgress { state.withLock { $0.progress } }

    /// How it ended; nil while it has not.
    public var outcome: Outcome? { state.withLock { $0.outcome } }

    /// Waits for the end, at most for `timeout`; nil when it has not come by then.
    public func wait(timeout: Duration) -> Outcome? {
        state.wait(timeout: timeout) { $0.outcome }
    }

    func report(_ change: (inout JobProgress) -> Void) {
        state.withLock { change(&$0.progress) }
    }

    func finish(_ outcome: Outcome) {
        state.update { if $0.outcome == nil { $0.outcome = outcome } }
    }
}

/// How far a job is.
public struct JobProgress: Equatable, Sendable {
    /// True once the lane has begun.
    public var hasBegun = false
    /// Offsets that have to be read.
    public var total: Int64 = 0
    /// Offsets that were read, committed or not.
    public var done: Int64 = 0

    /// Not begun.
    public init() {}
}

/// What a finished job came to.
public struct JobSummary: Equatable, Sendable {
    /// Records that became rows.
    public var landed: Int64 = 0
    /// Records that were left out.
    public var filtered: Int64 = 0
    /// Records that became dead letters.
    public var deadLettered: Int64 = 0
    /// Offsets that were asked for and are not in the log any more.
    public var expired: Int64 = 0

    /// What became of the letters of a replay, in no order.
    public var letters: [LetterOutcome] = []
    /// What a rewind came to.
    public var rewind = RewindSummary()

    /// Nothing.
    public init() {}
}
