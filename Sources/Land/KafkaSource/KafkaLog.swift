public import Bytes
import Clocks
public import Pipelines
import Synchronization
public import Telemetry

/// A Kafka cluster as a pipeline's source, through librdkafka.
///
/// Each lane has one of its own: a connection, and for each partition a queue into which librdkafka
/// fetches ahead within a bound. Only records of transactions that were committed are read, up to
/// the last stable offset, unless `isolation.level` says otherwise. Where landing goes on is the
/// table's business: nothing is committed to the cluster but a courtesy copy in the consumer group.
///
/// Reads and `notify` belong to one thread; everything else may be called from any.
public final class KafkaLog: LogSource {
    /// What `notify` returns.
    public struct Notification: Sendable {
        fileprivate let waiter: Int?
        fileprivate let news: KafkaNews
    }

    private struct Listing {
        let bounds: SourceBounds
        let moment: MonotonicInstant
    }

    private struct State {
        var client: KafkaClient
        /// Partitions that the connection's bounds were made for.
        var partitionHint: Int
        var topics: [String: SourceTopic] = [:]
        var names: [String] = []
        var selected: (selectors: [TopicSelector], topics: [SourceTopic])?
        var selectedAt: MonotonicInstant?
        var readers: [SourcePartition: PartitionReader] = [:]
        var listings: [SourcePartition: Listing] = [:]
        /// After a wait for nothing nobody waits again until then.
        var impatientUntil: MonotonicInstant?
    }

    private let properties: KafkaProperties
    private let group: String?
    private let patience: Duration
    private let logger: Logger
    private let clock = SystemClocks()
    private let state: Mutex<State>

    /// How long topics are taken to be as they were.
    private static let topicsAge = Duration.seconds(2)
    /// How long the bounds of a partition that is not being read are taken to be as they were.
    private static let listingAge = Duration.seconds(1)
    /// How long the cluster may take to answer a question.
    private static let answerTime = Duration.seconds(2)
    /// How long it may take to answer the first one: connections are made for it.
    private static let firstAnswerTime = Duration.seconds(5)
    private static let partitionHint = 16

    /// A source that connects in the background.
    ///
    /// - Parameters:
    ///   - group: consumer group that landed offsets are told to; nil for none.
    ///   - patience: how long a read waits for records that are on their way.
    public init(
        _ properties: KafkaProperties,
        group: String? = nil,
        patience: Duration = .seconds(1),
        logger: Logger
    ) throws(KafkaLogError) {
        self.properties = properties
        self.group = group
        self.patience = patience
        self.logger = logger
        let client = try KafkaClient(
            properties,
            group: group,
            partitions: Self.partitionHint,
            logger: logger
        )
        state = Mutex(State(client: client, partitionHint: Self.partitionHint))
    }

    private var client: KafkaClient { state.withLock { $0.client } }

    // Identities

    /// The cluster's id, asked for anew.
    public var clusterID: String {
        get throws(LogSourceError) { try client.clusterID(timeout: Self.firstAnswerTime) }
    }

    /// Why the cluster does not answer, in librdkafka's words.
    public var trouble: String? {
        client.news.trouble.map { "the Kafka cluster does not answer: \($0)" }
    }

    /// Topic ids, asked for anew; empty texts when the cluster gives topics none.
    public func identities(of topics: [String]) throws(LogSourceError) -> [String: String] {
        var identities: [String: String] = [:]
        for topic in try client.describe(topics, timeout: Self.answerTime) {
            identities[topic.name] = topic.id
        }
        return identities
    }

    // Topics

    /// Names of all topics, as they were when they were last asked for.
    public var topicNames: [String] { state.withLock { $0.names } }

    /// The topic, if anybody has asked for it before or the cluster answers at once.
    public func topic(named name: String) -> SourceTopic? {
        if let known = state.withLock({ $0.topics[name] }) { return known }
        return topics(selectedBy: [TopicSelector(name)]).first
    }

    /// The selected topics, at most two seconds old unless the cluster does not answer.
    public func topics(selectedBy selectors: [TopicSelector]) -> [SourceTopic] {
        let now: MonotonicInstant = clock.now()
        let cached: [SourceTopic]? = state.withLock { state in
            guard let selected = state.selected, selected.selectors == selectors,
                let moment = state.selectedAt, now - moment < Self.topicsAge
            else { return nil }
            return selected.topics
        }
        if let cached { return cached }
        return refresh(selectors)
    }

    private func refresh(_ selectors: [TopicSelector]) -> [SourceTopic] {
        let client = client
        do {
            var names = selectors.filter { !$0.isPattern }.map(\.text)
            if selectors.contains(where: \.isPattern) {
                let all = try client.topicNames(timeout: Self.answerTime).sorted()
                state.withLock { $0.names = all }
                for selector in selectors where selector.isPattern {
                    names += all.filter { selector.selects($0) }
                }
            }
            var found: [String: SourceTopic] = [:]
            for topic in try client.describe(Array(Set(names)), timeout: Self.answerTime) {
                found[topic.name] = SourceTopic(
                    name: topic.name,
                    id: topic.id,
                    partitionCount: topic.partitionCount
                )
            }
            var seen: Set<String> = []
            let topics = names.compactMap { seen.insert($0).inserted ? found[$0] : nil }
            note(topics, for: selectors, asked: names)
            return topics
        } catch {
            // What was true a moment ago is better than nothing; `trouble` tells people.
            let now: MonotonicInstant = clock.now()
            return state.withLock { state in
                state.selectedAt = now
                return state.selected?.selectors == selectors ? state.selected?.topics ?? [] : []
            }
        }
    }

    private func note(
        _ topics: [SourceTopic],
        for selectors: [TopicSelector],
        asked names: [String]
    ) {
        let now: MonotonicInstant = clock.now()
        state.withLock { state in
            for name in names { state.topics[name] = nil }
            for topic in topics { state.topics[topic.name] = topic }
            state.selected = (selectors, topics)
            state.selectedAt = now
        }
    }

    // Bounds

    /// First offset and last stable offset, from what is being fetched where it is, else asked for.
    public func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds {
        let now: MonotonicInstant = clock.now()
        let (reader, listing) = state.withLock { ($0.readers[partition], $0.listings[partition]) }
        if let listing {
            if let end = reader?.liveEnd {
                let start = min(listing.bounds.start, end)
                return SourceBounds(start: start, end: end)
            }
            if now - listing.moment < Self.listingAge { return listing.bounds }
        }
        do throws(LogSourceError) {
            guard let bounds = try list(partition) else { throw .unknownPartition(partition) }
            return bounds
        } catch {
            if case .unavailable = error, let listing { return listing.bounds }
            throw error
        }
    }

    /// Asks for the bounds of all partitions of the topic that are not being read.
    private func list(_ partition: SourcePartition) throws(LogSourceError) -> SourceBounds? {
        let (client, wanted, isFirst) = state.withLock { state in
            let count = state.topics[partition.topic]?.partitionCount ?? 0
            var wanted = (0..<Int32(count)).map {
                SourcePartition(topic: partition.topic, index: $0)
            }
            wanted.removeAll { $0 != partition && state.readers[$0] != nil }
            if !wanted.contains(partition) { wanted.append(partition) }
            return (state.client, wanted, state.listings.isEmpty)
        }
        let found = try client.bounds(
            of: wanted,
            timeout: isFirst ? Self.firstAnswerTime : Self.answerTime
        )
        let now: MonotonicInstant = clock.now()
        return state.withLock { state in
            for (partition, bounds) in found {
                state.listings[partition] = Listing(bounds: bounds, moment: now)
            }
            return found[partition]
        }
    }

    /// The first offset that is not older; the end when all are.
    public func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64 {
        if let found = try client.offset(
            in: partition,
            atOrAfter: timestamp,
            timeout: Self.answerTime
        ) {
            return found
        }
        guard let bounds = try list(partition) else { throw .unknownPartition(partition) }
        return bounds.end
    }

    /// Not told by Kafka.
    public func bytes(of partition: SourcePartition, from offset: Int64) -> Int64? { nil }

    // Reading

    /// Appends what has been fetched as uncompressed batches; waits a moment for records that are
    /// known to be there. A failure that may pass appends nothing and shows as `trouble`.
    public func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds {
        let bounds = try bounds(of: partition)
        guard let reader = reader(of: partition) else { throw .unknownPartition(partition) }
        let now: MonotonicInstant = clock.now()
        let isImpatient = state.withLock { $0.impatientUntil.map { now < $0 } ?? false }
        let wait = offset < bounds.end && !isImpatient ? patience : .zero
        let before = buffer.count
        let outcome = reader.read(
            from: offset,
            bytesMax: bytesMax,
            patience: wait,
            now: now,
            into: &buffer
        )
        if buffer.count == before, wait > .zero {
            // One wait for all partitions: a slow cluster must not hold the lane up.
            let after: MonotonicInstant = clock.now()
            state.withLock { $0.impatientUntil = after + patience }
        }
        switch outcome {
        case .fine:
            break
        case .failed(let code, let reason):
            guard buffer.count == before else { break }
            try judge(KafkaFailure(code), reason, partition, offset)
        }
        return bounds
    }

    /// Decides whether a person must.
    private func judge(
        _ failure: KafkaFailure,
        _ reason: String,
        _ partition: SourcePartition,
        _ offset: Int64
    ) throws(LogSourceError) {
        switch failure {
        case .outOfRange:
            // Brokers that have just become leaders may not know their own end yet.
            if let bounds = try list(partition), !(bounds.start...bounds.end).contains(offset) {
                throw .outOfRange(partition, offset: offset, bounds: bounds)
            }
        case .damaged:
            throw .corrupt(partition, offset: offset, reason: reason)
        case .passing:
            break
        }
        client.news.failed("\(partition.topic)-\(partition.index): \(reason)")
    }

    private func reader(of partition: SourcePartition) -> PartitionReader? {
        if let reader = state.withLock({ $0.readers[partition] }) { return reader }
        let (client, hint, isFirst, count) = state.withLock { state in
            let count = state.topics.values.reduce(0) { $0 + $1.partitionCount }
            return (state.client, state.partitionHint, state.readers.isEmpty, count)
        }
        var chosen = client
        if isFirst, count > 2 * hint {
            // What is fetched ahead is bounded for each partition; the bound is the connection's.
            // Without another connection the present one serves, with the larger bound.
            if let other = try? KafkaClient(
                properties,
                group: group,
                partitions: count,
                logger: logger
            ) {
                chosen = other
                state.withLock { state in
                    state.client = other
                    state.partitionHint = count
                }
            }
        }
        guard let reader = PartitionReader(partition, client: chosen) else { return nil }
        state.withLock { $0.readers[partition] = reader }
        return reader
    }

    // News

    /// Calls `wake` when librdkafka has fetched something for any partition that is read here.
    public func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Notification {
        var readers: [PartitionReader] = []
        let now: MonotonicInstant = clock.now()
        for (partition, next) in positions {
            guard let reader = reader(of: partition) else { continue }
            let first = state.withLock { $0.listings[partition]?.bounds.start } ?? 0
            reader.start(at: max(next, first), now: now)
            readers.append(reader)
        }
        let news = client.news
        let waiter = news.wait(wake)
        // What came before the registration wakes nobody by itself.
        if readers.contains(where: \.hasNews) {
            news.cancel(waiter)
            wake()
            return Notification(waiter: nil, news: news)
        }
        return Notification(waiter: waiter, news: news)
    }

    /// Forgets the registration.
    public func cancel(_ notification: Notification) {
        if let waiter = notification.waiter { notification.news.cancel(waiter) }
    }

    /// Stores the offsets in the consumer group, for tools that watch its lag; the answer is not
    /// waited for, and only logged when it is a failure.
    public func remember(_ positions: [SourcePartition: Int64]) {
        client.store(positions)
    }

    /// Waits until the cluster has answered what `remember` told it, at most a second.
    public func flush() {
        client.news.waitForCommits(.seconds(1))
    }
}
