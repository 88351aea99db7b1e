import Bytes
internal import CRdKafka
import Clocks
import Glibc
import KafkaProtocol
import Pipelines
import Synchronization

/// What reading a partition has come to.
enum ReadOutcome {
    /// Batches were appended, or there was nothing yet.
    case fine
    /// librdkafka says that it cannot go on; the next read starts anew.
    case failed(rd_kafka_resp_err_t, reason: String)
}

/// One partition's queue: librdkafka fetches into it ahead of us, and we make record batches of
/// what is in it.
///
/// Reading belongs to one thread; what is there to read may be asked from any.
///
/// SAFETY: queue, topic and name live from `init` (the queue from `start`) to `deinit` or the next
/// `start`; the client, and with it the handle, is held until then.
@safe
final class PartitionReader: @unchecked Sendable {
    // @unchecked Sendable: `next`, `restartAfter` and `bytesEach` belong to the reading thread;
    // `queue` changes under `state`'s lock only.
    let partition: SourcePartition
    private let client: KafkaClient
    private let topic: OpaquePointer
    private let name: UnsafeMutablePointer<CChar>
    private let slots: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private let state = Mutex(State())
    private var next: Int64 = 0
    private var restartAfter: MonotonicInstant?
    /// What a record takes, about: so many are taken at a time that they fill what was asked for.
    private var bytesEach = 256

    @safe
    private struct State: @unchecked Sendable {
        // @unchecked Sendable: the handle is thread-safe.
        /// The queue that is fetched into; nil while nothing is fetched.
        var queue: OpaquePointer?
        /// The offset at which the partition's end was met, with nothing read since; else -1.
        var endSeen: Int64 = -1
        /// Offset after everything that was read.
        var reached: Int64 = 0
    }

    private static let slotCount = 512
    private static let restartPause = Duration.seconds(1)

    /// A reader that has not started; nil when the topic's name cannot be one.
    init?(_ partition: SourcePartition, client: KafkaClient) {
        guard let topic = unsafe rd_kafka_topic_new(client.handle, partition.topic, nil),
            let name = unsafe strdup(partition.topic)
        else { return nil }
        self.partition = partition
        self.client = client
        unsafe self.topic = topic
        unsafe self.name = name
        unsafe slots = .allocate(capacity: Self.slotCount)
        unsafe slots.initialize(repeating: nil, count: Self.slotCount)
    }

    deinit {
        stop()
        unsafe rd_kafka_topic_destroy(topic)
        unsafe free(name)
        unsafe slots.deallocate()
    }

    // Life

    /// Has records fetched from `offset` on, if they are not already.
    func start(at offset: Int64, now: MonotonicInstant) {
        if isStarted, next == offset { return }
        stop()
        next = offset
        // After a failure librdkafka would tell the same again at once.
        if let restartAfter, now < restartAfter { return }
        restartAfter = nil
        guard let queue = unsafe rd_kafka_queue_new(client.handle) else { return }
        let news = unsafe Unmanaged.passUnretained(client.news).toOpaque()
        unsafe rd_kafka_queue_cb_event_enable(
            queue,
            { _, context in
                guard let context = unsafe context else { return }
                // SAFETY: the news outlive the handle, and the handle the queue.
                unsafe Unmanaged<KafkaNews>.fromOpaque(context).takeUnretainedValue().arrived()
            },
            news
        )
        if unsafe rd_kafka_consume_start_queue(topic, partition.index, offset, queue) == 0 {
            state.withLock { state in
                unsafe state.queue = queue
                state.endSeen = -1
                state.reached = offset
            }
        } else {
            client.news.failed(text(rd_kafka_last_error()))
            unsafe rd_kafka_queue_cb_event_enable(queue, nil, nil)
            unsafe rd_kafka_queue_destroy(queue)
            restartAfter = now + Self.restartPause
        }
    }

    /// Ends fetching; what was fetched and not read is dropped.
    private func stop() {
        let queue = unsafe state.withLock { state in
            let queue = unsafe state.queue
            unsafe state.queue = nil
            state.endSeen = -1
            return unsafe queue
        }
        guard let queue = unsafe queue else { return }
        unsafe rd_kafka_queue_cb_event_enable(queue, nil, nil)
        unsafe rd_kafka_consume_stop(topic, partition.index)
        unsafe rd_kafka_queue_destroy(queue)
    }

    // What there is

    /// True when something waits in the queue.
    var hasNews: Bool {
        state.withLock { state in
            unsafe state.queue.map { unsafe rd_kafka_queue_length($0) > 0 } ?? false
        }
    }

    private var isStarted: Bool {
        state.withLock { state in unsafe state.queue != nil }
    }

    /// The partition's end as far as fetching has told; nil when it has not. Beyond the true one
    /// while something unread may turn out to be no record.
    var liveEnd: Int64? {
        state.withLock { state in
            guard let queue = unsafe state.queue else { return nil }
            let hasNews = unsafe rd_kafka_queue_length(queue) > 0
            if state.endSeen >= 0, !hasNews { return state.endSeen }
            var low: Int64 = -1
            var high: Int64 = -1
            let index = partition.index
            let code = unsafe rd_kafka_get_watermark_offsets(
                client.handle,
                name,
                index,
                &low,
                &high
            )
            let isKnown = code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0
            // Whatever waits must be read, if only to learn that it is no record.
            if hasNews { return max(isKnown ? high : 0, state.reached + 1) }
            return isKnown ? high : nil
        }
    }

    // Reading

    /// Appends what has been fetched from `offset` on as record batches, up to about `bytesMax`;
    /// waits at most `patience` for the first record.
    func read(
        from offset: Int64,
        bytesMax: Int,
        patience: Duration,
        now: MonotonicInstant,
        into buffer: inout ByteBuffer
    ) -> ReadOutcome {
        start(at: offset, now: now)
        guard let queue = unsafe state.withLock({ state in unsafe state.queue }) else {
            return .fine
        }
        var assembly = BatchAssembly(from: offset, buffer: buffer.count)
        var failure: (code: rd_kafka_resp_err_t, reason: String)?
        while failure == nil, buffer.count - assembly.start < bytesMax {
            let room = bytesMax - (buffer.count - assembly.start)
            let wanted = min(Self.slotCount, room / bytesEach + 1)
            var count = unsafe rd_kafka_consume_batch_queue(queue, 0, slots, wanted)
            if count <= 0 {
                let isEnd = state.withLock { $0.endSeen == assembly.next }
                if assembly.next > offset || isEnd || patience <= .zero { break }
                // A batch would wait until it is full; one message does not.
                unsafe slots[0] = rd_kafka_consume_queue(queue, patience.milliseconds)
                guard unsafe slots[0] != nil else { break }
                count = 1
            }
            for index in 0..<count {
                // SAFETY: librdkafka filled `count` slots with messages that are ours to free.
                guard let message = unsafe slots[index] else { continue }
                if failure == nil {
                    unsafe take(message, &assembly, &failure, into: &buffer)
                }
                unsafe rd_kafka_message_destroy(message)
            }
        }
        assembly.finish(into: &buffer)
        next = assembly.next
        state.withLock { $0.reached = assembly.next }
        if assembly.records > 0 {
            client.news.answered()
            bytesEach = max(1, (buffer.count - assembly.start) / assembly.records)
        }
        guard let failure else { return .fine }
        stop()
        restartAfter = now + Self.restartPause
        return .failed(failure.code, reason: failure.reason)
    }

    /// Adds a message, or learns what librdkafka says in place of one.
    private func take(
        _ message: UnsafeMutablePointer<rd_kafka_message_t>,
        _ assembly: inout BatchAssembly,
        _ failure: inout (code: rd_kafka_resp_err_t, reason: String)?,
        into buffer: inout ByteBuffer
    ) {
        switch unsafe message.pointee.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            if unsafe assembly.append(message, into: &buffer) {
                state.withLock { $0.endSeen = -1 }
            }
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            let end = unsafe message.pointee.offset
            assembly.reach(end)
            state.withLock { $0.endSeen = max(end, assembly.next) }
        default:
            let words = unsafe rd_kafka_message_errstr(message).map { unsafe String(cString: $0) }
            failure = unsafe (message.pointee.err, words ?? text(message.pointee.err))
        }
    }
}
