internal import EventLog
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Deletes topics, and what groups have committed in them.
    internal func deleteTopics(_ request: DeleteTopicsAPI.Request, _ call: Call) -> Handling<FS> {
        work.perform { [self] in
            let response = DeleteTopicsAPI.Response { $0.topics = request.topics.map(delete) }
            call.reply(.answer(call.answer(DeleteTopicsAPI.self, response)))
        }
        return .later(isPipelined: false)
    }

    private func delete(
        _ asked: DeleteTopicsAPI.Request.Topic
    ) -> DeleteTopicsAPI.Response.Topic {
        let found = asked.name.map { log.topic($0) } ?? log.topic(id: asked.id)
        return .init {
            $0.name = found?.name ?? asked.name
            $0.id = found?.id ?? asked.id
            guard let found else {
                $0.errorCode = asked.name == nil ? .unknownTopicID : .unknownTopicOrPartition
                return
            }
            guard found.name != offsets.name else {
                $0.errorCode = .invalidTopicException
                $0.errorMessage = "\(found.name) belongs to the broker"
                return
            }
            do throws(LogError) {
                try log.deleteTopic(found.name)
                offsets.forgetTopic(found.name)
                logger.info("topic deleted", ["topic": found.name])
            } catch {
                $0.errorCode = ErrorCode(error)
                $0.errorMessage = error.description
            }
        }
    }
}
