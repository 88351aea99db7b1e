public import Bytes
internal import Clocks
public import EventLog
public import Files
public import Pipelines

/// The embedded log as a pipeline's source: reads go straight to its segments, in this process.
public struct EmbeddedLog<FS: FileSystem>: LogSource {
    private let log: EventLog<FS>

    /// A source over `log`.
    public init(_ log: EventLog<FS>) {
        self.log = log
    }

    /// The embedded log's cluster id.
    public var clusterID: String { log.clusterID }

    /// The names of all topics.
    public var topicNames: [String] { log.topics.map(\.name) }

    /// The topic as it is now; nil when there is none.
    public func topic(named name: String) -> SourceTopic? {
        log.topic(name).map { topic in
            SourceTopic(
                name: topic.name,
                id: topic.id.base64,
                partitionCount: topic.partitions.count
            )
        }
    }

    /// The readable offsets of a partition.
    public func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds {
        let range = try find(partition).range
        return SourceBounds(start: range.lowerBound, end: range.upperBound)
    }

    /// The first offset that is not older, by the log's time index.
    public func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64 {
        let stored = try find(partition)
        do throws(LogError) {
            return try stored.offset(forTimestamp: timestamp)?.offset ?? stored.range.upperBound
        } catch { throw .unavailable("\(error)") }
    }

    /// Bytes from `offset` to the end, by the segments' indexes.
    public func bytes(of partition: SourcePartition, from offset: Int64) -> Int64? {
        try? find(partition).bytes(from: offset)
    }

    /// Appends whole batches, straight from the segments; checksums are verified by the log.
    public func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds {
        let stored = try find(partition)
        do throws(LogError) {
            let result = try stored.read(from: offset, maxBytes: bytesMax, into: &buffer)
            return SourceBounds(start: result.logStartOffset, end: result.highWatermark)
        } catch {
            switch error {
            case .outOfRange(_, let start, let end):
                let bounds = SourceBounds(start: start, end: end)
                throw .outOfRange(partition, offset: offset, bounds: bounds)
            case .deleted:
                throw .unknownPartition(partition)
            case .corrupt:
                throw .corrupt(partition, offset: offset, reason: "\(error)")
            default:
                throw .unavailable("\(error)")
            }
        }
    }

    /// The partitions waited on, each with its registration.
    public struct Notification: Sendable {
        fileprivate let tokens: [(partition: Partition<FS>, token: WakeToken)]
    }

    /// Registers with every partition; `wake` may be called once for each.
    public func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Notification {
        var tokens: [(partition: Partition<FS>, token: WakeToken)] = []
        for (partition, next) in positions {
            guard let stored = try? find(partition) else { continue }
            tokens.append((stored, stored.wake(beyond: next, wake)))
        }
        return Notification(tokens: tokens)
    }

    /// Forgets the registrations.
    public func cancel(_ notification: Notification) {
        for entry in notification.tokens { entry.partition.cancel(entry.token) }
    }

    private func find(_ partition: SourcePartition) throws(LogSourceError) -> Partition<FS> {
        guard let topic = log.topic(partition.topic),
            topic.partitions.indices.contains(Int(partition.index))
        else { throw .unknownPartition(partition) }
        return topic.partitions[Int(partition.index)]
    }
}
