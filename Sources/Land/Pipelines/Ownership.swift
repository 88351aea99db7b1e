/// Which partitions a writer of a table lands.
public enum Ownership: Equatable, Sendable {
    /// All there are, and those to come: the table has this one writer.
    case all
    /// These: other workers land the others into the same table.
    case partitions(Set<SourcePartition>)

    /// True when `partition` is the writer's to land.
    public func contains(_ partition: SourcePartition) -> Bool {
        switch self {
        case .all: true
        case .partitions(let partitions): partitions.contains(partition)
        }
    }
}

extension CommitMarker {
    /// Takes every partition of `ownership` over under the next epoch: from now on commits of
    /// earlier epochs are refused for them. Partitions not known yet begin at `start`.
    mutating func takeOver(
        _ ownership: Ownership,
        start: (SourcePartition) throws(LaneError) -> (topicID: String, offset: Int64)
    ) throws(LaneError) {
        epoch += 1
        sequence += 1
        switch ownership {
        case .all:
            for (name, topic) in topics {
                for index in topic.partitions.keys {
                    topics[name]?.partitions[index]?.epoch = epoch
                }
            }
        case .partitions(let partitions):
            for partition in partitions {
                if progress(in: partition) == nil {
                    let (topicID, offset) = try start(partition)
                    topics[partition.topic, default: TopicProgress(topicID: topicID)]
                        .partitions[partition.index] = PartitionProgress(
                            start: offset,
                            next: offset
                        )
                }
                topics[partition.topic]?.partitions[partition.index]?.epoch = epoch
            }
        }
    }

    /// This marker with the owned partitions as `other` has them: what a writer has done, put on
    /// top of what its colleagues have done meanwhile.
    func replacing(_ ownership: Ownership, with other: CommitMarker) -> CommitMarker {
        guard case .partitions(let partitions) = ownership else { return other }
        var merged = self
        merged.sequence += 1
        merged.commitID = other.commitID
        for partition in partitions {
            guard let topic = other.topics[partition.topic],
                let progress = topic.partitions[partition.index]
            else { continue }
            merged.topics[partition.topic, default: TopicProgress(topicID: topic.topicID)]
                .partitions[partition.index] = progress
        }
        return merged
    }
}
