public import Clocks

/// What a lane is doing, for people and for readiness checks.
public enum LaneState: Equatable, Sendable {
    /// Taking its table over.
    case starting
    /// Without a partition to land: colleagues have them all.
    case waiting
    /// Landing.
    case running
    /// Waiting to try again after a failure that may pass.
    case retrying(reason: String)
    /// Ended: a person must decide. Nothing is lost; the log keeps the records.
    case failed(reason: String)
    /// Ended as asked.
    case stopped

    /// One word for it.
    public var name: String {
        switch self {
        case .starting: "starting"
        case .waiting: "waiting"
        case .running: "running"
        case .retrying: "retrying"
        case .failed: "failed"
        case .stopped: "stopped"
        }
    }

    /// Why, where it is not as it should be.
    public var reason: String? {
        switch self {
        case .retrying(let reason), .failed(let reason): reason
        case .starting, .waiting, .running, .stopped: nil
        }
    }
}

/// A lane's place in the log and in its table.
public struct LaneStatus: Sendable {
    /// The pipeline it belongs to.
    public let pipeline: String
    /// The table it fills.
    public let table: String
    /// The topics it reads, names or patterns.
    public let topics: [String]
    /// What it is doing.
    public var state: LaneState = .starting
    /// The checkpoint in force; nil before the table exists.
    public var committed: CommitMarker?
    /// Records read since the last commit.
    public var pending: Int64 = 0
    /// When the last commit was made.
    public var lastCommit: Timestamp?

    /// The status of a lane that has not begun.
    public init(pipeline: String, table: String, topics: [String]) {
        self.pipeline = pipeline
        self.table = table
        self.topics = topics
    }
}
