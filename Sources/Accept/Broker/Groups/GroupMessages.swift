public import KafkaProtocol

/// Names a request whose answer comes later.
public struct Ticket: Hashable, Sendable {
    /// Unique among the requests that wait.
    public let number: UInt64
    /// The ticket with this number.
    public init(number: UInt64) { self.number = number }
}

/// A way to divide the work that a member can follow, with what the member says to it: opaque here.
public struct GroupProtocol: Equatable, Sendable {
    /// The assignor's name.
    public var name: String
    /// For the member that will be leader.
    public var metadata: [UInt8]
    /// A protocol of that name.
    public init(name: String, metadata: [UInt8]) {
        self.name = name
        self.metadata = metadata
    }
}

/// A member asks to join a group (JoinGroup).
public struct JoinRequest: Sendable {
    /// The group.
    public var group: String
    /// The member's id; empty when it has none yet.
    public var memberID: String = ""
    /// The member's own lasting name, if it is a static member.
    public var instanceID: String?
    /// What the client calls itself.
    public var clientID: String = ""
    /// Where the client is.
    public var clientHost: String = ""
    /// Silence after which the member is taken for dead.
    public var sessionTimeout: Duration
    /// Time the member may take to join again when the group rebalances.
    public var rebalanceTimeout: Duration
    /// The kind of group: `consumer`, `connect`, …
    public var protocolType: String
    /// In the member's order of preference.
    public var protocols: [GroupProtocol]
    /// The client understands that it must come back with the id it is given (JoinGroup v4 and
    /// later).
    public var acceptsMemberIDRequired = false
    /// The client understands that a leader need not assign again (JoinGroup v9 and later).
    public var acceptsSkippedAssignment = false

    /// A request to join `group`.
    public init(
        group: String,
        sessionTimeout: Duration,
        rebalanceTimeout: Duration,
        protocolType: String,
        protocols: [GroupProtocol]
    ) {
        self.group = group
        self.sessionTimeout = sessionTimeout
        self.rebalanceTimeout = rebalanceTimeout
        self.protocolType = protocolType
        self.protocols = protocols
    }
}

/// The answer to `JoinRequest`.
public struct JoinAnswer: Equatable, Sendable {
    /// A member as the leader sees it.
    public struct Member: Equatable, Sendable {
        /// Its id.
        public var memberID: String
        /// Its own lasting name.
        public var instanceID: String?
        /// What it said to the chosen protocol.
        public var metadata: [UInt8]
    }
    /// What went wrong.
    public var error: ErrorCode
    /// The member's id, new or old.
    public var memberID: String
    /// The generation that begins; -1 after an error.
    public var generation: Int32 = -1
    /// The kind of group.
    public var protocolType: String?
    /// The protocol all members support.
    public var protocolName: String?
    /// Id of the member that assigns.
    public var leader = ""
    /// The leader need not assign: the assignment stands.
    public var skipsAssignment = false
    /// All members, for the leader alone.
    public var members: [Member] = []

    internal init(error: ErrorCode, memberID: String) {
        self.error = error
        self.memberID = memberID
    }
}

/// A member asks for its share; the leader brings everybody's (SyncGroup).
public struct SyncRequest: Sendable {
    /// The group.
    public var group: String
    /// The member.
    public var memberID: String
    /// Its lasting name, if it is a static member.
    public var instanceID: String?
    /// The generation it joined.
    public var generation: Int32
    /// What it takes the kind of group for, when it says so.
    public var protocolType: String?
    /// What it takes the protocol for, when it says so.
    public var protocolName: String?
    /// From the leader: each member's share.
    public var assignments: [String: [UInt8]] = [:]

    /// A member's request for its share.
    public init(group: String, memberID: String, generation: Int32) {
        self.group = group
        self.memberID = memberID
        self.generation = generation
    }
}

/// The answer to `SyncRequest`.
public struct SyncAnswer: Equatable, Sendable {
    /// What went wrong.
    public var error: ErrorCode
    /// The kind of group.
    public var protocolType: String?
    /// The protocol all members support.
    public var protocolName: String?
    /// The member's share, opaque.
    public var assignment: [UInt8] = []
}

/// An answer that has become due.
public enum GroupAnswer: Equatable, Sendable {
    /// To a `JoinRequest`.
    case join(Ticket, JoinAnswer)
    /// To a `SyncRequest`.
    case sync(Ticket, SyncAnswer)
}
