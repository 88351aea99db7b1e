internal import KafkaProtocol

extension Broker {
    /// Tells how far groups have come. A group that nobody knows has come nowhere, which is not an
    /// error.
    internal func fetchOffsets(_ request: OffsetFetchAPI.Request, _ call: Call) -> Handling<FS> {
        let response = groups.perform { coordinator, _ in
            OffsetFetchAPI.Response {
                $0.groups = request.groups.map { asked in
                    .init {
                        $0.groupID = asked.groupID
                        $0.topics =
                            asked.topics.map { Self.asked($0, asked.groupID, coordinator) }
                            ?? Self.everything(of: asked.groupID, coordinator)
                    }
                }
            }
        }
        return .answer(call.answer(OffsetFetchAPI.self, response))
    }

    private static func asked(
        _ topics: [OffsetFetchAPI.Request.Group.Topic],
        _ group: String,
        _ coordinator: GroupCoordinator
    ) -> [OffsetFetchAPI.Response.Group.Topic] {
        topics.map { topic in
            .init {
                $0.name = topic.name
                $0.partitions = topic.partitions.map { index in
                    describe(
                        coordinator.offset(of: TopicPartition(topic.name, index), for: group),
                        index
                    )
                }
            }
        }
    }

    private static func everything(
        of group: String,
        _ coordinator: GroupCoordinator
    ) -> [OffsetFetchAPI.Response.Group.Topic] {
        let byTopic = Dictionary(grouping: coordinator.offsets(for: group), by: \.key.topic)
        return byTopic.sorted { $0.key < $1.key }.map { name, offsets in
            .init {
                $0.name = name
                $0.partitions = offsets.sorted { $0.key.partition < $1.key.partition }
                    .map { describe($0.value, $0.key.partition) }
            }
        }
    }

    private static func describe(
        _ offset: CommittedOffset?,
        _ index: Int32
    ) -> OffsetFetchAPI.Response.Group.Topic.Partition {
        .init {
            $0.index = index
            $0.offset = offset?.offset ?? -1
            $0.leaderEpoch = offset?.leaderEpoch ?? -1
            $0.metadata = offset?.metadata ?? ""
        }
    }
}
