internal import CRdKafka
public import Pipelines
public import Telemetry
import Threads

/// Membership of a consumer group: tells which partitions are this process's to land, so that
/// several processes share a pipeline.
///
/// It reads nothing itself. Partitions are handed on one by one (cooperative rebalance): those
/// that stay are not disturbed. One that is to go is asked for in `share.asked`; the lane commits
/// what it read of it and calls `release`, and only then may another member have it. A partition
/// that vanishes from `share.held` without being asked for was lost, as after a long pause:
/// somebody else may be landing it, and what was read of it and not committed must be dropped.
///
/// SAFETY: the handle lives from `init` to `leave` or `deinit`, which join the one thread that uses
/// it; `news` is retained until the handle is gone.
@safe
public final class GroupMembership: @unchecked Sendable {
    // @unchecked Sendable: librdkafka's handle is thread-safe, and `hasLeft` guards its end.
    private let handle: OpaquePointer
    private let queue: OpaquePointer?
    private let news: KafkaNews
    private let ledger: ShareLedger
    private let isPolling = Condition(true)
    private let hasLeft = Condition(false)
    private let poller: Thread

    /// Joins `group`, in the background.
    ///
    /// - Parameters:
    ///   - selectors: the topics whose partitions are shared.
    ///   - patience: how long partitions that were asked for are waited for before they are lost.
    ///   - changed: called after every change of `share`; must not call back into the membership.
    public init(
        _ properties: KafkaProperties,
        group: String,
        selectors: [TopicSelector],
        patience: Duration = .seconds(60),
        logger: Logger,
        changed: @escaping @Sendable () -> Void
    ) throws(KafkaLogError) {
        let ledger = ShareLedger(patience: patience, changed: changed)
        let news = KafkaNews(logger: logger, share: ledger)
        let configuration = unsafe rd_kafka_conf_new()
        var more = [(name: "partition.assignment.strategy", value: "cooperative-sticky")]
        if !selectors.contains(where: { $0.text.hasPrefix("__") }) {
            more.append(("topic.blacklist", "^__.*"))
        }
        do throws(KafkaLogError) {
            try unsafe properties.apply(
                to: configuration,
                partitions: 1,
                group: group,
                more: more
            )
        } catch {
            unsafe rd_kafka_conf_destroy(configuration)
            throw error
        }
        unsafe rd_kafka_conf_set_rebalance_cb(configuration, rebalance)
        let handle = try unsafe KafkaClient.consumer(configuration, telling: news)
        unsafe rd_kafka_poll_set_consumer(handle)
        let code = unsafe Self.subscribe(handle, selectors)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            unsafe rd_kafka_destroy(handle)
            unsafe Unmanaged.passUnretained(news).release()
            throw KafkaLogError("the topics cannot be subscribed to: \(text(code))")
        }
        unsafe self.handle = handle
        unsafe queue = rd_kafka_queue_get_consumer(handle)
        self.news = news
        self.ledger = ledger
        let bits = UInt(bitPattern: handle)
        let isPolling = self.isPolling
        poller = Thread("kafka group") {
            // SAFETY: `leave` joins this thread before the handle is freed. What comes is errors:
            // the partitions are paused.
            guard let handle = unsafe OpaquePointer(bitPattern: bits) else { return }
            while isPolling.withLock({ $0 }) {
                if let message = unsafe rd_kafka_consumer_poll(handle, 1000) {
                    unsafe rd_kafka_message_destroy(message)
                }
            }
        }
    }

    deinit { leave() }

    private static func subscribe(
        _ handle: OpaquePointer,
        _ selectors: [TopicSelector]
    ) -> rd_kafka_resp_err_t {
        let list = unsafe rd_kafka_topic_partition_list_new(Int32(clamping: selectors.count))
        // SAFETY: librdkafka copies names and list.
        defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
        for selector in selectors {
            let expression = selector.text.replacing(".", with: "\\.").replacing("*", with: ".*")
            let name = selector.isPattern ? "^\(expression)$" : selector.text
            unsafe rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA)
        }
        return unsafe rd_kafka_subscribe(handle, list)
    }

    /// What is ours now.
    public var share: GroupShare { ledger.current }

    /// Why the cluster does not answer; nil while it does.
    public var trouble: String? { news.trouble }

    /// Gives back partitions that were asked for: what was read of them is committed, or dropped.
    public func release(_ partitions: Set<SourcePartition>) {
        ledger.release(partitions)
    }

    /// Stores landed offsets in the group, for tools that watch its lag. While a group has members
    /// only they may do so; failures are only logged.
    public func remember(_ positions: [SourcePartition: Int64]) {
        guard !positions.isEmpty, !hasLeft.withLock({ $0 }) else { return }
        let list = unsafe KafkaClient.list(positions.map { ($0.key, $0.value) })
        // SAFETY: librdkafka copies the list; the answer, if any, goes nowhere.
        let code = unsafe rd_kafka_commit(handle, list, 1)
        unsafe rd_kafka_topic_partition_list_destroy(list)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            news.logger.debug("the group's offsets were not stored", ["reason": text(code)])
        }
    }

    /// Leaves the group at once, so that others need not wait for a timeout. Commit before: what is
    /// held is given away.
    public func leave() {
        guard
            hasLeft.update({ hasLeft in
                defer { hasLeft = true }
                return !hasLeft
            })
        else { return }
        ledger.leave()
        isPolling.update { $0 = false }
        unsafe rd_kafka_queue_yield(queue)
        poller.join()
        unsafe rd_kafka_queue_destroy(queue)
        unsafe rd_kafka_consumer_close(handle)
        unsafe rd_kafka_destroy(handle)
        // SAFETY: retained in `init`; without the handle nobody calls back any more.
        unsafe Unmanaged.passUnretained(news).release()
    }
}

/// What the group decides, told by librdkafka on the polling thread, or by `leave`.
private func rebalance(
    _ handle: OpaquePointer?,
    _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ context: UnsafeMutableRawPointer?
) {
    guard let handle = unsafe handle, let list = unsafe list, let context = unsafe context else {
        return
    }
    // SAFETY: the context is the handle's KafkaNews; the list is librdkafka's until we return.
    let news = unsafe Unmanaged<KafkaNews>.fromOpaque(context).takeUnretainedValue()
    guard let ledger = news.share else { return }
    let elements = unsafe UnsafeBufferPointer(
        start: list.pointee.elems,
        count: Int(list.pointee.cnt)
    )
    let partitions = unsafe elements.map { unsafe SourcePartition($0) }
    switch code {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        // Lanes read by themselves: nothing is fetched here, whatever the group's offsets say.
        for index in elements.indices {
            unsafe list.pointee.elems[index].offset = Int64(RD_KAFKA_OFFSET_END)
        }
        unsafe finish(rd_kafka_incremental_assign(handle, list), news)
        unsafe rd_kafka_pause_partitions(handle, list)
        ledger.gain(partitions, groupGeneration: unsafe groupGeneration(handle))
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        if unsafe rd_kafka_assignment_lost(handle) != 0 {
            ledger.lose(partitions)
        } else {
            ledger.giveBack(partitions)
        }
        // SAFETY: as above.
        unsafe finish(rd_kafka_incremental_unassign(handle, list), news)
    default:
        ledger.lose(Array(ledger.current.held.keys))
        unsafe rd_kafka_assign(handle, nil)
    }
}

private func finish(_ error: OpaquePointer?, _ news: KafkaNews) {
    guard let error = unsafe error else { return }
    // SAFETY: the error is ours to free, and its text lives as long.
    let words = unsafe rd_kafka_error_string(error).map { unsafe String(cString: $0) } ?? ""
    unsafe rd_kafka_error_destroy(error)
    news.logger.warning("the group's decision could not be followed", ["reason": words])
}

private func groupGeneration(_ handle: OpaquePointer) -> Int32 {
    guard let metadata = unsafe rd_kafka_consumer_group_metadata(handle) else { return -1 }
    // SAFETY: the metadata is ours to free.
    defer { unsafe rd_kafka_consumer_group_metadata_destroy(metadata) }
    return unsafe rd_kafka_consumer_group_metadata_generation_id(metadata)
}
