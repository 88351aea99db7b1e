internal import Clocks
internal import KafkaProtocol

/// One member of a group.
internal struct Member: Sendable {
    let id: String
    /// Members are listed in the order they came.
    let number: UInt64
    var instanceID: String?
    var clientID: String
    var clientHost: String
    var sessionTimeout: Duration
    var rebalanceTimeout: Duration
    var protocols: [GroupProtocol]
    var assignment: [UInt8] = []
    /// The JoinGroup that waits for the rebalance to end.
    var awaitingJoin: Ticket?
    /// The SyncGroup that waits for the leader's assignment.
    var awaitingSync: Ticket?
    /// Has never been part of a generation.
    var isNew = true
    /// When it is taken for dead.
    var expiry: MonotonicInstant
    /// When it must have asked for its share, while the group waits for that.
    var syncDeadline: MonotonicInstant?

    /// When to look at the member again.
    var deadline: MonotonicInstant {
        if awaitingSync != nil { return MonotonicInstant(nanoseconds: .max) }
        if awaitingJoin != nil && !isNew { return MonotonicInstant(nanoseconds: .max) }
        return min(expiry, syncDeadline ?? MonotonicInstant(nanoseconds: .max))
    }

    /// What it said to the protocol `name`.
    func metadata(for name: String) -> [UInt8] {
        protocols.first { $0.name == name }?.metadata ?? []
    }
}
