internal import CRdKafka
import Telemetry
import Threads

/// One connection to a Kafka cluster: owns librdkafka's handle and the thread that serves its
/// callbacks. Usable from any thread, as the handle is.
///
/// SAFETY: the handle lives from `init` to `deinit`; what librdkafka calls back is `news`, which is
/// retained until the handle is gone. Everything that uses the handle holds the client.
@safe
final class KafkaClient: @unchecked Sendable {
    // @unchecked Sendable: librdkafka's handle is thread-safe, and nothing here changes.
    let handle: OpaquePointer
    let news: KafkaNews
    /// The consumer group that landed offsets are told to; nil for none.
    let group: String?
    let readsUncommitted: Bool
    /// The queue that callbacks wait in until they are served.
    let callbacks: OpaquePointer?
    private let isPolling: Condition<Bool>
    private let poller: Thread

    /// A connection that is being made in the background.
    ///
    /// - Parameter partitions: how many are going to be read, about.
    init(
        _ properties: KafkaProperties,
        group: String?,
        partitions: Int,
        logger: Logger
    ) throws(KafkaLogError) {
        let news = KafkaNews(logger: logger)
        let configuration = unsafe rd_kafka_conf_new()
        do throws(KafkaLogError) {
            try unsafe properties.apply(to: configuration, partitions: partitions, group: group)
        } catch {
            unsafe rd_kafka_conf_destroy(configuration)
            throw error
        }
        let handle = try unsafe Self.consumer(configuration, telling: news)
        unsafe self.handle = handle
        self.news = news
        self.group = group
        readsUncommitted = properties.readsUncommitted
        unsafe callbacks = rd_kafka_queue_get_main(handle)
        let isPolling = Condition(true)
        self.isPolling = isPolling
        let bits = UInt(bitPattern: handle)
        poller = Thread("kafka callbacks") {
            // SAFETY: `deinit` joins this thread before it frees the handle.
            guard let handle = unsafe OpaquePointer(bitPattern: bits) else { return }
            while isPolling.withLock({ $0 }) { unsafe rd_kafka_poll(handle, 60_000) }
        }
    }

    deinit {
        news.waitForCommits(.seconds(1))
        isPolling.update { $0 = false }
        unsafe rd_kafka_queue_yield(callbacks)
        poller.join()
        unsafe rd_kafka_queue_destroy(callbacks)
        unsafe rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        // SAFETY: retained in `init`; without the handle nobody calls back any more.
        unsafe Unmanaged.passUnretained(news).release()
    }

    /// A consumer that takes `configuration` over and retains `news`, which whoever destroys the
    /// handle releases then.
    static func consumer(
        _ configuration: OpaquePointer?,
        telling news: KafkaNews
    ) throws(KafkaLogError) -> OpaquePointer {
        let context = unsafe Unmanaged.passRetained(news)
        unsafe setCallbacks(configuration, context.toOpaque())
        var reason = [CChar](repeating: 0, count: 512)
        // The new handle takes the configuration over, but only when it is made.
        guard
            let handle = unsafe rd_kafka_new(
                RD_KAFKA_CONSUMER,
                configuration,
                &reason,
                reason.count
            )
        else {
            unsafe rd_kafka_conf_destroy(configuration)
            unsafe context.release()
            throw KafkaLogError(text(reason))
        }
        return unsafe handle
    }

    /// Has errors and log lines of the handle told to `context`, a KafkaNews.
    private static func setCallbacks(
        _ configuration: OpaquePointer?,
        _ context: UnsafeMutableRawPointer
    ) {
        // SAFETY: `context` is a KafkaNews that outlives the handle; see the type.
        unsafe rd_kafka_conf_set_opaque(configuration, context)
        unsafe rd_kafka_conf_set_error_cb(configuration) { _, code, reason, context in
            guard let context = unsafe context else { return }
            let news = unsafe Unmanaged<KafkaNews>.fromOpaque(context).takeUnretainedValue()
            let words = unsafe reason.map { unsafe String(cString: $0) } ?? ""
            news.connectionFailed(rd_kafka_resp_err_t(rawValue: code), words)
        }
        unsafe rd_kafka_conf_set_log_cb(configuration) { handle, level, facility, line in
            guard let handle = unsafe handle, let context = unsafe rd_kafka_opaque(handle),
                let line = unsafe line, let facility = unsafe facility
            else { return }
            // SAFETY: the opaque pointer is the handle's KafkaNews; the texts end with zero.
            let news = unsafe Unmanaged<KafkaNews>.fromOpaque(context).takeUnretainedValue()
            let name = unsafe String(cString: facility)
            let text = unsafe String(cString: line)
            // Connections that fail are told by `trouble`; here they would be told for ever. And
            // that one of our own properties is an old one is no news.
            let isWarning = name == "CONFWARN" && !text.contains("auto.commit.enable")
            if level <= 2 || isWarning {
                news.logger.warning("librdkafka", ["line": text])
            } else {
                news.logger.debug("librdkafka", ["line": text])
            }
        }
    }
}
