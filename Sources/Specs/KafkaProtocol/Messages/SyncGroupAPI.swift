/// The leader tells who gets which partitions; every member gets its own.
public enum SyncGroupAPI: KafkaAPI {
    package static let key = APIKey.syncGroup

    /// The leader's assignments; nothing from the others.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The group.
        public var groupID: String = ""
        /// The generation.
        public var generationID: Int32 = 0
        /// The member that asks.
        public var memberID: String = ""
        /// The member's own lasting name, or nil.
        public var groupInstanceID: String?
        /// What kind of group it is.
        public var protocolType: String?
        /// The way of sharing partitions that was chosen.
        public var protocolName: String?
        /// What each member gets.
        public var assignments: [Assignment] = []

        /// What one member gets.
        public struct Assignment: Equatable, Sendable, WireStruct {
            /// The member.
            public var memberID: String = ""
            /// The partitions, as the way of sharing writes them.
            public var assignment: [UInt8] = []

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&memberID)
                try coder.bytes(&assignment)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&groupID)
            try coder.number(&generationID)
            try coder.text(&memberID)
            try coder.text(&groupInstanceID, from: 3)
            try coder.text(&protocolType, from: 5)
            try coder.text(&protocolName, from: 5)
            try coder.array(&assignments)
            try coder.tags()
        }
    }

    /// What the member gets.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why the member gets nothing.
        public var errorCode: ErrorCode = .none
        /// What kind of group it is.
        public var protocolType: String?
        /// The way of sharing partitions that was chosen.
        public var protocolName: String?
        /// The partitions, as the way of sharing writes them.
        public var assignment: [UInt8] = []

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.error(&errorCode)
            try coder.text(&protocolType, from: 5)
            try coder.text(&protocolName, from: 5)
            try coder.bytes(&assignment)
            try coder.tags()
        }
    }
}
