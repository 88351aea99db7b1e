internal import Clocks
internal import EventLog
internal import KafkaProtocol

extension Broker {
    /// Remembers how far a group has come; answers when that is durable.
    internal func commitOffsets(
        _ request: OffsetCommitAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        let objection = groups.perform { coordinator, now in
            coordinator.objection(
                toCommitFor: request.groupID,
                memberID: request.memberID,
                instanceID: request.groupInstanceID,
                generation: request.generationID,
                now: now
            )
        }
        var response = OffsetCommitAPI.Response { _ in }
        var offsetsToStore: [(TopicPartition, CommittedOffset)] = []
        let now = wallClock.now().milliseconds
        for asked in request.topics {
            let topic = log.topic(asked.name)
            let outcome = OffsetCommitAPI.Response.Topic {
                $0.name = asked.name
                $0.partitions = asked.partitions.map { partition in
                    var error = objection ?? .none
                    if error == .none {
                        if topic?.partitions.indices.contains(Int(partition.index)) != true {
                            error = .unknownTopicOrPartition
                        } else if (partition.metadata ?? "").utf8.count
                            > options.groups.offsetMetadataBytesMax
                        {
                            error = .offsetMetadataTooLarge
                        } else {
                            let offset = CommittedOffset(
                                offset: partition.offset,
                                leaderEpoch: partition.leaderEpoch,
                                metadata: partition.metadata ?? "",
                                timestamp: now
                            )
                            offsetsToStore.append(
                                (TopicPartition(asked.name, partition.index), offset)
                            )
                        }
                    }
                    return .init {
                        $0.index = partition.index
                        $0.errorCode = error
                    }
                }
            }
            response.topics.append(outcome)
        }
        if offsetsToStore.isEmpty {
            return .answer(call.answer(OffsetCommitAPI.self, response))
        }
        let isQueued = offsets.commit(offsetsToStore, for: request.groupID) { [response] failure in
            var response = response
            if let failure { response.fail(failure) }
            call.reply(.answer(call.answer(OffsetCommitAPI.self, response)))
        }
        return isQueued ? .later(isPipelined: false) : .overloaded
    }
}

extension OffsetCommitAPI.Response {
    /// What was to be stored was not.
    fileprivate mutating func fail(_ error: ErrorCode) {
        for topic in topics.indices {
            for partition in topics[topic].partitions.indices
            where topics[topic].partitions[partition].errorCode == .none {
                topics[topic].partitions[partition].errorCode = error
            }
        }
    }
}
