public import Clocks

/// When a lane lands by itself.
public enum LaneMode: Equatable, Sendable {
    /// Always; commits within the freshness target.
    case stream
    /// Never: only when it is asked for a run.
    case batch
    /// When enough waits in the log; then everything that is there at that moment.
    case watch(WatchTrigger)

    /// One word for it.
    public var name: String {
        switch self {
        case .stream: "stream"
        case .batch: "batch"
        case .watch: "watch"
        }
    }
}

/// What makes a watching lane begin. The first that holds is enough.
public struct WatchTrigger: Equatable, Sendable {
    /// Records that wait; nil when their number does not matter.
    public var records: Int64?
    /// Bytes of the log that wait, where the log can tell; nil when they do not matter.
    public var bytes: Int64?
    /// Time since the oldest record that waits; nil when its age does not matter.
    public var age: Duration?
    /// How often the lane looks.
    public var poll: Duration

    /// A trigger with all its parts.
    public init(records: Int64?, bytes: Int64?, age: Duration?, poll: Duration) {
        self.records = records
        self.bytes = bytes
        self.age = age
        self.poll = poll
    }
}

/// Where a lane begins in partitions that are there when it first sees the table. Partitions that
/// come later are landed from their first record.
public enum StartPosition: Equatable, Sendable {
    /// With the first record that is there.
    case earliest
    /// With the next record that comes.
    case latest
    /// With the first record whose timestamp is not older.
    case time(Timestamp)
}

extension WatchTrigger {
    /// Why `backlog` is enough to begin at `now`, in words; nil when it is not.
    func reason(for backlog: Backlog, now: Timestamp) -> String? {
        if backlog.records == 0 { return nil }
        if let records, backlog.records >= records {
            return "\(backlog.records) records wait, the limit is \(records)"
        }
        if let bytes, let waiting = backlog.bytes, waiting >= bytes {
            return "\(waiting) bytes wait, the limit is \(bytes)"
        }
        if let age, let oldest = backlog.oldest {
            let waited = Duration.milliseconds(now.milliseconds - oldest.milliseconds)
            if waited >= age {
                return "the oldest record has waited \(waited.text), the limit is \(age.text)"
            }
        }
        return nil
    }
}
