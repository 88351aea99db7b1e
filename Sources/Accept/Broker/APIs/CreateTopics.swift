internal import Clocks
internal import EventLog
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Makes topics, or only says whether they could be made.
    internal func createTopics(_ request: CreateTopicsAPI.Request, _ call: Call) -> Handling<FS> {
        work.perform { [self] in
            var named: [String: Int] = [:]
            for topic in request.topics { named[topic.name, default: 0] += 1 }
            let response = CreateTopicsAPI.Response {
                $0.topics = request.topics.map { topic in
                    if named[topic.name] != 1 {
                        return .refused(
                            topic.name,
                            .invalidRequest,
                            "the request names topic \(topic.name) more than once"
                        )
                    }
                    return create(topic, validatesOnly: request.validatesOnly)
                }
            }
            call.reply(.answer(call.answer(CreateTopicsAPI.self, response)))
        }
        return .later(isPipelined: false)
    }

    private func create(
        _ topic: CreateTopicsAPI.Request.Topic,
        validatesOnly: Bool
    ) -> CreateTopicsAPI.Response.Topic {
        let name = topic.name
        if !TopicName.isAllowed(name) {
            return .refused(
                name,
                .invalidTopicException,
                "a topic's name has 1 to 249 letters, digits, '.', '_' and '-'"
            )
        }
        if log.topic(name) != nil {
            return .refused(name, .topicAlreadyExists, "topic \(name) exists already")
        }
        var configuration: [String: String] = [:]
        for config in topic.configs {
            if let objection = TopicSettings.objection(to: config.name, config.value) {
                return .refused(name, .invalidConfig, objection)
            }
            configuration[config.name] = config.value
        }
        let count: Int
        switch partitionCount(of: topic) {
        case .success(let asked): count = asked
        case .failure(let refusal): return .refused(name, refusal.code, refusal.message)
        }
        do throws(LogError) {
            var id = TopicID.zero
            if !validatesOnly {
                let made = try log.createTopic(
                    name,
                    partitions: count,
                    configuration: configuration
                )
                id = made.id
                logger.info("topic created", ["topic": name, "partitions": count])
            }
            return .init {
                $0.name = name
                $0.id = id
                $0.partitionCount = Int32(count)
                $0.replicationFactor = 1
                // Java's client cannot stand null here.
                $0.configs = describeSettings(configuration).map { setting in
                    .init {
                        $0.name = setting.name
                        $0.value = setting.value
                        $0.source = setting.source
                    }
                }
            }
        } catch {
            return .refused(name, ErrorCode(error), error.description)
        }
    }

    private struct CountRefusal: Error {
        let code: ErrorCode
        let message: String
    }

    /// The number of partitions. Any number of replicas is accepted and becomes one: the internal
    /// topics of Kafka Connect and Kafka Streams ask for three.
    private func partitionCount(
        of topic: CreateTopicsAPI.Request.Topic
    ) -> Result<Int, CountRefusal> {
        func refuse(_ code: ErrorCode, _ message: String) -> Result<Int, CountRefusal> {
            .failure(CountRefusal(code: code, message: message))
        }
        guard topic.assignments.isEmpty else {
            if topic.partitionCount != -1 || topic.replicationFactor != -1 {
                return refuse(.invalidRequest, "give either assignments or counts, not both")
            }
            let indices = topic.assignments.map(\.partition).sorted()
            guard indices == Array(0..<Int32(indices.count)) else {
                return refuse(
                    .invalidReplicaAssignment,
                    "the assignments must name the partitions 0 to \(indices.count - 1)"
                )
            }
            guard topic.assignments.allSatisfy({ $0.brokers.contains(options.nodeID) }) else {
                return refuse(
                    .invalidReplicaAssignment,
                    "broker \(options.nodeID) is the only one; every partition belongs to it"
                )
            }
            return .success(indices.count)
        }
        if topic.replicationFactor < -1 || topic.replicationFactor == 0 {
            return refuse(.invalidReplicationFactor, "the replication factor must be positive")
        }
        if topic.partitionCount == -1 { return .success(options.partitionsDefault) }
        if topic.partitionCount < 1 {
            return refuse(.invalidPartitions, "a topic has at least one partition")
        }
        return .success(Int(topic.partitionCount))
    }
}

extension CreateTopicsAPI.Response.Topic {
    fileprivate static func refused(
        _ name: String,
        _ code: ErrorCode,
        _ message: String
    ) -> CreateTopicsAPI.Response.Topic {
        .init {
            $0.name = name
            $0.errorCode = code
            $0.errorMessage = message
            $0.configs = []
        }
    }
}
