/// Which groups there are.
public enum ListGroupsAPI: KafkaAPI {
    package static let key = APIKey.listGroups

    /// Which groups are wanted.
    public struct Request: Equatable, Sendable, WireStruct {
        /// Only groups in these states; empty for all.
        public var states: [String] = []
        /// Only groups of these types ("classic", "consumer"); empty for all.
        public var types: [String] = []

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.texts(&states, from: 4)
            try coder.texts(&types, from: 5)
            try coder.tags()
        }
    }

    /// The groups.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why there is no list.
        public var errorCode: ErrorCode = .none
        /// The groups.
        public var groups: [Group] = []

        /// A group.
        public struct Group: Equatable, Sendable, WireStruct {
            /// The group.
            public var groupID: String = ""
            /// What kind of group it is.
            public var protocolType: String = ""
            /// Its state, as in `DescribeGroupsAPI`.
            public var state: String = ""
            /// "classic" or "consumer".
            public var type: String = ""

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&groupID)
                try coder.text(&protocolType)
                try coder.text(&state, from: 4)
                try coder.text(&type, from: 5)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.error(&errorCode)
            try coder.array(&groups)
            try coder.tags()
        }
    }
}
