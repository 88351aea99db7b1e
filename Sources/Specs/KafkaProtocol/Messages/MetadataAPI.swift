public import Clocks

/// Brokers, topics and partitions: where a client finds what it is looking for.
public enum MetadataAPI: KafkaAPI {
    package static let key = APIKey.metadata

    /// Which topics the client asks about.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The topics asked about; nil asks about all, which version 0 says with an empty
        /// array.
        public var topics: [Topic]?
        /// Whether a topic that does not exist may be created.
        public var allowsTopicCreation: Bool = true
        /// Whether the answer should say what the client may do with the cluster.
        public var includesClusterOperations: Bool = false
        /// Whether the answer should say what the client may do with each topic.
        public var includesTopicOperations: Bool = false

        /// A topic, by name or by id.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// The topic's id, or zero if it is asked for by name.
            public var id: UUID16 = .zero
            /// The topic's name, or nil if it is asked for by id.
            public var name: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.identifier(&id, from: 10)
                try coder.text(&name, nullFrom: 10)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            if coder.version == 0 {
                var some = topics ?? []
                try coder.array(&some)
                topics = some.isEmpty ? nil : some
            } else {
                try coder.array(&topics)
            }
            try coder.flag(&allowsTopicCreation, from: 4)
            try coder.flag(&includesClusterOperations, from: 8, to: 10)
            try coder.flag(&includesTopicOperations, from: 8)
            try coder.tags()
        }
    }

    /// The brokers, and the topics asked about.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// All brokers of the cluster.
        public var brokers: [Broker] = []
        /// The cluster's id.
        public var clusterID: String?
        /// Id of the broker that is the controller, or -1.
        public var controllerID: Int32 = -1
        /// The topics.
        public var topics: [Topic] = []
        /// Bit field of what the client may do with the cluster; `Int32.min` if not asked.
        public var authorizedOperations: Int32 = Int32.min

        /// A broker and where it listens.
        public struct Broker: Equatable, Sendable, WireStruct {
            /// The broker's id.
            public var nodeID: Int32 = 0
            /// The host that clients connect to.
            public var host: String = ""
            /// The port that clients connect to.
            public var port: Int32 = 0
            /// The broker's rack, or nil.
            public var rack: String?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.number(&nodeID)
                try coder.text(&host)
                try coder.number(&port)
                try coder.text(&rack, from: 1)
                try coder.tags()
            }
        }

        /// A topic, or why there is none.
        public struct Topic: Equatable, Sendable, WireStruct {
            /// Why the topic is not described.
            public var errorCode: ErrorCode = .none
            /// The topic's name; nil if it was asked for by an unknown id.
            public var name: String?
            /// The topic's id.
            public var id: UUID16 = .zero
            /// Whether the topic is the broker's own.
            public var isInternal: Bool = false
            /// The topic's partitions.
            public var partitions: [Partition] = []
            /// Bit field of what the client may do with the topic; `Int32.min` if not asked.
            public var authorizedOperations: Int32 = Int32.min

            /// A partition and who keeps it.
            public struct Partition: Equatable, Sendable, WireStruct {
                /// Why the partition is not available.
                public var errorCode: ErrorCode = .none
                /// The partition's number.
                public var index: Int32 = 0
                /// The broker that takes and gives the partition's records, or -1.
                public var leaderID: Int32 = -1
                /// How often the leader has changed, or -1.
                public var leaderEpoch: Int32 = -1
                /// The brokers that keep the partition.
                public var replicas: [Int32] = []
                /// Those of them that have all of it.
                public var inSyncReplicas: [Int32] = []
                /// Those of them that are not there.
                public var offlineReplicas: [Int32] = []

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.error(&errorCode)
                    try coder.number(&index)
                    try coder.number(&leaderID)
                    try coder.number(&leaderEpoch, from: 7)
                    try coder.numbers(&replicas)
                    try coder.numbers(&inSyncReplicas)
                    try coder.numbers(&offlineReplicas, from: 5)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.error(&errorCode)
                try coder.text(&name, nullFrom: 12)
                try coder.identifier(&id, from: 10)
                try coder.flag(&isInternal, from: 1)
                try coder.array(&partitions)
                try coder.number(&authorizedOperations, from: 8)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 3)
            try coder.array(&brokers)
            try coder.text(&clusterID, from: 2)
            try coder.number(&controllerID, from: 1)
            try coder.array(&topics)
            try coder.number(&authorizedOperations, from: 8, to: 10)
            try coder.tags()
        }
    }
}
