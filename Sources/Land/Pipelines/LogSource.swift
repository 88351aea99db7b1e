public import Bytes
public import KafkaProtocol

/// One partition of a topic, as a pipeline addresses it.
public struct SourcePartition: Hashable, Comparable, Sendable {
    /// The topic's name.
    public let topic: String
    /// The partition's number, from 0.
    public let index: Int32

    /// Partition `index` of `topic`.
    public init(topic: String, index: Int32) {
        self.topic = topic
        self.index = index
    }

    /// By topic, then by number.
    public static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.index) < (right.topic, right.index)
    }
}

/// What a log says of a topic.
public struct SourceTopic: Equatable, Sendable {
    /// Name under which it is read.
    public let name: String
    /// The identity a re-created topic does not share (Kafka's topic id).
    public let id: String
    /// Number of partitions, numbered from 0.
    public let partitionCount: Int

    /// A topic of `partitionCount` partitions.
    public init(name: String, id: String, partitionCount: Int) {
        self.name = name
        self.id = id
        self.partitionCount = partitionCount
    }
}

/// The bounds of a partition at the moment of a read.
public struct SourceBounds: Equatable, Sendable {
    /// First offset that can still be read.
    public let start: Int64
    /// Offset after the last durable record.
    public let end: Int64

    /// The offsets `start` to `end`, without `end`.
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }
}

/// Why a log could not be read.
public enum LogSourceError: Error, Equatable, Sendable {
    /// The partition does not exist (any more).
    case unknownPartition(SourcePartition)
    /// The offset was removed by retention, or never existed.
    case outOfRange(SourcePartition, offset: Int64, bounds: SourceBounds)
    /// The log is there but cannot answer; trying again later may help.
    case unavailable(String)
    /// The stored bytes are not what was written.
    case corrupt(SourcePartition, offset: Int64, reason: String)
}

extension RecordBatchHeader.Attributes {
    /// A batch that a source made for something at one offset that is there and cannot be a record,
    /// such as a line of endless length: its one record has the reason as its key and what there is
    /// of it as its value, and becomes a dead letter.
    ///
    /// Kafka's control bit with one that Kafka does not use: no client can send such a batch.
    public static let refused = Self(rawValue: Self.control.rawValue | 1 << 14)
}

/// What a pipeline needs of a log: the embedded one, a Kafka cluster, a folder of files.
///
/// All calls may block and are made from a lane's own thread. Generic parameters carry it, so the
/// compiler specialises the engine for each log.
public protocol LogSource: Sendable {
    /// What `notify` returns, to cancel it with.
    associatedtype Notification: Sendable

    /// The identity of the cluster; stored with every commit so that another log is never mistaken
    /// for this one. Asked of the log each time.
    var clusterID: String { get throws(LogSourceError) }

    /// Names of the topics there are, for patterns.
    var topicNames: [String] { get }

    /// Why the log does not answer just now, for people; nil while it does. What was read stays
    /// good, and reading goes on by itself when the trouble is over.
    var trouble: String? { get }

    /// The topic as it is now, or was a moment ago; nil when there is none.
    func topic(named name: String) -> SourceTopic?

    /// The topics that `selectors`, names or patterns, select now; each once, in the order of the
    /// selectors and then of names. Those that appear later are in later answers.
    func topics(selectedBy selectors: [TopicSelector]) -> [SourceTopic]

    /// The identities of those of the topics that exist, asked of the log anew: when they are the
    /// known ones, everything read before this call came from those topics, and not from others
    /// that were made under their names meanwhile.
    func identities(of topics: [String]) throws(LogSourceError) -> [String: String]

    /// The readable offsets of a partition.
    func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds

    /// The first offset whose record has a timestamp of at least `timestamp` milliseconds since
    /// 1970; the end of the partition when there is none.
    func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64

    /// Bytes that the records from `offset` to the end take in the log, about; nil where the log
    /// does not tell.
    func bytes(of partition: SourcePartition, from offset: Int64) -> Int64?

    /// Appends whole record batches (Kafka's format, magic 2) to `buffer`, from the one that holds
    /// `offset`, up to about `bytesMax`; at least one batch when there is any and a remote log
    /// delivers it in time. The first batch may begin before `offset`.
    ///
    /// - Returns: the bounds at the moment of the read.
    func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds

    /// Calls `wake` once, from any thread, when one of the partitions has a record at or beyond its
    /// offset; at once when one already has. May call early, never late.
    func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Notification

    /// Forgets a registration whose `wake` may still be under way.
    func cancel(_ notification: Notification)

    /// Told after a commit: everything below these offsets is in the table. For tools that watch
    /// the log's own consumer groups; nothing depends on it.
    func remember(_ positions: [SourcePartition: Int64])
}

extension LogSource {
    /// None.
    public var trouble: String? { nil }

    /// What `topic(named:)` says, for logs that always know.
    public func identities(of topics: [String]) throws(LogSourceError) -> [String: String] {
        var identities: [String: String] = [:]
        for name in topics { identities[name] = topic(named: name)?.id }
        return identities
    }

    /// Nothing.
    public func remember(_ positions: [SourcePartition: Int64]) {}

    /// One question for each name, for logs that answer at once.
    public func topics(selectedBy selectors: [TopicSelector]) -> [SourceTopic] {
        var seen: Set<String> = []
        var topics: [SourceTopic] = []
        for selector in selectors {
            let names =
                selector.isPattern ? topicNames.filter { selector.selects($0) } : [selector.text]
            for name in names.sorted() where seen.insert(name).inserted {
                if let topic = topic(named: name) { topics.append(topic) }
            }
        }
        return topics
    }
}
