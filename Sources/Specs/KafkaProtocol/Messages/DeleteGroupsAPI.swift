/// Groups to be forgotten, with their offsets.
public enum DeleteGroupsAPI: KafkaAPI {
    package static let key = APIKey.deleteGroups

    /// The groups.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The groups.
        public var groups: [String] = []

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.texts(&groups)
            try coder.tags()
        }
    }

    /// What became of each group.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The groups.
        public var groups: [Group] = []

        /// What became of one group.
        public struct Group: Equatable, Sendable, WireStruct {
            /// The group.
            public var groupID: String = ""
            /// Why the group was not forgotten.
            public var errorCode: ErrorCode = .none

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&groupID)
                try coder.error(&errorCode)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.array(&groups)
            try coder.tags()
        }
    }
}
