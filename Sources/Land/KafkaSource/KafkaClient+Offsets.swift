internal import CRdKafka
import Clocks
import Pipelines
import Threads

extension KafkaClient {
    /// First and last stable offset of each partition, in two requests for all. Partitions that the
    /// cluster does not know are left out.
    func bounds(
        of partitions: [SourcePartition],
        timeout: Duration
    ) throws(LogSourceError) -> [SourcePartition: SourceBounds] {
        // -2 is the first offset, -1 the end.
        let starts = try list(partitions, spec: -2, timeout: timeout)
        let ends = try list(partitions, spec: -1, timeout: timeout)
        var bounds: [SourcePartition: SourceBounds] = [:]
        for (partition, start) in starts {
            if let end = ends[partition] {
                bounds[partition] = SourceBounds(start: start, end: max(start, end))
            }
        }
        return bounds
    }

    /// The first offset at or after a time in milliseconds since 1970; nil when all are older.
    func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64,
        timeout: Duration
    ) throws(LogSourceError) -> Int64? {
        let found = try list([partition], spec: timestamp, timeout: timeout)
        return found[partition].flatMap { $0 < 0 ? nil : $0 }
    }

    /// Offsets by `spec`; leaders that are being elected are asked again within the time.
    private func list(
        _ partitions: [SourcePartition],
        spec: Int64,
        timeout: Duration
    ) throws(LogSourceError) -> [SourcePartition: Int64] {
        let clock = SystemClocks()
        let started: MonotonicInstant = clock.now()
        let pause = Condition(())
        while true {
            let found = try listOnce(partitions, spec: spec, timeout: timeout)
            guard let reason = found.reason else { return found.offsets }
            guard clock.now() - started < timeout else {
                news.failed(reason)
                throw .unavailable(reason)
            }
            let nothing: Void? = pause.wait(timeout: .milliseconds(100)) { _ in nil }
            _ = nothing
        }
    }

    private func listOnce(
        _ partitions: [SourcePartition],
        spec: Int64,
        timeout: Duration
    ) throws(LogSourceError) -> (offsets: [SourcePartition: Int64], reason: String?) {
        let isolation: Int32 = readsUncommitted ? 0 : 1
        return try unsafe ask(timeout) { handle, options, queue in
            let list = unsafe Self.list(partitions.map { ($0, spec) })
            if let error = unsafe rd_kafka_AdminOptions_set_isolation_level(options, isolation) {
                unsafe rd_kafka_error_destroy(error)
            }
            unsafe rd_kafka_ListOffsets(handle, list, options, queue)
            unsafe rd_kafka_topic_partition_list_destroy(list)
        } answer: { event in
            // SAFETY: everything that is read belongs to the event.
            guard let result = unsafe rd_kafka_event_ListOffsets_result(event) else { return nil }
            var count = 0
            let infos = unsafe rd_kafka_ListOffsets_result_infos(result, &count)
            var offsets: [SourcePartition: Int64] = [:]
            var reason: String?
            for index in 0..<count {
                // SAFETY: within the count; the element belongs to the event.
                guard let info = unsafe infos?[index],
                    let found = unsafe rd_kafka_ListOffsetsResultInfo_topic_partition(info)
                else { continue }
                let partition = unsafe SourcePartition(found.pointee)
                switch unsafe found.pointee.err {
                case RD_KAFKA_RESP_ERR_NO_ERROR:
                    offsets[partition] = unsafe found.pointee.offset
                case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
                    break
                default:
                    reason =
                        unsafe "\(partition.topic)-\(partition.index): "
                        + text(found.pointee.err)
                }
            }
            return (offsets, reason)
        }
    }

    /// Tells the consumer group how far landing has come; the answer goes to `news`.
    func store(_ positions: [SourcePartition: Int64]) {
        guard group != nil, !positions.isEmpty else { return }
        let list = unsafe Self.list(positions.map { ($0.key, $0.value) })
        news.commitBegins()
        // SAFETY: librdkafka copies the list; `news` outlives the handle and its callbacks.
        let code = unsafe rd_kafka_commit_queue(
            handle,
            list,
            callbacks,
            { _, code, _, context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<KafkaNews>.fromOpaque(context).takeUnretainedValue()
                    .commitEnded(code)
            },
            Unmanaged.passUnretained(news).toOpaque()
        )
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { news.commitEnded(code) }
        unsafe rd_kafka_topic_partition_list_destroy(list)
    }

    /// A list that the caller frees.
    static func list(
        _ positions: [(partition: SourcePartition, offset: Int64)]
    ) -> UnsafeMutablePointer<rd_kafka_topic_partition_list_t>? {
        let list = unsafe rd_kafka_topic_partition_list_new(Int32(clamping: positions.count))
        for (partition, offset) in positions {
            // SAFETY: the element belongs to the list; librdkafka copies the name.
            let element = unsafe rd_kafka_topic_partition_list_add(
                list,
                partition.topic,
                partition.index
            )
            unsafe element?.pointee.offset = offset
        }
        return unsafe list
    }
}

extension SourcePartition {
    /// The partition that librdkafka means.
    init(_ element: rd_kafka_topic_partition_t) {
        // SAFETY: the element's text lives as long as its list, which the caller holds.
        self.init(
            topic: unsafe element.topic.map { unsafe String(cString: $0) } ?? "",
            index: unsafe element.partition
        )
    }
}
