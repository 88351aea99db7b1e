internal import EventLog
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Gives topics more partitions, or only says whether they could have them.
    internal func createPartitions(
        _ request: CreatePartitionsAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        work.perform { [self] in
            let response = CreatePartitionsAPI.Response {
                $0.topics = request.topics.map { topic in
                    let objection = grow(topic, validatesOnly: request.validatesOnly)
                    return .init {
                        $0.name = topic.name
                        $0.errorCode = objection?.code ?? .none
                        $0.errorMessage = objection?.message
                    }
                }
            }
            call.reply(.answer(call.answer(CreatePartitionsAPI.self, response)))
        }
        return .later(isPipelined: false)
    }

    private func grow(
        _ asked: CreatePartitionsAPI.Request.Topic,
        validatesOnly: Bool
    ) -> (code: ErrorCode, message: String)? {
        guard let topic = log.topic(asked.name) else {
            return (.unknownTopicOrPartition, "there is no topic \(asked.name)")
        }
        let present = topic.partitions.count
        guard Int(asked.count) > present else {
            return (.invalidPartitions, "topic \(asked.name) has \(present) partitions already")
        }
        if let assignments = asked.assignments {
            guard assignments.count == Int(asked.count) - present,
                assignments.allSatisfy({ $0.brokers == [options.nodeID] })
            else {
                return (
                    .invalidReplicaAssignment,
                    "broker \(options.nodeID) is the only one; every partition belongs to it"
                )
            }
        }
        if validatesOnly { return nil }
        do throws(LogError) {
            _ = try log.addPartitions(to: asked.name, count: Int(asked.count))
            logger.info("partitions added", ["topic": asked.name, "partitions": Int(asked.count)])
            return nil
        } catch {
            return (ErrorCode(error), error.description)
        }
    }
}
