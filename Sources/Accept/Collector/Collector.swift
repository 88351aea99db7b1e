import Bytes
public import Clocks
import Compression
public import EventLog
public import Files
public import HTTPServer
import KafkaProtocol
import Synchronization
public import Telemetry

/// Takes events over HTTP: a JSON object, an array of them, or one per line, to one topic.
///
/// The body is checked completely, then its events are put into record batches with their bytes as
/// they came, and the answer is sent when the log says that they are durable. Nothing waits in
/// memory beyond two budgets: requests (429) and bytes (503). Usable from any thread.
public final class Collector<FS: FileSystem, Clock: WallClock & MonotonicClock>: Sendable {
    private let log: EventLog<FS>
    private let clock: Clock
    private let options: CollectorOptions
    private let metrics: CollectorMetrics
    private let requestsWaiting = Atomic(0)
    private let bytesWaiting = Atomic(0)
    /// Requests without keys so far, by topic: each goes to the next partition.
    private let turns = Mutex<[TopicID: Int]>([:])

    /// A collector that appends to `log`.
    public init(
        log: EventLog<FS>,
        clock: Clock,
        options: CollectorOptions = CollectorOptions(),
        metrics: MetricsRegistry
    ) {
        self.log = log
        self.clock = clock
        self.options = options
        self.metrics = CollectorMetrics(metrics)
    }

    /// Answers one `POST /v1/events/{topic}`, now or when its events are durable.
    public func post(topic: String, _ request: HTTPRequest, _ responder: HTTPResponder) {
        do throws(CollectorError) {
            try take(topic, request, responder)
        } catch {
            refuse(error, responder)
        }
    }

    private func refuse(_ error: CollectorError, _ responder: HTTPResponder) {
        let problem = error.problem
        let isPostponed = problem.retryAfterSeconds != nil
        (isPostponed ? metrics.requestsPostponed : metrics.requestsRefused).add()
        responder.respond(problem)
    }

    private func take(
        _ name: String,
        _ request: HTTPRequest,
        _ responder: HTTPResponder
    ) throws(CollectorError) {
        let start: MonotonicInstant = clock.now()
        guard requestsWaiting.load(ordering: .relaxed) < options.requestsWaitingMax else {
            throw .tooManyRequests(limit: options.requestsWaitingMax)
        }
        if name.hasPrefix("__") { throw .internalTopic(name) }
        let known = log.topic(name)
        if known == nil && !options.createsTopics { throw .unknownTopic(name) }
        let asked = try RequestOptions(request)
        let body = try decoded(request.body, asked.encoding)
        let events = try EventScan.events(
            of: body.bytes,
            form: asked.form,
            keyField: asked.keyField,
            options: options
        )
        let now: Timestamp = clock.now()
        let plan = BatchPlan(
            headers: asked.headers,
            timestamp: now.milliseconds,
            options: options
        )
        guard plan.bytesMax(of: events, body: body.count) <= options.batchesBytesMax else {
            throw .batchesTooLarge(limit: options.batchesBytesMax)
        }
        let topic: Topic<FS>
        if let known { topic = known } else { topic = try create(name) }
        let routing = try routing(asked, topic)
        let batches = plan.batches(of: events, in: body.bytes, routing: routing)
        try append(batches, to: topic, start, responder)
    }

    private func decoded(
        _ body: Slab,
        _ encoding: CompressionCodec
    ) throws(CollectorError) -> Slab {
        guard encoding != .none else {
            if body.count > options.bodyBytesMax {
                throw .bodyTooLarge(limit: options.bodyBytesMax)
            }
            return body
        }
        var buffer = ByteBuffer(capacity: min(4 * body.count + 64, options.bodyBytesMax))
        do throws(CompressionError) {
            try encoding.decompress(body.bytes, into: &buffer, limit: options.bodyBytesMax)
        } catch {
            if case .tooLarge(let limit) = error.reason { throw .bodyTooLarge(limit: limit) }
            throw .undecodable(error)
        }
        return Slab(buffer)
    }

    private func create(_ name: String) throws(CollectorError) -> Topic<FS> {
        do throws(LogError) {
            return try log.createTopic(name, partitions: options.newTopicPartitions)
        } catch {
            // Another request may have been first.
            if case .topicExists = error, let topic = log.topic(name) { return topic }
            throw .log(error)
        }
    }

    private func routing(
        _ asked: RequestOptions,
        _ topic: Topic<FS>
    ) throws(CollectorError) -> BatchPlan.Routing {
        let count = topic.partitions.count
        if let text = asked.partition {
            guard let partition = Int(text), (0..<count).contains(partition) else {
                throw .invalidPartition(text, topic: topic.name, partitions: count)
            }
            return .one(partition)
        }
        if count == 1 { return .one(0) }
        if asked.keyField != nil { return .byKey(count: count) }
        let turn = turns.withLock { turns in
            let turn = turns[topic.id] ?? 0
            turns[topic.id] = turn &+ 1
            return turn
        }
        return .one(Int(UInt(bitPattern: turn) % UInt(count)))
    }

    // MARK: - Appending

    private func append(
        _ batches: [PartitionBatches],
        to topic: Topic<FS>,
        _ start: MonotonicInstant,
        _ responder: HTTPResponder
    ) throws(CollectorError) {
        let appends = batches.map { Append(topic.partitions[$0.partition], $0.take()) }
        let counts = batches.map(\.count)
        let bytes = appends.reduce(0) { $0 + $1.batches.count }
        let waiting = bytesWaiting.add(bytes, ordering: .relaxed).newValue
        // A single request is let through whatever its size, else one above the budget could never
        // be.
        guard waiting <= options.bytesWaitingMax || waiting == bytes else {
            bytesWaiting.subtract(bytes, ordering: .relaxed)
            throw .tooManyBytes(limit: options.bytesWaitingMax)
        }
        requestsWaiting.add(1, ordering: .relaxed)
        metrics.requestsWaiting.add(1)
        metrics.bytesWaiting.add(bytes)
        do throws(LogError) {
            let partitions = appends.map(\.partition.index)
            try log.append(appends) { [self] results in
                settle(bytes)
                answer(topic.name, partitions, counts, bytes, results, start, responder)
            }
        } catch {
            settle(bytes)
            throw .log(error)
        }
    }

    private func settle(_ bytes: Int) {
        bytesWaiting.subtract(bytes, ordering: .relaxed)
        requestsWaiting.subtract(1, ordering: .relaxed)
        metrics.requestsWaiting.add(-1)
        metrics.bytesWaiting.add(-bytes)
    }

    /// Runs on the log's writer thread: short, and blocks on nothing.
    private func answer(
        _ topic: String,
        _ partitions: [Int32],
        _ counts: [Int],
        _ bytes: Int,
        _ results: [AppendResult],
        _ start: MonotonicInstant,
        _ responder: HTTPResponder
    ) {
        var appended: [AppendedEvents] = []
        var failure: CollectorError?
        for (index, result) in results.enumerated() {
            switch result {
            case .success(let range):
                appended.append(
                    AppendedEvents(
                        partition: partitions[index],
                        baseOffset: range.baseOffset,
                        lastOffset: range.lastOffset,
                        count: counts[index]
                    )
                )
            case .failure(let error):
                failure = failure ?? .append(error, partition: partitions[index])
            }
        }
        let events = appended.reduce(0) { $0 + $1.count }
        metrics.events.add(events)
        let end: MonotonicInstant = clock.now()
        metrics.appendSeconds.observe(end - start)
        guard let failure else {
            metrics.eventBytes.add(bytes)
            metrics.requestsTaken.add()
            return responder.respond(CollectorAnswer.response(topic: topic, appended))
        }
        guard !appended.isEmpty else { return refuse(failure, responder) }
        metrics.requestsRefused.add()
        responder.respond(CollectorAnswer.partial(failure.problem, appended))
    }
}
