/// More partitions for topics that exist.
public enum CreatePartitionsAPI: KafkaAPI {
    package static let key = APIKey.createPartitions

    /// The topics.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The topics.
        public var topics: [Topic] = []
        /// How long the broker may take, in milliseconds.
        public var timeoutMilliseconds: Int32 = 60000
        /// Whether the request should only be checked.
        public var validatesOnly: Bool = false

        /// A topic that should grow.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// How many partitions it should have in all.
            public var count: Int32 = 0
            /// Which brokers keep the new partitions, or nil.
            public var assignments: [Assignment]?

            /// Which brokers keep a partition.
            public struct Assignment: Equatable, Sendable, WireStruct {
                /// The brokers' ids.
                public var brokers: [Int32] = []

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.numbers(&brokers)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.number(&count)
                try coder.array(&assignments)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.array(&topics)
            try coder.number(&timeoutMilliseconds)
            try coder.flag(&validatesOnly)
            try coder.tags()
        }
    }

    /// What became of each topic.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The topics.
        public var topics: [Topic] = []

        /// What became of one topic.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// Why the topic did not grow.
            public var errorCode: ErrorCode = .none
            /// What went wrong, for a person.
            public var errorMessage: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.error(&errorCode)
                try coder.text(&errorMessage)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.array(&topics)
            try coder.tags()
        }
    }
}
