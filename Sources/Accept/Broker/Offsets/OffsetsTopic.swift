internal import Bytes
internal import EventLog
internal import Files
internal import KafkaProtocol
internal import Synchronization
internal import Telemetry

/// Committed offsets on disk: the internal topic `__consumer_offsets`, one record per commit and
/// partition.
///
/// The coordinator holds what was committed; this makes it durable first, and brings it back at
/// start. The topic is made with the first commit. A record without a value takes an offset back.
internal final class OffsetsTopic<FS: FileSystem>: Sendable {
    static var partitionCount: Int { 1 }
    private static var readBytes: Int { 1 << 20 }

    /// The topic's name.
    let name = "__consumer_offsets"
    private let log: EventLog<FS>
    private let groups: GroupHost
    private let logger: Logger

    init(log: EventLog<FS>, groups: GroupHost, logger: Logger) {
        self.log = log
        self.groups = groups
        self.logger = logger
    }

    // MARK: Writing

    /// One change of what a group has committed in a partition; nil takes it back.
    private struct Change: Sendable {
        let group: String
        let partition: TopicPartition
        let offset: CommittedOffset?
    }

    /// Makes offsets durable, then known. `done` is called once, with an error or nil, if the
    /// result is true; false means that the log has no room at the moment.
    func commit(
        _ offsets: [(TopicPartition, CommittedOffset)],
        for group: String,
        done: @escaping @Sendable (ErrorCode?) -> Void
    ) -> Bool {
        write(
            offsets.map { Change(group: group, partition: $0.0, offset: $0.1) },
            done: done
        )
    }

    /// Takes back everything the groups have committed and forgets them. As `commit`.
    func forgetGroups(_ names: [String], done: @escaping @Sendable (ErrorCode?) -> Void) -> Bool {
        let changes = groups.perform { coordinator, _ in
            names.flatMap { group in
                coordinator.offsets(for: group).keys.map {
                    Change(group: group, partition: $0, offset: nil)
                }
            }
        }
        let groups = groups
        return write(changes) { failure in
            if failure == nil {
                groups.perform { coordinator, _ in
                    for name in names { coordinator.remove(name) }
                }
            }
            done(failure)
        }
    }

    /// Takes back what groups have committed in a topic that is gone.
    func forgetTopic(_ topic: String) {
        let changes = groups.perform { coordinator, _ in
            coordinator.partitions(of: topic).map {
                Change(group: $0.group, partition: $0.partition, offset: nil)
            }
        }
        _ = write(changes) { _ in }
    }

    private func write(
        _ changes: [Change],
        done: @escaping @Sendable (ErrorCode?) -> Void
    ) -> Bool {
        if changes.isEmpty {
            done(nil)
            return true
        }
        do throws(LogError) {
            let partition = try openPartition()
            let slab = Slab(Self.batch(of: changes))
            try log.append([Append(partition, SlabSlice(slab))]) { [groups, logger] results in
                if case .failure(let error) = results.first {
                    logger.error("offsets were not stored", ["error": "\(error)"])
                    done(.coordinatorNotAvailable)
                    return
                }
                groups.perform { coordinator, now in
                    for change in changes {
                        coordinator.store(
                            change.offset,
                            of: change.partition,
                            for: change.group,
                            now: now
                        )
                    }
                }
                done(nil)
            }
            return true
        } catch {
            if case .overloaded = error { return false }
            logger.error("offsets were not stored", ["error": error.description])
            done(.coordinatorNotAvailable)
            return true
        }
    }

    private static func batch(of changes: [Change]) -> ByteBuffer {
        var builder = RecordBatchBuilder(capacity: 128 * changes.count)
        var key = ByteBuffer(capacity: 128)
        var value = ByteBuffer(capacity: 128)
        for change in changes {
            key.removeAll()
            value.removeAll()
            OffsetRecords.appendKey(change.group, change.partition, to: &key)
            if let offset = change.offset {
                OffsetRecords.appendValue(offset, to: &value)
                let timestamp = offset.timestamp
                builder.append(key: key.bytes, value: value.bytes, timestamp: timestamp)
            } else {
                builder.append(key: key.bytes, value: nil, timestamp: 0)
            }
        }
        var batch = ByteBuffer(capacity: builder.recordBytes + RecordBatchHeader.size)
        builder.finish(into: &batch)
        return batch
    }

    /// The partition offsets are written to; makes the topic if need be, which blocks.
    private func openPartition() throws(LogError) -> Partition<FS> {
        if let topic = log.topic(name) { return topic.partitions[0] }
        do throws(LogError) {
            return try log.createTopic(
                name,
                partitions: Self.partitionCount,
                configuration: ["cleanup.policy": "compact"]
            ).partitions[0]
        } catch {
            if case .topicExists = error, let topic = log.topic(name) { return topic.partitions[0] }
            throw error
        }
    }

    // MARK: Reading

    /// Brings back what was committed. Before the first request; blocks.
    func replay() throws(BrokerError) {
        guard let topic = log.topic(name) else { return }
        do throws(LogError) {
            for partition in topic.partitions { try replay(partition) }
            // Offsets that were taken back again leave the name of their group.
            groups.perform { coordinator, _ in coordinator.removeUnused() }
        } catch {
            throw .offsets(topic: name, error)
        }
    }

    private func replay(_ partition: Partition<FS>) throws(LogError) {
        var buffer = ByteBuffer(capacity: Self.readBytes)
        var offset = partition.logStartOffset
        while offset < partition.highWatermark {
            buffer.removeAll()
            let result = try partition.read(
                from: offset,
                maxBytes: Self.readBytes,
                into: &buffer
            )
            apply(batches: buffer.bytes)
            offset = result.nextOffset
        }
    }

    private func apply(batches: RawSpan) {
        var position = 0
        while position < batches.byteCount,
            let header = try? RecordBatchHeader(batches, at: position)
        {
            let end = position + header.totalSize
            let records = batches.extracting((position + RecordBatchHeader.size)..<end)
            position = end
            guard !header.isControl, !header.isCompressed else { continue }
            var cursor = RecordCursor(records, count: header.recordCount)
            while let record = try? cursor.next() {
                guard let key = record.key, let read = try? OffsetRecords.readKey(key) else {
                    continue
                }
                var offset: CommittedOffset?
                if let value = record.value { offset = try? OffsetRecords.readValue(value) }
                groups.perform { coordinator, now in
                    coordinator.store(offset, of: read.1, for: read.group, now: now)
                }
            }
        }
    }
}
