/// Members leave a group.
public enum LeaveGroupAPI: KafkaAPI {
    package static let key = APIKey.leaveGroup

    /// Who leaves.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The group.
        public var groupID: String = ""
        /// The members; versions before 3 have room for one.
        public var members: [Member] = []

        /// A member that leaves.
        public struct Member: Equatable, Sendable, WireStruct {
            /// The member's id.
            public var memberID: String = ""
            /// The member's own lasting name, or nil.
            public var groupInstanceID: String?
            /// Why it leaves, for a person.
            public var reason: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&memberID)
                try coder.text(&groupInstanceID)
                try coder.text(&reason, from: 5)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&groupID)
            if coder.version < 3 {
                var only = members.first ?? Member()
                try coder.text(&only.memberID)
                members = [only]
            } else {
                try coder.array(&members)
            }
            try coder.tags()
        }
    }

    /// Who has left.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why nobody could leave; before version 3, why the member could not.
        public var errorCode: ErrorCode = .none
        /// The members.
        public var members: [Member] = []

        /// A member that wanted to leave.
        public struct Member: Equatable, Sendable, WireStruct {
            /// The member's id.
            public var memberID: String = ""
            /// The member's own lasting name, or nil.
            public var groupInstanceID: String?
            /// Why it could not leave.
            public var errorCode: ErrorCode = .none

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&memberID)
                try coder.text(&groupInstanceID)
                try coder.error(&errorCode)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.error(&errorCode)
            try coder.array(&members, from: 3)
            try coder.tags()
        }
    }
}
