public import Clocks

/// Topics to be deleted.
public enum DeleteTopicsAPI: KafkaAPI {
    package static let key = APIKey.deleteTopics

    /// The topics.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The topics; versions before 6 know only names.
        public var topics: [Topic] = []
        /// How long the broker may take, in milliseconds.
        public var timeoutMilliseconds: Int32 = 60000

        /// A topic, by name or by id.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's name, or nil if it is given by id.
            public var name: String?
            /// The topic's id, or zero if it is given by name.
            public var id: UUID16 = .zero

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.identifier(&id)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            if coder.version < 6 {
                var names = topics.map { $0.name ?? "" }
                try coder.texts(&names)
                topics = names.map { name in Topic { $0.name = name } }
            } else {
                try coder.array(&topics)
            }
            try coder.number(&timeoutMilliseconds)
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
            /// The topic's name; nil if it was given by an unknown id.
            public var name: String?
            /// The topic's id.
            public var id: UUID16 = .zero
            /// Why the topic was not deleted.
            public var errorCode: ErrorCode = .none
            /// What went wrong, for a person.
            public var errorMessage: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name, nullFrom: 6)
                try coder.identifier(&id, from: 6)
                try coder.error(&errorCode)
                try coder.text(&errorMessage, from: 5)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            try coder.array(&topics)
            try coder.tags()
        }
    }
}
