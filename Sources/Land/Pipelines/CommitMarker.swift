/// How far a pipeline has come in a topic of a certain identity.
public struct TopicProgress: Equatable, Sendable {
    /// The topic's identity when its records were landed.
    public var topicID: String
    /// Progress by partition number.
    public var partitions: [Int32: PartitionProgress]

    /// Progress in the topic with identity `topicID`.
    public init(topicID: String, partitions: [Int32: PartitionProgress] = [:]) {
        self.topicID = topicID
        self.partitions = partitions
    }
}

/// The checkpoint of a pipeline, kept by the table it fills.
///
/// A commit carries it twice: in the snapshot's summary and in the table's properties, so that
/// another engine's snapshot expiry cannot remove it. A restart reads it and seeks; nothing else
/// decides where a pipeline goes on. The writer's epoch fences: who opens the table raises it, and
/// a commit under an older one is refused.
public struct CommitMarker: Equatable, Sendable {
    /// The pipeline that wrote it.
    public var pipeline: String
    /// Generation of the writer; raised by one each time a writer takes the table over.
    public var epoch: Int64
    /// Number of the commit, over all epochs.
    public var sequence: Int64
    /// Identity of the commit, to recognise it after an unknown outcome.
    public var commitID: String
    /// Identity of the log that the offsets belong to.
    public var clusterID: String
    /// Progress by topic name.
    public var topics: [String: TopicProgress]

    /// A marker with all its parts.
    public init(
        pipeline: String,
        epoch: Int64,
        sequence: Int64,
        commitID: String,
        clusterID: String,
        topics: [String: TopicProgress]
    ) {
        self.pipeline = pipeline
        self.epoch = epoch
        self.sequence = sequence
        self.commitID = commitID
        self.clusterID = clusterID
        self.topics = topics
    }

    /// Name of the table property that holds the marker of `pipeline`.
    public static func propertyKey(pipeline: String) -> String { keyPrefix + pipeline }

    /// The pipeline whose marker the table property `key` holds; nil when it holds none.
    public static func pipeline(ofKey key: String) -> String? {
        key.hasPrefix(keyPrefix) ? String(key.dropFirst(keyPrefix.count)) : nil
    }

    private static let keyPrefix = "millrace.sink."

    /// The progress in `partition`, nil before its first commit.
    public func progress(in partition: SourcePartition) -> PartitionProgress? {
        topics[partition.topic]?.partitions[partition.index]
    }

    /// The next offset of every partition.
    public var positions: [SourcePartition: Int64] {
        var positions: [SourcePartition: Int64] = [:]
        for (name, topic) in topics {
            for (index, progress) in topic.partitions {
                positions[SourcePartition(topic: name, index: index)] = progress.next
            }
        }
        return positions
    }

    /// Epochs of the writers that may still commit.
    public var epochs: Set<Int64> {
        var epochs: Set<Int64> = [epoch]
        for topic in topics.values {
            for progress in topic.partitions.values { epochs.insert(progress.epoch) }
        }
        return epochs
    }

    /// Rows, filtered and dead-lettered records over all partitions.
    public var totals: PartitionProgress {
        var sum = PartitionProgress(next: 0)
        for topic in topics.values {
            for partition in topic.partitions.values {
                sum.next += partition.next
                sum.add(countsOf: partition)
            }
        }
        return sum
    }
}
