/// Offsets by time: the first, the last, or the first at or after a moment.
public enum ListOffsetsAPI: KafkaAPI {
    package static let key = APIKey.listOffsets

    /// Which moments are asked about.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The broker that asks, or -1 for a client.
        public var replicaID: Int32 = -1
        /// 0 to see everything, 1 to see only what is committed.
        public var isolationLevel: Int8 = 0
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's questions.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's question.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// The leader's epoch as the client knows it, or -1.
                public var currentLeaderEpoch: Int32 = -1
                /// Milliseconds since 1970, or -1 latest, -2 earliest, -3 largest timestamp, -4
                /// earliest local.
                public var timestamp: Int64 = -1

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.number(&currentLeaderEpoch, from: 4)
                    try coder.number(&timestamp)
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
            try coder.number(&replicaID)
            try coder.number(&isolationLevel, from: 2)
            try coder.array(&topics)
            try coder.tags()
        }
    }

    /// The offsets.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's answers.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's answer.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// Why there is no answer.
                public var errorCode: ErrorCode = .none
                /// Timestamp of the record found, in milliseconds since 1970, or -1.
                public var timestamp: Int64 = -1
                /// Offset of the record found, or -1.
                public var offset: Int64 = -1
                /// Epoch of the leader that appended the record, or -1.
                public var leaderEpoch: Int32 = -1

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.error(&errorCode)
                    try coder.number(&timestamp, from: 1)
                    try coder.number(&offset, from: 1)
                    try coder.number(&leaderEpoch, from: 4)
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
            try coder.number(&throttleMilliseconds, from: 2)
            try coder.array(&topics)
            try coder.tags()
        }
    }
}
