internal import Clocks

/// A partition of a topic, by name.
public struct TopicPartition: Hashable, Sendable {
    /// The topic's name.
    public var topic: String
    /// The partition's index.
    public var partition: Int32
    /// That partition.
    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

/// How far a group has come in a partition.
public struct CommittedOffset: Equatable, Sendable {
    /// The next offset to read.
    public var offset: Int64
    /// Epoch of the leader the record before it came from, or -1.
    public var leaderEpoch: Int32
    /// The client's own text.
    public var metadata: String
    /// When it was committed, milliseconds since 1970.
    public var timestamp: Int64

    /// An offset committed at `timestamp`.
    public init(offset: Int64, leaderEpoch: Int32, metadata: String, timestamp: Int64) {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
        self.timestamp = timestamp
    }
}

/// The offsets of a group.
internal struct CommittedOffsets: Sendable {
    var byPartition: [TopicPartition: CommittedOffset] = [:]
    /// Since when the group has had no members; nil while it has some.
    var emptySince: MonotonicInstant?
    var isEmpty: Bool { byPartition.isEmpty }
}
