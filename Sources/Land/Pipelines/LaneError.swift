/// Why a lane cannot go on just now, or at all.
enum LaneError: Error, Equatable {
    /// The log could not be read.
    case source(LogSourceError)
    /// The table could not be read or written.
    case table(TableCommitterError)
    /// Another writer has taken the table over.
    case fenced(table: String, byEpoch: Int64)
    /// The table's marker does not fit the log or our own history.
    case diverged(String)
    /// A record is not to be passed: by the error policy, or by the table's contract.
    case paused(String)
    /// The lane was asked to stop while it could not finish what it was doing.
    case stopping

    /// True when trying again later can help a writer of `ownership`.
    ///
    /// A worker among several that was fenced is told soon which partitions are its own now; a sole
    /// writer was replaced by somebody who does not share.
    func isRetriable(for ownership: Ownership) -> Bool {
        switch self {
        case .fenced: ownership != .all
        case .source(.unavailable), .source(.unknownPartition): true
        case .source(.outOfRange), .source(.corrupt): false
        case .table(.storage), .table(.conflict), .table(.unknownOutcome): true
        case .table(.invalid), .diverged, .paused: false
        case .stopping: true
        }
    }
}

extension LaneError: CustomStringConvertible {
    var description: String {
        switch self {
        case .source(let error): error.description
        case .table(let error): error.description
        case .fenced(let table, let epoch):
            "another writer (epoch \(epoch)) has taken over the table \(table); "
                + "this one has stopped and what it had not committed is that writer's to land"
        case .diverged(let reason), .paused(let reason): reason
        case .stopping: "stopping"
        }
    }
}

extension LogSourceError: CustomStringConvertible {
    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .unknownPartition(let partition):
            "partition \(partition.index) of topic \(partition.topic) does not exist"
        case .outOfRange(let partition, let offset, let bounds):
            "offset \(offset) of \(partition.topic)-\(partition.index) is not in the log, "
                + "which holds \(bounds.start) to \(bounds.end): "
                + "records were removed before they were landed"
        case .unavailable(let reason):
            "the log cannot be read: \(reason)"
        case .corrupt(let partition, let offset, let reason):
            "the log's bytes at \(partition.topic)-\(partition.index) offset \(offset) are "
                + "damaged: \(reason)"
        }
    }
}

extension TableCommitterError: CustomStringConvertible {
    /// What happened, to which table, and what to do.
    public var description: String {
        switch self {
        case .conflict(let table):
            "the table \(table) was changed by somebody else at the same moment"
        case .unknownOutcome(let table, let reason):
            "it is not known whether the commit to \(table) was applied: \(reason)"
        case .storage(let table, let reason):
            "the table \(table) cannot be written: \(reason)"
        case .invalid(let table, let reason):
            "the table \(table) cannot be used: \(reason)"
        }
    }
}
