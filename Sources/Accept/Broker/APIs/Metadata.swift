internal import EventLog
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Tells brokers, topics and partitions; makes topics that are asked for by name, if that is
    /// allowed.
    internal func metadata(_ request: MetadataAPI.Request, _ call: Call) -> Handling<FS> {
        let names = (request.topics ?? []).compactMap(\.name)
        let mayCreate = options.createsTopics && (request.allowsTopicCreation || call.version < 4)
        guard mayCreate, names.contains(where: { log.topic($0) == nil }) else {
            return .answer(call.answer(MetadataAPI.self, metadata(for: request, call, [:])))
        }
        work.perform { [self] in
            var failures: [String: ErrorCode] = [:]
            for name in names where log.topic(name) == nil {
                failures[name] = createOnDemand(name)
            }
            call.reply(
                .answer(call.answer(MetadataAPI.self, metadata(for: request, call, failures)))
            )
        }
        return .later(isPipelined: false)
    }

    /// Makes a topic with default settings; nil when it is there afterwards. Blocks.
    private func createOnDemand(_ name: String) -> ErrorCode? {
        do throws(LogError) {
            let partitions =
                name == offsets.name ? OffsetsTopic<FS>.partitionCount : options.partitionsDefault
            _ = try log.createTopic(name, partitions: partitions)
            logger.info("topic created on demand", ["topic": name, "partitions": partitions])
            return nil
        } catch {
            if case .topicExists = error { return nil }
            return ErrorCode(error)
        }
    }

    private func metadata(
        for request: MetadataAPI.Request,
        _ call: Call,
        _ failures: [String: ErrorCode]
    ) -> MetadataAPI.Response {
        var topics: [MetadataAPI.Response.Topic] = []
        if let asked = request.topics {
            for wanted in asked {
                if let name = wanted.name {
                    topics.append(
                        log.topic(name).map(describe)
                            ?? .init {
                                $0.name = name
                                $0.errorCode = failures[name] ?? Self.objection(toMissing: name)
                            }
                    )
                } else {
                    topics.append(
                        log.topic(id: wanted.id).map(describe)
                            ?? .init {
                                $0.id = wanted.id
                                $0.errorCode = .unknownTopicID
                            }
                    )
                }
            }
        } else {
            topics = log.topics.map(describe)
        }
        return MetadataAPI.Response {
            $0.brokers = [
                .init {
                    $0.nodeID = options.nodeID
                    $0.host = call.client.advertisedHost
                    $0.port = Int32(call.client.advertisedPort)
                }
            ]
            $0.clusterID = log.clusterID
            $0.controllerID = options.nodeID
            $0.topics = topics
        }
    }

    private static func objection(toMissing name: String) -> ErrorCode {
        TopicName.isAllowed(name) ? .unknownTopicOrPartition : .invalidTopicException
    }

    private func describe(_ topic: Topic<FS>) -> MetadataAPI.Response.Topic {
        MetadataAPI.Response.Topic {
            $0.name = topic.name
            $0.id = topic.id
            $0.isInternal = topic.name == offsets.name
            $0.partitions = topic.partitions.map { partition in
                .init {
                    $0.index = partition.index
                    $0.leaderID = options.nodeID
                    $0.leaderEpoch = 0
                    $0.replicas = [options.nodeID]
                    $0.inSyncReplicas = [options.nodeID]
                }
            }
        }
    }
}
