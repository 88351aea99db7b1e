public import Bytes
internal import EventLog
public import Files
internal import KafkaProtocol
internal import Synchronization

extension Broker {
    internal func fetch(_ request: FetchAPI.Request, _ call: Call) -> Handling<FS> {
        .fetch(FetchCall(self, request, call))
    }
}

/// A Fetch whose turn has come: it writes an answer, or waits for records without holding any
/// memory for them.
///
/// The owner of the connection calls `attempt`; when that gives nothing, `park`, and again
/// `attempt` when it was woken or `waitMax` has passed, then with `isFinal`. One thread at a time.
public final class FetchCall<FS: FileSystem>: Sendable {
    /// How long the client is willing to wait.
    public let waitMax: Duration
    private let request: FetchAPI.Request
    private let call: Call
    private let bytesMax: Int
    private let error: ErrorCode
    /// In the order of the request.
    private let partitions: [[Source]]
    private let log: EventLog<FS>
    private let parking = Mutex(Parking())

    /// What `park` has to know, and has done.
    private struct Parking: Sendable {
        /// High watermarks as the last attempt saw them, in the order of the request.
        var seen: [Int64] = []
        var tokens: [(Partition<FS>, WakeToken)] = []
    }

    /// Where to read for one partition of the request.
    private struct Source: Sendable {
        let asked: FetchAPI.Request.Topic.Partition
        let partition: Partition<FS>?
        let error: ErrorCode
    }

    internal init(_ broker: Broker<FS>, _ request: FetchAPI.Request, _ call: Call) {
        self.request = request
        self.call = call
        log = broker.log
        waitMax = min(
            .milliseconds(max(0, Int(request.waitMillisecondsMax))),
            broker.options.fetchWaitMax
        )
        bytesMax = min(max(0, Int(request.bytesMax)), broker.options.fetchBytesMax)
        // Sessions are not offered: every answer says so, and no client goes on with one.
        error =
            request.sessionID != 0 && request.sessionEpoch > 0 ? .fetchSessionIDNotFound : .none
        partitions = request.topics.map { topic in
            let found =
                call.version >= 13 ? broker.log.topic(id: topic.id) : broker.log.topic(topic.name)
            return topic.partitions.map { asked in
                let error: ErrorCode
                if found == nil {
                    error = call.version >= 13 ? .unknownTopicID : .unknownTopicOrPartition
                } else if found?.partitions.indices.contains(Int(asked.index)) != true {
                    error = .unknownTopicOrPartition
                } else if asked.currentLeaderEpoch > 0 {
                    error = .unknownLeaderEpoch
                } else {
                    error = .none
                }
                let partition = error == .none ? found?.partitions[Int(asked.index)] : nil
                return Source(asked: asked, partition: partition, error: error)
            }
        }
    }

    /// Appends the answer to `output` if there is enough to say; else leaves it as it was and
    /// returns false.
    ///
    /// - Parameter isFinal: answer in any case.
    public func attempt(into output: inout ByteBuffer, isFinal: Bool) -> Bool {
        let start = output.count
        var taken = ByteBuffer(capacity: 0)
        swap(&taken, &output)
        let frame = Frame.beginResponse(to: call.header, in: &taken)
        var tally = Tally(left: bytesMax, isUrgent: isFinal || waitMax == .zero)
        var options = FetchResponseWriter.Options()
        options.errorCode = error
        if error != .none { tally.isUrgent = true }
        let topics = error == .none ? request.topics : []
        var writer = FetchResponseWriter(
            taken,
            version: call.version,
            topicCount: topics.count,
            options: options
        )
        if topics.isEmpty { tally.isUrgent = true }
        for (topic, sources) in zip(topics, partitions) {
            writer.beginTopic(name: topic.name, id: topic.id, partitionCount: sources.count)
            for source in sources {
                writer.partition(source.asked.index) { buffer in
                    Self.read(source, into: &buffer, &tally)
                }
            }
        }
        output = writer.finish()
        guard tally.isUrgent || tally.bytes >= max(1, Int(request.bytesMin)) else {
            output.truncate(to: start)
            parking.withLock { $0.seen = tally.seen }
            return false
        }
        Frame.end(frame, in: &output)
        return true
    }

    private struct Tally {
        /// Bytes the answer may still have.
        var left: Int
        var bytes = 0
        /// There is something the client should know at once.
        var isUrgent: Bool
        var seen: [Int64] = []
    }

    private static func read(
        _ source: Source,
        into buffer: inout ByteBuffer,
        _ tally: inout Tally
    ) -> FetchResponseWriter.Partition {
        guard let partition = source.partition else {
            tally.isUrgent = true
            return FetchResponseWriter.Partition(error: source.error)
        }
        let begin = buffer.count
        let limit = min(max(0, Int(source.asked.bytesMax)), max(0, tally.left))
        var known = FetchResponseWriter.Partition()
        do throws(LogError) {
            let result = try partition.read(
                from: source.asked.fetchOffset,
                maxBytes: limit,
                into: &buffer
            )
            // Only the first batch of an answer may be larger than what was asked for.
            if result.bytes > limit && tally.bytes > 0 { buffer.truncate(to: begin) }
            known.highWatermark = result.highWatermark
            known.lastStableOffset = result.highWatermark
            known.logStartOffset = result.logStartOffset
        } catch {
            tally.isUrgent = true
            known.errorCode = ErrorCode(error)
            let range = partition.range
            known.highWatermark = range.upperBound
            known.lastStableOffset = range.upperBound
            known.logStartOffset = range.lowerBound
        }
        tally.seen.append(known.highWatermark)
        tally.bytes += buffer.count - begin
        tally.left -= buffer.count - begin
        return known
    }

    /// Calls `wake`, from any thread and perhaps more than once, when another `attempt` may have
    /// more to say.
    public func park(_ wake: @escaping @Sendable () -> Void) {
        unpark()
        let seen = parking.withLock { $0.seen }
        for (source, end) in zip(partitions.joined(), seen) {
            guard let partition = source.partition else { continue }
            // What came after the attempt wakes at once.
            let token = partition.wake(beyond: end, wake)
            parking.withLock { $0.tokens.append((partition, token)) }
        }
    }

    /// Takes back what `park` asked for.
    public func unpark() {
        let tokens = parking.withLock { parking in
            defer { parking.tokens = [] }
            return parking.tokens
        }
        for (partition, token) in tokens { partition.cancel(token) }
    }
}
