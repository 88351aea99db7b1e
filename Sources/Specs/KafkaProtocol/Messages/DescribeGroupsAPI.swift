/// What groups are doing.
public enum DescribeGroupsAPI: KafkaAPI {
    package static let key = APIKey.describeGroups

    /// Which groups are asked about.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The groups.
        public var groups: [String] = []
        /// Whether the answer should say what the client may do with each group.
        public var includesAuthorizedOperations: Bool = false

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.texts(&groups)
            try coder.flag(&includesAuthorizedOperations, from: 3)
            try coder.tags()
        }
    }

    /// The groups.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The groups.
        public var groups: [Group] = []

        /// A group.
        public struct Group: Equatable, Sendable, WireStruct {
            /// Why the group is not described.
            public var errorCode: ErrorCode = .none
            /// The group.
            public var groupID: String = ""
            /// "Empty", "PreparingRebalance", "CompletingRebalance", "Stable" or "Dead".
            public var state: String = ""
            /// What kind of group it is.
            public var protocolType: String = ""
            /// The way of sharing partitions that was chosen.
            public var protocolName: String = ""
            /// The members.
            public var members: [Member] = []
            /// Bit field of what the client may do with the group; `Int32.min` if not asked.
            public var authorizedOperations: Int32 = Int32.min

            /// A member.
            public struct Member: Equatable, Sendable, WireStruct {
                /// The member's id.
                public var memberID: String = ""
                /// The member's own lasting name, or nil.
                public var groupInstanceID: String?
                /// The client's name for itself.
                public var clientID: String = ""
                /// The host the client connects from.
                public var clientHost: String = ""
                /// What the leader should know of the member.
                public var metadata: [UInt8] = []
                /// The partitions, as the way of sharing writes them.
                public var assignment: [UInt8] = []

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&memberID)
                    try coder.text(&groupInstanceID, from: 4)
                    try coder.text(&clientID)
                    try coder.text(&clientHost)
                    try coder.bytes(&metadata)
                    try coder.bytes(&assignment)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.error(&errorCode)
                try coder.text(&groupID)
                try coder.text(&state)
                try coder.text(&protocolType)
                try coder.text(&protocolName)
                try coder.array(&members)
                try coder.number(&authorizedOperations, from: 3)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.array(&groups)
            try coder.tags()
        }
    }
}
