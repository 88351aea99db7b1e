/// A member says that it is still there.
public enum HeartbeatAPI: KafkaAPI {
    package static let key = APIKey.heartbeat

    /// Who says so.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The group.
        public var groupID: String = ""
        /// The generation.
        public var generationID: Int32 = 0
        /// The member.
        public var memberID: String = ""
        /// The member's own lasting name, or nil.
        public var groupInstanceID: String?

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&groupID)
            try coder.number(&generationID)
            try coder.text(&memberID)
            try coder.text(&groupInstanceID, from: 3)
            try coder.tags()
        }
    }

    /// Whether the member may go on.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// What the member should do instead.
        public var errorCode: ErrorCode = .none

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.error(&errorCode)
            try coder.tags()
        }
    }
}
