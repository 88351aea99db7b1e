/// Which broker coordinates a group or a transaction.
public enum FindCoordinatorAPI: KafkaAPI {
    package static let key = APIKey.findCoordinator

    /// Whose coordinators are wanted.
    public struct Request: Equatable, Sendable, WireStruct {
        /// Names of groups or transactions; versions before 4 have room for one.
        public var keys: [String] = []
        /// 0 for groups, 1 for transactions.
        public var keyType: Int8 = 0

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            if coder.version < 4 {
                var key = keys.first ?? ""
                try coder.text(&key)
                keys = [key]
            }
            try coder.number(&keyType, from: 1)
            try coder.texts(&keys, from: 4)
            try coder.tags()
        }
    }

    /// The coordinators.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// One for each key; versions before 4 have room for one.
        public var coordinators: [Coordinator] = []

        /// The coordinator of one key.
        public struct Coordinator: Equatable, Sendable, WireStruct {
            /// The key; versions before 4 do not repeat it.
            public var key: String = ""
            /// The broker's id.
            public var nodeID: Int32 = -1
            /// The host that clients connect to.
            public var host: String = ""
            /// The port that clients connect to.
            public var port: Int32 = -1
            /// Why there is no coordinator.
            public var errorCode: ErrorCode = .none
            /// What went wrong, for a person.
            public var errorMessage: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&key)
                try coder.number(&nodeID)
                try coder.text(&host)
                try coder.number(&port)
                try coder.error(&errorCode)
                try coder.text(&errorMessage)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 1)
            if coder.version < 4 {
                var only = coordinators.first ?? Coordinator()
                try coder.error(&only.errorCode)
                try coder.text(&only.errorMessage, from: 1)
                try coder.number(&only.nodeID)
                try coder.text(&only.host)
                try coder.number(&only.port)
                coordinators = [only]
            } else {
                try coder.array(&coordinators)
            }
            try coder.tags()
        }
    }
}
