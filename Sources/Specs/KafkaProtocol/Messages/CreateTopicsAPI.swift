public import Clocks

/// New topics.
public enum CreateTopicsAPI: KafkaAPI {
    package static let key = APIKey.createTopics

    /// The topics to create.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The topics.
        public var topics: [Topic] = []
        /// How long the broker may take, in milliseconds.
        public var timeoutMilliseconds: Int32 = 60000
        /// Whether the request should only be checked.
        public var validatesOnly: Bool = false

        /// A topic to create.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// How many partitions; -1 for the broker's default, or if `assignments` says it.
            public var partitionCount: Int32 = -1
            /// How many copies; -1 for the broker's default, or if `assignments` says it.
            public var replicationFactor: Int16 = -1
            /// Which brokers keep which partition, or empty.
            public var assignments: [Assignment] = []
            /// The topic's settings.
            public var configs: [Config] = []

            /// Which brokers keep a partition.
            public struct Assignment: Equatable, Sendable, WireStruct {
                /// The partition's number.
                public var partition: Int32 = 0
                /// The brokers' ids.
                public var brokers: [Int32] = []

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.number(&partition)
                    try coder.numbers(&brokers)
                    try coder.tags()
                }
            }

            /// A setting.
            public struct Config: Equatable, Sendable, WireStruct {
                /// Its name.
                public var name: String = ""
                /// Its value.
                public var value: String?

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&name)
                    try coder.text(&value)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.number(&partitionCount)
                try coder.number(&replicationFactor)
                try coder.array(&assignments)
                try coder.array(&configs)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.array(&topics)
            try coder.number(&timeoutMilliseconds)
            try coder.flag(&validatesOnly, from: 1)
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
            /// The topic's id.
            public var id: UUID16 = .zero
            /// Why the topic was not created.
            public var errorCode: ErrorCode = .none
            /// What went wrong, for a person.
            public var errorMessage: String?
            /// Why `configs` is not told (a tagged field).
            public var configErrorCode: ErrorCode = .none
            /// How many partitions the topic has, or -1.
            public var partitionCount: Int32 = -1
            /// How many copies the topic has, or -1.
            public var replicationFactor: Int16 = -1
            /// The topic's settings. Java clients cannot stand nil.
            public var configs: [Config]?

            /// A setting.
            public struct Config: Equatable, Sendable, WireStruct {
                /// Its name.
                public var name: String = ""
                /// Its value.
                public var value: String?
                /// Whether it cannot be changed.
                public var isReadOnly: Bool = false
                /// Where the value comes from (`DescribeConfigsAPI` has the numbers).
                public var source: Int8 = -1
                /// Whether it is secret and therefore not told.
                public var isSensitive: Bool = false

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&name)
                    try coder.text(&value)
                    try coder.flag(&isReadOnly)
                    try coder.number(&source)
                    try coder.flag(&isSensitive)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.identifier(&id, from: 7)
                try coder.error(&errorCode)
                try coder.text(&errorMessage, from: 1)
                try coder.number(&partitionCount, from: 5)
                try coder.number(&replicationFactor, from: 5)
                try coder.array(&configs, from: 5)
                if coder.isReading {
                    try coder.readTags { (tag, coder) throws(ProtocolError) in
                        if tag == 0 { try coder.error(&configErrorCode) }
                    }
                } else {
                    var code = configErrorCode
                    let field = TaggedField(tag: 0) { (coder) throws(ProtocolError) in
                        try coder.error(&code)
                    }
                    try coder.writeTags(code == .none ? [] : [field])
                }
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
