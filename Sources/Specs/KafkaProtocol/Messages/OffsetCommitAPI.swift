/// A group remembers how far it has come.
public enum OffsetCommitAPI: KafkaAPI {
    package static let key = APIKey.offsetCommit

    /// The offsets to remember.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The group.
        public var groupID: String = ""
        /// The generation, or the member's epoch; -1 from outside of the group.
        public var generationID: Int32 = -1
        /// The member, or empty.
        public var memberID: String = ""
        /// The member's own lasting name, or nil.
        public var groupInstanceID: String?
        /// How long to remember, or -1 for as long as the broker likes.
        public var retentionMilliseconds: Int64 = -1
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's offsets.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's offset.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// The next offset the group wants.
                public var offset: Int64 = 0
                /// Epoch of the last record the group has seen, or -1.
                public var leaderEpoch: Int32 = -1
                /// When it was committed, in milliseconds since 1970, or -1.
                public var timestamp: Int64 = -1
                /// Whatever else the member wants to remember.
                public var metadata: String?

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.number(&offset)
                    try coder.number(&leaderEpoch, from: 6)
                    try coder.number(&timestamp, from: 1, to: 1)
                    try coder.text(&metadata)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.array(&partitions)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&groupID)
            try coder.number(&generationID)
            try coder.text(&memberID)
            try coder.text(&groupInstanceID, from: 7)
            try coder.number(&retentionMilliseconds, from: 2, to: 4)
            try coder.array(&topics)
            try coder.tags()
        }
    }

    /// What was remembered.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's outcomes.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's outcome.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// Why the offset was not remembered.
                public var errorCode: ErrorCode = .none

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.error(&errorCode)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.array(&partitions)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 3)
            try coder.array(&topics)
            try coder.tags()
        }
    }
}
