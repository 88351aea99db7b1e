internal import CRdKafka
import Telemetry
import Threads

/// Why an event is not in the log.
struct ProduceError: Error, Equatable {
    /// What librdkafka says.
    let message: String
}

/// Sends events to one topic and tells when the log has acknowledged them. Usable from any thread.
///
/// librdkafka collects for a millisecond, so that requests that come together travel together; it
/// retries, and being idempotent it never sends an event twice.
@safe
final class EventProducer: @unchecked Sendable {
    // @unchecked Sendable: librdkafka's handles are thread-safe; they are freed once, in `close`.
    typealias Completion = @Sendable (Result<Int64, ProduceError>) -> Void

    private let producer: OpaquePointer
    private let topic: OpaquePointer
    private let isPolling: Condition<Bool>
    private let poller: Thread

    init(brokers: String, topic name: String) throws(ProduceError) {
        let configuration = unsafe rd_kafka_conf_new()
        do throws(ProduceError) {
            for (key, value) in [
                ("bootstrap.servers", brokers), ("client.id", "game-api"), ("acks", "all"),
                ("enable.idempotence", "true"), ("linger.ms", "1"),
                ("message.timeout.ms", "5000"), ("log_level", "0"),
            ] {
                try unsafe Self.set(configuration, key, value)
            }
        } catch {
            unsafe rd_kafka_conf_destroy(configuration)
            throw error
        }
        unsafe rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, _ in
            guard let message = unsafe message?.pointee,
                let context = unsafe message._private
            else { return }
            // SAFETY: `send` retained the delivery for this one report.
            let delivery = unsafe Unmanaged<Delivery>.fromOpaque(context).takeRetainedValue()
            unsafe delivery.completion(
                message.err == RD_KAFKA_RESP_ERR_NO_ERROR
                    ? .success(message.offset) : .failure(ProduceError(code: message.err))
            )
        }
        var reason = [CChar](repeating: 0, count: 512)
        // SAFETY: the new handle takes over the configuration when it is made.
        let made = unsafe rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &reason, reason.count)
        guard let producer = unsafe made else {
            unsafe rd_kafka_conf_destroy(configuration)
            throw ProduceError(message: text(reason))
        }
        guard let topic = unsafe rd_kafka_topic_new(producer, name, nil) else {
            unsafe rd_kafka_destroy(producer)
            throw ProduceError(message: "the topic's name '\(name)' is invalid")
        }
        unsafe self.producer = producer
        unsafe self.topic = topic
        let isPolling = Condition(true)
        self.isPolling = isPolling
        let handle = UInt(bitPattern: producer)
        poller = Thread("game-delivery") {
            // Delivery reports come in here. SAFETY: `close` joins this thread before it frees the
            // producer.
            guard let producer = unsafe OpaquePointer(bitPattern: handle) else { return }
            while isPolling.withLock({ $0 }) { unsafe rd_kafka_poll(producer, 100) }
        }
    }

    private static func set(
        _ configuration: OpaquePointer?,
        _ key: String,
        _ value: String
    ) throws(ProduceError) {
        var reason = [CChar](repeating: 0, count: 512)
        // SAFETY: the strings live through the call; the buffer is as large as said.
        let result = unsafe rd_kafka_conf_set(configuration, key, value, &reason, reason.count)
        if result != RD_KAFKA_CONF_OK { throw ProduceError(message: text(reason)) }
    }

    /// Sends `event`; `completion` gets its offset, or why it is not in the log, on a thread of the
    /// producer.
    func send(_ event: String, completion: @escaping Completion) {
        let delivery = unsafe Unmanaged.passRetained(Delivery(completion)).toOpaque()
        var bytes = Array(event.utf8)
        // SAFETY: librdkafka copies the bytes; the delivery is released by its report, or below
        // when there will be none.
        let code = unsafe rd_kafka_produce(
            topic,
            -1,
            RD_KAFKA_MSG_F_COPY,
            &bytes,
            bytes.count,
            nil,
            0,
            delivery
        )
        if code != 0 {
            let failed = unsafe Unmanaged<Delivery>.fromOpaque(delivery).takeRetainedValue()
            failed.completion(.failure(ProduceError(code: rd_kafka_last_error())))
        }
    }

    /// Waits for all outstanding reports, at most `milliseconds`, and ends. False when some are
    /// still missing.
    func close(milliseconds: Int32) -> Bool {
        let isFlushed = unsafe rd_kafka_flush(producer, milliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR
        isPolling.update { $0 = false }
        poller.join()
        // SAFETY: nobody uses the handles any more: the owner closes once, after its last `send`.
        unsafe rd_kafka_topic_destroy(topic)
        unsafe rd_kafka_destroy(producer)
        return isFlushed
    }
}

/// One event on its way.
private final class Delivery {
    let completion: EventProducer.Completion
    init(_ completion: @escaping EventProducer.Completion) { self.completion = completion }
}

extension ProduceError {
    fileprivate init(code: rd_kafka_resp_err_t) {
        // SAFETY: librdkafka's texts are constants.
        message = unsafe rd_kafka_err2str(code).map { unsafe String(cString: $0) } ?? "unknown"
    }
}

private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
