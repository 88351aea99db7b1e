public import Clocks

/// Record batches from given offsets on.
public enum FetchAPI: KafkaAPI {
    package static let key = APIKey.fetch

    /// What is wanted, and how long the broker may wait for it.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The broker that asks, or -1 for a client.
        public var replicaID: Int32 = -1
        /// How long the broker may wait for `bytesMin`, in milliseconds.
        public var waitMillisecondsMax: Int32 = 0
        /// How many bytes are worth answering for.
        public var bytesMin: Int32 = 0
        /// How many bytes the answer may have; the first batch may be larger.
        public var bytesMax: Int32 = Int32.max
        /// 0 to see everything, 1 to see only what is committed.
        public var isolationLevel: Int8 = 0
        /// The fetch session, or 0.
        public var sessionID: Int32 = 0
        /// The request's number in the session; -1 for none.
        public var sessionEpoch: Int32 = -1
        /// What is wanted, in the order the client prefers.
        public var topics: [Topic] = []
        /// What to take out of the session.
        public var forgottenTopics: [ForgottenTopic] = []
        /// The client's rack, or empty.
        public var rackID: String = ""

        /// A topic's partitions.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name, before version 13.
            public var name: String = ""
            /// The topic's id, from version 13 on.
            public var id: UUID16 = .zero
            /// The partitions.
            public var partitions: [Partition] = []

            /// From where on a partition is wanted.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// The leader's epoch as the client knows it, or -1.
                public var currentLeaderEpoch: Int32 = -1
                /// The first offset wanted.
                public var fetchOffset: Int64 = 0
                /// Epoch of the last record the client has, or -1.
                public var lastFetchedEpoch: Int32 = -1
                /// For brokers; -1.
                public var logStartOffset: Int64 = -1
                /// How many bytes the partition may give; the first batch may be larger.
                public var bytesMax: Int32 = 0

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.number(&currentLeaderEpoch, from: 9)
                    try coder.number(&fetchOffset)
                    try coder.number(&lastFetchedEpoch, from: 12)
                    try coder.number(&logStartOffset, from: 5)
                    try coder.number(&bytesMax)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name, from: 4, to: 12)
                try coder.identifier(&id, from: 13)
                try coder.array(&partitions)
                try coder.tags()
            }
        }

        /// A topic's partitions that the session should forget.
        public struct ForgottenTopic: Equatable, Sendable, WireStruct {
            /// The topic's name, before version 13.
            public var name: String = ""
            /// The topic's id, from version 13 on.
            public var id: UUID16 = .zero
            /// The partitions' numbers.
            public var partitions: [Int32] = []

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name, from: 7, to: 12)
                try coder.identifier(&id, from: 13)
                try coder.numbers(&partitions)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&replicaID, from: 4, to: 14)
            try coder.number(&waitMillisecondsMax)
            try coder.number(&bytesMin)
            try coder.number(&bytesMax)
            try coder.number(&isolationLevel)
            try coder.number(&sessionID, from: 7)
            try coder.number(&sessionEpoch, from: 7)
            try coder.array(&topics)
            try coder.array(&forgottenTopics, from: 7)
            try coder.text(&rackID, from: 11)
            try coder.tags()
        }
    }

    /// The batches. Records are not copied: their ranges point into the frame. A broker writes
    /// its answers with `FetchResponseWriter`.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why the whole request failed.
        public var errorCode: ErrorCode = .none
        /// The fetch session, or 0 for none.
        public var sessionID: Int32 = 0
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's partitions.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name, before version 13.
            public var name: String = ""
            /// The topic's id, from version 13 on.
            public var id: UUID16 = .zero
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's batches.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// Why there are no batches.
                public var errorCode: ErrorCode = .none
                /// End of what can be read.
                public var highWatermark: Int64 = -1
                /// End of what is committed.
                public var lastStableOffset: Int64 = -1
                /// Offset of the first record that the log still has.
                public var logStartOffset: Int64 = -1
                /// Transactions among the records whose data must be skipped; nil unless
                /// committed data were asked for.
                public var abortedTransactions: [AbortedTransaction]?
                /// The broker to ask instead, or -1.
                public var preferredReadReplica: Int32 = -1
                /// Where in the frame the record batches are; nil if there are none.
                public var records: Range<Int>?

                /// A transaction that was aborted.
                public struct AbortedTransaction: Equatable, Sendable, WireStruct {
                    /// The transaction's producer.
                    public var producerID: Int64 = 0
                    /// Offset of the transaction's first record.
                    public var firstOffset: Int64 = 0

                    package init() {}

                    package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                        try coder.number(&producerID)
                        try coder.number(&firstOffset)
                        try coder.tags()
                    }
                }

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.error(&errorCode)
                    try coder.number(&highWatermark)
                    try coder.number(&lastStableOffset)
                    try coder.number(&logStartOffset, from: 5)
                    try coder.array(&abortedTransactions)
                    try coder.number(&preferredReadReplica, from: 11)
                    try coder.records(&records)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name, from: 4, to: 12)
                try coder.identifier(&id, from: 13)
                try coder.array(&partitions)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.error(&errorCode, from: 7)
            try coder.number(&sessionID, from: 7)
            try coder.array(&topics)
            try coder.tags()
        }
    }
}
