/// Brokers of the cluster.
public enum DescribeClusterAPI: KafkaAPI {
    package static let key = APIKey.describeCluster

    /// What is asked.
    public struct Request: Equatable, Sendable, WireStruct {
        /// Whether the answer should say what the client may do with the cluster.
        public var includesAuthorizedOperations: Bool = false
        /// 1 for brokers, 2 for controllers.
        public var endpointType: Int8 = 1
        /// Whether brokers that may not serve should be told as well.
        public var includesFencedBrokers: Bool = false

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.flag(&includesAuthorizedOperations)
            try coder.number(&endpointType, from: 1)
            try coder.flag(&includesFencedBrokers, from: 2)
            try coder.tags()
        }
    }

    /// The brokers.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why there is no answer.
        public var errorCode: ErrorCode = .none
        /// What went wrong, for a person.
        public var errorMessage: String?
        /// 1 for brokers, 2 for controllers.
        public var endpointType: Int8 = 1
        /// The cluster's id.
        public var clusterID: String = ""
        /// Id of the broker that is the controller, or -1.
        public var controllerID: Int32 = -1
        /// The brokers.
        public var brokers: [Broker] = []
        /// Bit field of what the client may do with the cluster; `Int32.min` if not asked.
        public var authorizedOperations: Int32 = Int32.min

        /// A broker and where it listens.
        public struct Broker: Equatable, Sendable, WireStruct {
            /// The broker's id.
            public var id: Int32 = 0
            /// The host that clients connect to.
            public var host: String = ""
            /// The port that clients connect to.
            public var port: Int32 = 0
            /// The broker's rack, or nil.
            public var rack: String?
            /// Whether the broker may not serve.
            public var isFenced: Bool = false

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.number(&id)
                try coder.text(&host)
                try coder.number(&port)
                try coder.text(&rack)
                try coder.flag(&isFenced, from: 2)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.error(&errorCode)
            try coder.text(&errorMessage)
            try coder.number(&endpointType, from: 1)
            try coder.text(&clusterID)
            try coder.number(&controllerID)
            try coder.array(&brokers)
            try coder.number(&authorizedOperations)
            try coder.tags()
        }
    }
}
