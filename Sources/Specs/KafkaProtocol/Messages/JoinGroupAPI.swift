/// A member asks to be let into a group's next generation.
public enum JoinGroupAPI: KafkaAPI {
    package static let key = APIKey.joinGroup

    /// Who asks, and which ways of sharing partitions it knows.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The group.
        public var groupID: String = ""
        /// After how long without a heartbeat the member counts as gone.
        public var sessionTimeoutMilliseconds: Int32 = 0
        /// How long the member may take to join again; -1 means the session timeout.
        public var rebalanceTimeoutMilliseconds: Int32 = -1
        /// The member's id, empty the first time.
        public var memberID: String = ""
        /// The member's own lasting name (static membership), or nil.
        public var groupInstanceID: String?
        /// What kind of group it is, such as "consumer".
        public var protocolType: String = ""
        /// The ways of sharing partitions, the preferred one first.
        public var protocols: [AssignmentProtocol] = []
        /// Why the member joins, for a person.
        public var reason: String?

        /// A way of sharing partitions.
        public struct AssignmentProtocol: Equatable, Sendable, WireStruct {
            /// Its name, such as "range".
            public var name: String = ""
            /// What the leader should know of the member.
            public var metadata: [UInt8] = []

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.bytes(&metadata)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&groupID)
            try coder.number(&sessionTimeoutMilliseconds)
            try coder.number(&rebalanceTimeoutMilliseconds, from: 1)
            try coder.text(&memberID)
            try coder.text(&groupInstanceID, from: 5)
            try coder.text(&protocolType)
            try coder.array(&protocols)
            try coder.text(&reason, from: 8)
            try coder.tags()
        }
    }

    /// The generation, and for its leader the members.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why the member was not let in.
        public var errorCode: ErrorCode = .none
        /// The generation.
        public var generationID: Int32 = -1
        /// What kind of group it is.
        public var protocolType: String?
        /// The way of sharing partitions that was chosen.
        public var protocolName: String?
        /// The member that shares the partitions out.
        public var leader: String = ""
        /// Whether the leader should not assign anything.
        public var skipsAssignment: Bool = false
        /// The member's id.
        public var memberID: String = ""
        /// All members, for the leader alone.
        public var members: [Member] = []

        /// A member.
        public struct Member: Equatable, Sendable, WireStruct {
            /// The member's id.
            public var memberID: String = ""
            /// The member's own lasting name, or nil.
            public var groupInstanceID: String?
            /// What the leader should know of the member.
            public var metadata: [UInt8] = []

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&memberID)
                try coder.text(&groupInstanceID, from: 5)
                try coder.bytes(&metadata)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 2)
            try coder.error(&errorCode)
            try coder.number(&generationID)
            try coder.text(&protocolType, from: 7)
            try coder.text(&protocolName, nullFrom: 7)
            try coder.text(&leader)
            try coder.flag(&skipsAssignment, from: 9)
            try coder.text(&memberID)
            try coder.array(&members)
            try coder.tags()
        }
    }
}
