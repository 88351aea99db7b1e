internal import CRdKafka

/// The settings of a connection: librdkafka's own properties, any of them.
///
/// Ours come first, then the user's; those on which exactly once depends cannot be changed.
public struct KafkaProperties: Sendable {
    /// What the user wrote, in the order of writing.
    public let written: [(name: String, value: String)]

    /// The properties as the user wrote them.
    ///
    /// Throws when librdkafka does not know one, or not such a value of it, or when one is ours to
    /// set.
    public init(_ written: [(name: String, value: String)]) throws(KafkaLogError) {
        self.written = written
        for (name, value) in written {
            if let ours = Self.fixed.first(where: { $0.name == name }), ours.value != value {
                throw KafkaLogError("\(name) is \(ours.value) in a pipeline and cannot be changed")
            }
            if name == "group.id" {
                throw KafkaLogError("group.id is made of the names of pipeline and table")
            }
        }
        guard written.contains(where: { $0.name == "bootstrap.servers" }) else {
            throw KafkaLogError("bootstrap.servers is missing: say where the cluster is")
        }
        let configuration = unsafe rd_kafka_conf_new()
        // SAFETY: nobody else has seen the configuration; it is freed here.
        defer { unsafe rd_kafka_conf_destroy(configuration) }
        try unsafe apply(to: configuration, partitions: 1)
    }

    /// A pipeline decides itself where it goes on and what it has landed.
    private static let fixed: [(name: String, value: String)] = [
        ("enable.auto.commit", "false"), ("auto.commit.enable", "false"),
        ("enable.auto.offset.store", "false"), ("enable.partition.eof", "true"),
        ("auto.offset.reset", "error"),
    ]

    /// Defaults of ours; librdkafka's for everything else.
    ///
    /// What is fetched ahead is bounded for each partition, so the bound shrinks when there are
    /// many: 32 MiB together, at least 256 KiB each.
    private static func defaults(partitions: Int) -> [(name: String, value: String)] {
        let kilobytes = min(max(32_768 / max(partitions, 1), 256), 8192)
        return [
            ("client.id", "millrace"), ("isolation.level", "read_committed"),
            ("check.crcs", "true"), ("socket.keepalive.enable", "true"),
            ("queued.max.messages.kbytes", String(kilobytes)),
            ("fetch.message.max.bytes", String(min(kilobytes, 1024) * 1024)),
            // A broker has one fetch under way: while it waits for partitions at their end, the
            // others wait, too.
            ("fetch.wait.max.ms", "100"), ("fetch.queue.backoff.ms", "1"),
            ("fetch.max.bytes", String(16 << 20)),
            ("reconnect.backoff.max.ms", "2000"), ("topic.metadata.refresh.interval.ms", "5000"),
        ]
    }

    /// True when records of transactions that have not ended are read, too.
    var readsUncommitted: Bool {
        written.last { $0.name == "isolation.level" }?.value == "read_uncommitted"
    }

    /// Sets everything in `configuration`.
    func apply(
        to configuration: OpaquePointer?,
        partitions: Int,
        group: String? = nil,
        more: [(name: String, value: String)] = []
    ) throws(KafkaLogError) {
        let names = Set(written.map(\.name))
        var all = Self.defaults(partitions: partitions).filter { !names.contains($0.name) }
        all += written
        all += Self.fixed
        all += more
        if let group { all.append(("group.id", group)) }
        var reason = [CChar](repeating: 0, count: 512)
        for (name, value) in all {
            // SAFETY: the strings live through the call; the buffer is as large as said.
            let result = unsafe rd_kafka_conf_set(
                configuration,
                name,
                value,
                &reason,
                reason.count
            )
            if result != RD_KAFKA_CONF_OK { throw KafkaLogError(text(reason)) }
        }
    }
}

/// The text in a C buffer, up to its end mark.
func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// librdkafka's text for an error code.
func text(_ code: rd_kafka_resp_err_t) -> String {
    // SAFETY: librdkafka's texts are constants.
    unsafe rd_kafka_err2str(code).map { unsafe String(cString: $0) } ?? "error \(code.rawValue)"
}
