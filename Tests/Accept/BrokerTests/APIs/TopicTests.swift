import Clocks
import EventLog
import Files
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct TopicTests {
    private func create(
        _ world: BrokerWorld,
        version: Int16 = 7,
        validatesOnly: Bool = false,
        _ fill: (inout CreateTopicsAPI.Request.Topic) -> Void
    ) throws -> CreateTopicsAPI.Response.Topic {
        let response = try world.ask(CreateTopicsAPI.self, version: version) {
            $0.validatesOnly = validatesOnly
            $0.topics = [.init { fill(&$0) }]
        }
        return try #require(response.topics.first)
    }

    @Test(arguments: Int16(0)...7) func `a topic is made as it was asked for`(
        version: Int16
    ) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let made = try create(world, version: version) {
            $0.name = "t"
            $0.partitionCount = 3
            // One node keeps one copy, whatever Kafka Connect asks for.
            $0.replicationFactor = 3
            $0.configs = [
                .init {
                    $0.name = "retention.ms"; $0.value = "5"
                }
            ]
        }
        #expect(made.errorCode == .none)
        let topic = try #require(world.log.topic("t"))
        #expect(topic.partitions.count == 3)
        #expect(topic.configuration == ["retention.ms": "5"])
        if version >= 5 {
            #expect(made.partitionCount == 3)
            #expect(made.replicationFactor == 1)
            #expect(made.configs?.first { $0.name == "retention.ms" }?.value == "5")
        }
        if version >= 7 { #expect(made.id == topic.id) }
    }

    @Test func `what cannot be made is refused with a reason`() throws {
        let world = try BrokerWorld { $0.partitionsDefault = 5 }
        defer { world.stop() }
        func code(_ fill: (inout CreateTopicsAPI.Request.Topic) -> Void) throws -> ErrorCode {
            let made = try create(world, fill)
            if made.errorCode != .none {
                #expect(made.errorMessage?.isEmpty == false)
                // Java's client fails on null.
                #expect(made.configs == [])
            }
            return made.errorCode
        }
        for name in ["", ".", "..", "a/b", "ä", String(repeating: "x", count: 250)] {
            #expect(try code { $0.name = name } == .invalidTopicException)
        }
        #expect(
            try code {
                $0.name = "t"; $0.partitionCount = 0
            } == .invalidPartitions
        )
        #expect(
            try code {
                $0.name = "t"; $0.replicationFactor = 0
            } == .invalidReplicationFactor
        )
        #expect(
            try code {
                $0.name = "t";
                $0.configs = [
                    .init {
                        $0.name = "no.such"; $0.value = "1"
                    }
                ]
            }
                == .invalidConfig
        )
        for (name, value) in [
            ("retention.ms", "soon"), ("cleanup.policy", "burn"), ("segment.bytes", "1"),
            ("message.timestamp.type", "LogAppendTime"), ("min.cleanable.dirty.ratio", "2"),
            ("preallocate", "yes"),
        ] {
            let config = CreateTopicsAPI.Request.Topic.Config {
                $0.name = name; $0.value = value
            }
            #expect(
                try code {
                    $0.name = "t"; $0.configs = [config]
                } == .invalidConfig
            )
        }
        #expect(
            try code {
                $0.name = "t"
                $0.assignments = [
                    .init {
                        $0.partition = 0; $0.brokers = [7]
                    }
                ]
            } == .invalidReplicaAssignment
        )
        #expect(world.log.topic("t") == nil)
        #expect(try code { $0.name = "t" } == .none)
        #expect(world.log.topic("t")?.partitions.count == 5)
        #expect(try code { $0.name = "t" } == .topicAlreadyExists)
    }

    @Test func `a topic that is only checked is not made`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        #expect(try create(world, validatesOnly: true) { $0.name = "t" }.errorCode == .none)
        #expect(world.log.topic("t") == nil)
        let twice = try world.ask(CreateTopicsAPI.self, version: 4) {
            $0.topics = [.init { $0.name = "t" }, .init { $0.name = "t" }]
        }
        #expect(twice.topics.map(\.errorCode) == [.invalidRequest, .invalidRequest])
    }

    @Test(arguments: Int16(0)...12) func `metadata makes topics that are asked for by name`(
        version: Int16
    ) throws {
        let world = try BrokerWorld { $0.partitionsDefault = 2 }
        defer { world.stop() }
        let response = try world.ask(MetadataAPI.self, version: version) {
            $0.topics = [.init { $0.name = "new" }, .init { $0.name = "not/allowed" }]
        }
        #expect(response.topics.map(\.errorCode) == [.none, .invalidTopicException])
        #expect(response.topics[0].partitions.map(\.index) == [0, 1])
        #expect(response.topics[0].partitions.allSatisfy { $0.leaderID == 1 })
        #expect(response.brokers.map(\.host) == ["broker.test"])
        // A request for everything tells it as well.
        let all = try world.ask(MetadataAPI.self, version: version) { $0.topics = nil }
        #expect(all.topics.map(\.name) == ["new"])
        if version >= 2 { #expect(all.clusterID == world.log.clusterID) }
    }

    @Test func `metadata makes nothing when it may not`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let response = try world.ask(MetadataAPI.self, version: 9) {
            $0.topics = [.init { $0.name = "new" }]
            $0.allowsTopicCreation = false
        }
        #expect(response.topics.map(\.errorCode) == [.unknownTopicOrPartition])
        let strict = try BrokerWorld { $0.createsTopics = false }
        defer { strict.stop() }
        let other = try strict.ask(MetadataAPI.self, version: 0) {
            $0.topics = [.init { $0.name = "new" }]
        }
        #expect(other.topics.map(\.errorCode) == [.unknownTopicOrPartition])
        let byID = try world.ask(MetadataAPI.self, version: 12) {
            $0.topics = [.init { $0.id = UUID16(high: 1, low: 2) }]
        }
        #expect(byID.topics.map(\.errorCode) == [.unknownTopicID])
    }

    @Test func `partitions are added and never taken away`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t", partitions: 2)
        func grow(_ name: String, to count: Int32, onlyCheck: Bool = false) throws -> ErrorCode? {
            try world.ask(CreatePartitionsAPI.self, version: 3) {
                $0.validatesOnly = onlyCheck
                $0.topics = [
                    .init {
                        $0.name = name; $0.count = count
                    }
                ]
            }.topics.first?.errorCode
        }
        #expect(try grow("t", to: 2) == .invalidPartitions)
        #expect(try grow("t", to: 1) == .invalidPartitions)
        #expect(try grow("x", to: 3) == .unknownTopicOrPartition)
        #expect(try grow("t", to: 4, onlyCheck: true) == ErrorCode.none)
        #expect(world.log.topic("t")?.partitions.count == 2)
        #expect(try grow("t", to: 4) == ErrorCode.none)
        #expect(world.log.topic("t")?.partitions.count == 4)
    }

    @Test func `topics are deleted by name or by id`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("a")
        try world.createTopic("b")
        let id = try #require(world.log.topic("b")?.id)
        let response = try world.ask(DeleteTopicsAPI.self, version: 6) {
            $0.topics = [
                .init { $0.name = "a" }, .init { $0.id = id }, .init { $0.name = "c" },
                .init { $0.id = UUID16(high: 9, low: 9) },
            ]
        }
        #expect(
            response.topics.map(\.errorCode)
                == [.none, .none, .unknownTopicOrPartition, .unknownTopicID]
        )
        #expect(world.log.topics.isEmpty)
    }

    @Test(arguments: Int16(0)...4) func `settings are told with where they come from`(
        version: Int16
    ) throws {
        let world = try BrokerWorld { $0.partitionsDefault = 6 }
        defer { world.stop() }
        _ = try create(world) {
            $0.name = "t"
            $0.configs = [
                .init {
                    $0.name = "cleanup.policy"; $0.value = "compact"
                }
            ]
        }
        let response = try world.ask(DescribeConfigsAPI.self, version: version) {
            $0.resources = [
                .init {
                    $0.type = 2; $0.name = "t"
                },
                .init {
                    $0.type = 4; $0.name = "1"; $0.keys = ["num.partitions", "x"]
                },
                .init {
                    $0.type = 2; $0.name = "nobody"
                },
                .init {
                    $0.type = 4; $0.name = "2"
                },
                .init {
                    $0.type = 77; $0.name = "t"
                },
            ]
        }
        #expect(
            response.resources.map(\.errorCode)
                == [.none, .none, .unknownTopicOrPartition, .invalidRequest, .invalidRequest]
        )
        let topic = Dictionary(
            uniqueKeysWithValues: response.resources[0].configs.map { ($0.name, $0) }
        )
        #expect(topic["cleanup.policy"]?.value == "compact")
        #expect(topic["retention.ms"]?.value == "604800000")
        if version >= 1 {
            #expect(topic["cleanup.policy"]?.source == 1)
            #expect(topic["retention.ms"]?.source == 5)
        } else {
            #expect(topic["retention.ms"]?.isDefault == true)
        }
        #expect(response.resources[1].configs.map(\.value) == ["6"])
    }

    @Test(arguments: Int16(0)...2) func `the cluster is this broker`(version: Int16) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let response = try world.ask(DescribeClusterAPI.self, version: version)
        #expect(response.errorCode == .none)
        #expect(response.clusterID == world.log.clusterID)
        #expect(response.brokers.map(\.port) == [9092])
        #expect(response.controllerID == response.brokers.first?.id)
    }
}
