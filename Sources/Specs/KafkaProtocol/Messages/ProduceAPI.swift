/// Record batches to be appended.
public enum ProduceAPI: KafkaAPI {
    package static let key = APIKey.produce

    /// The batches, per topic and partition. Records are not copied: their ranges point into
    /// the frame.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The transaction the batches belong to, or nil.
        public var transactionalID: String?
        /// When to answer: -1 when the batches are safe, 1 when the leader has them, 0 never.
        public var acks: Int16 = -1
        /// How long the broker may wait for `acks`, in milliseconds.
        public var timeoutMilliseconds: Int32 = 30000
        /// The topics.
        public var topics: [Topic] = []

        /// A topic's batches.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// A partition's batch.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// Where in the frame the record batch is; nil if there is none.
                public var records: Range<Int>?

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.records(&records)
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
            try coder.text(&transactionalID)
            try coder.number(&acks)
            try coder.number(&timeoutMilliseconds)
            try coder.array(&topics)
            try coder.tags()
        }
    }

    /// What became of each batch.
    public struct Response: Equatable, Sendable, WireStruct {
        /// The topics.
        public var topics: [Topic] = []
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0

        /// A topic's outcomes.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions.
            public var partitions: [Partition] = []

            /// What became of one batch.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var index: Int32 = 0
                /// Why the batch was not appended.
                public var errorCode: ErrorCode = .none
                /// Offset of the batch's first record, or -1.
                public var baseOffset: Int64 = -1
                /// The time the log gave the records, in milliseconds since 1970; -1 if they
                /// keep their own.
                public var logAppendTime: Int64 = -1
                /// Offset of the first record that the log still has, or -1.
                public var logStartOffset: Int64 = -1
                /// Which records are at fault.
                public var recordErrors: [RecordError] = []
                /// What went wrong, for a person.
                public var errorMessage: String?

                /// A record at fault.
                public struct RecordError: Equatable, Sendable, WireStruct {
                    /// The record's place in its batch.
                    public var index: Int32 = 0
                    /// What is wrong with it.
                    public var message: String?

                    package init() {}

                    package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                        try coder.number(&index)
                        try coder.text(&message)
                        try coder.tags()
                    }
                }

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&index)
                    try coder.error(&errorCode)
                    try coder.number(&baseOffset)
                    try coder.number(&logAppendTime, from: 2)
                    try coder.number(&logStartOffset, from: 5)
                    try coder.array(&recordErrors, from: 8)
                    try coder.text(&errorMessage, from: 8)
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
            try coder.array(&topics)
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.tags()
        }
    }
}
