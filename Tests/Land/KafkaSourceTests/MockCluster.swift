import CRdKafka
import Clocks
import Glibc
import Threads

/// librdkafka's mock cluster: real brokers over loopback connections, with errors on demand, and a
/// producer to fill it.
@safe
final class MockCluster: @unchecked Sendable {
    // @unchecked Sendable: librdkafka's handles are thread-safe.
    private let producer: OpaquePointer
    private let cluster: OpaquePointer
    let brokers: String

    /// A record to produce.
    struct Item {
        var key: String?
        var value: String?
        var headers: [(String, String?)] = []
        var timestamp: Int64 = 1_700_000_000_000
    }

    init(brokers count: Int32 = 1) throws {
        let configuration = unsafe rd_kafka_conf_new()
        var reason = [CChar](repeating: 0, count: 256)
        unsafe rd_kafka_conf_set(configuration, "linger.ms", "1", &reason, reason.count)
        unsafe rd_kafka_conf_set(configuration, "log_level", "0", &reason, reason.count)
        // The cluster lives in the producer's handle; the handle's own address is replaced by it.
        unsafe rd_kafka_conf_set(
            configuration,
            "test.mock.num.brokers",
            String(count),
            &reason,
            reason.count
        )
        let made = unsafe rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &reason, reason.count)
        struct NotMade: Error {}
        guard let handle = unsafe made, let mock = unsafe rd_kafka_handle_mock_cluster(handle),
            let bootstraps = unsafe rd_kafka_mock_cluster_bootstraps(mock)
        else { throw NotMade() }
        unsafe producer = handle
        unsafe cluster = mock
        unsafe brokers = String(cString: bootstraps)
        unsafe rd_kafka_mock_set_controller_id(mock, 1)
        unsafe rd_kafka_mock_group_initial_rebalance_delay_ms(mock, 100)
    }

    deinit {
        unsafe rd_kafka_destroy(producer)
    }

    func create(_ topic: String, partitions: Int32 = 1) {
        unsafe rd_kafka_mock_topic_create(cluster, topic, partitions, 1)
    }

    func delete(_ topic: String) {
        unsafe rd_kafka_mock_topic_delete(cluster, topic)
    }

    /// The next requests of a kind are answered with these errors.
    func fail(_ api: Int16, _ codes: [rd_kafka_resp_err_t]) {
        unsafe codes.withUnsafeBufferPointer {
            unsafe rd_kafka_mock_push_request_errors_array(
                cluster,
                api,
                $0.count,
                $0.baseAddress
            )
        }
    }

    func setDown(_ isDown: Bool, broker: Int32 = 1) {
        _ =
            unsafe isDown
            ? rd_kafka_mock_broker_set_down(cluster, broker)
            : rd_kafka_mock_broker_set_up(cluster, broker)
    }

    func setLeader(_ topic: String, _ partition: Int32, broker: Int32) {
        unsafe rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker)
    }

    /// Produces and waits until all are acknowledged.
    func produce(_ items: [Item], to topic: String, _ partition: Int32 = 0) {
        for item in items { produce(item, to: topic, partition) }
        unsafe rd_kafka_flush(producer, 10_000)
    }

    func produce(values: [String], to topic: String, _ partition: Int32 = 0) {
        produce(values.map { Item(value: $0) }, to: topic, partition)
    }

    private func produce(_ item: Item, to topic: String, _ partition: Int32) {
        let headers = unsafe rd_kafka_headers_new(item.headers.count)
        for (name, value) in item.headers {
            if let value {
                unsafe rd_kafka_header_add(headers, name, -1, value, value.utf8.count)
            } else {
                unsafe rd_kafka_header_add(headers, name, -1, nil, 0)
            }
        }
        // SAFETY: the texts live through the call, and librdkafka copies them.
        unsafe topic.withCString { topic in
            unsafe withOptionalBytes(item.key) { key in
                unsafe withOptionalBytes(item.value) { value in
                    var parts = unsafe [
                        Self.part(RD_KAFKA_VTYPE_TOPIC) { unsafe $0.cstr = topic },
                        Self.part(RD_KAFKA_VTYPE_PARTITION) { unsafe $0.i32 = partition },
                        Self.part(RD_KAFKA_VTYPE_TIMESTAMP) { unsafe $0.i64 = item.timestamp },
                        Self.part(RD_KAFKA_VTYPE_MSGFLAGS) { unsafe $0.i = RD_KAFKA_MSG_F_COPY },
                        Self.part(RD_KAFKA_VTYPE_HEADERS) { unsafe $0.headers = headers },
                        Self.part(RD_KAFKA_VTYPE_KEY) {
                            unsafe $0.mem.ptr = UnsafeMutableRawPointer(mutating: key?.baseAddress)
                            unsafe $0.mem.size = key?.count ?? 0
                        },
                        Self.part(RD_KAFKA_VTYPE_VALUE) {
                            unsafe $0.mem.ptr =
                                UnsafeMutableRawPointer(mutating: value?.baseAddress)
                            unsafe $0.mem.size = value?.count ?? 0
                        },
                    ]
                    if let error = unsafe rd_kafka_produceva(producer, &parts, parts.count) {
                        unsafe rd_kafka_error_destroy(error)
                        preconditionFailure("the mock cluster's producer is full")
                    }
                }
            }
        }
    }

    private static func part(
        _ type: rd_kafka_vtype_t,
        _ set: (inout rd_kafka_vu_t.__Unnamed_union_u) -> Void
    ) -> rd_kafka_vu_t {
        var part = unsafe rd_kafka_vu_t()
        unsafe part.vtype = type
        unsafe set(&part.u)
        return unsafe part
    }

    /// The offset that `group` has stored; negative for none.
    func stored(group: String, _ topic: String, _ partition: Int32) -> Int64 {
        let configuration = unsafe rd_kafka_conf_new()
        var reason = [CChar](repeating: 0, count: 256)
        unsafe rd_kafka_conf_set(configuration, "bootstrap.servers", brokers, &reason, 256)
        unsafe rd_kafka_conf_set(configuration, "group.id", group, &reason, 256)
        guard let reader = unsafe rd_kafka_new(RD_KAFKA_CONSUMER, configuration, &reason, 256)
        else { return -1 }
        defer { unsafe rd_kafka_destroy(reader) }
        let list = unsafe rd_kafka_topic_partition_list_new(1)
        defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
        let element = unsafe rd_kafka_topic_partition_list_add(list, topic, partition)
        unsafe rd_kafka_committed(reader, list, 10_000)
        return unsafe element?.pointee.offset ?? -1
    }
}

/// An empty text has an address, too: a key or value without bytes is not null.
private func withOptionalBytes(
    _ text: String?,
    _ body: (UnsafeRawBufferPointer?) -> Void
) {
    guard let text else {
        body(nil)
        return
    }
    unsafe (Array(text.utf8) + [0]).withUnsafeBytes { bytes in
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
    }
}

/// Polls until `condition` gives something, for at most twenty seconds.
func eventually<Value>(_ condition: () throws -> Value?) rethrows -> Value? {
    let clock = SystemClocks()
    let started: MonotonicInstant = clock.now()
    let pause = Condition(())
    while clock.now() - started < .seconds(20) {
        if let value = try condition() { return value }
        let nothing: Void? = pause.wait(timeout: .milliseconds(10)) { _ in nil }
        _ = nothing
    }
    return nil
}
