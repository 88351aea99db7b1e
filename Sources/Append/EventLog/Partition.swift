public import Files
internal import Synchronization

/// One partition of a topic: an ordered, durable sequence of record batches.
///
/// Readers on any thread see what lies below the high watermark, which is durable (as
/// `LogOptions.durability` says) before it moves; so nothing that was ever readable can vanish.
/// Only the writer thread appends.
public final class Partition<FS: FileSystem>: Sendable {
    /// The topic's name.
    public let topicName: String
    /// The topic's identity.
    public let topicID: TopicID
    /// The number of the partition in its topic, from 0.
    public let index: Int32

    /// Where its segments lie.
    internal let directory: String
    internal let files: FS
    internal let options: LogOptions
    /// The opening of the log it belongs to.
    internal let instance: LogInstance
    internal let readable: Mutex<ReadableState<FS>>
    /// The growing end, which belongs to the writer thread.
    internal let tail: PartitionTail<FS>

    internal init(
        topicName: String,
        topicID: TopicID,
        index: Int32,
        directory: String,
        files: FS,
        options: LogOptions,
        instance: LogInstance,
        recovered: RecoveredPartition<FS> = RecoveredPartition()
    ) {
        self.topicName = topicName
        self.topicID = topicID
        self.index = index
        self.directory = directory
        self.files = files
        self.options = options
        self.instance = instance
        let start = recovered.segments.first?.baseOffset ?? recovered.nextOffset
        readable = Mutex(
            ReadableState(
                segments: recovered.segments,
                logStartOffset: start,
                highWatermark: recovered.nextOffset,
                end: recovered.segments.last?.size.load(ordering: .relaxed) ?? 0
            )
        )
        tail = PartitionTail(recovered)
    }

    /// The first offset that is still kept.
    public var logStartOffset: Int64 { readable.withLock { $0.logStartOffset } }

    /// The offset after the last durable record: nothing at or above it is readable yet.
    public var highWatermark: Int64 { readable.withLock { $0.highWatermark } }

    /// The two ends of the partition at one moment.
    public var range: Range<Int64> {
        readable.withLock { $0.logStartOffset..<$0.highWatermark }
    }

    /// True after the topic was deleted.
    public var isDeleted: Bool { readable.withLock { $0.isDeleted } }

    /// The directory with its rules.
    internal var directoryFiles: PartitionDirectory<FS> {
        PartitionDirectory(path: directory, topicID: topicID, files: files)
    }

    /// The name of the partition's directory.
    internal static func directoryName(_ topic: String, _ index: Int32) -> String {
        "\(topic)-\(index)"
    }
}

/// What readers may see of a partition, and who waits for more.
internal struct ReadableState<FS: FileSystem>: Sendable {
    /// In order of offsets. The last one holds the high watermark.
    var segments: [Segment<FS>]
    var logStartOffset: Int64
    var highWatermark: Int64
    /// Bytes of the last segment that are readable.
    var end: Int64
    var isDeleted = false
    var waiters: [Waiter] = []
    var nextToken: UInt64 = 1

    struct Waiter: Sendable {
        let token: UInt64
        let offset: Int64
        let wake: @Sendable () -> Void
    }

    /// Takes out the waiters whose wish has come true.
    mutating func takeReadyWaiters() -> [Waiter] {
        if waiters.isEmpty { return [] }
        let ready = waiters.filter { isDeleted || highWatermark > $0.offset }
        if !ready.isEmpty { waiters.removeAll { isDeleted || highWatermark > $0.offset } }
        return ready
    }
}

/// Stands for one call of `Partition.wake`; give it back to `cancel`.
public struct WakeToken: Sendable, Hashable {
    internal let value: UInt64
}

extension Partition {
    /// Calls `wake` once, as soon as the high watermark lies above `offset` or the topic is
    /// deleted: at once, on this thread, if that is so already; else on the writer thread, which
    /// must not be held up.
    public func wake(beyond offset: Int64, _ wake: @escaping @Sendable () -> Void) -> WakeToken {
        let token: UInt64? = readable.withLock { state in
            if state.isDeleted || state.highWatermark > offset { return nil }
            let token = state.nextToken
            state.nextToken += 1
            state.waiters.append(.init(token: token, offset: offset, wake: wake))
            return token
        }
        if let token { return WakeToken(value: token) }
        wake()
        return WakeToken(value: 0)
    }

    /// Takes back a wish. A call of `wake` that is under way may still come.
    public func cancel(_ token: WakeToken) {
        readable.withLock { state in
            state.waiters.removeAll { $0.token == token.value }
        }
    }

    /// Makes everything the tail holds readable and wakes those who wait for it. Writer thread.
    internal func publish() {
        let ready = readable.withLock { state in
            if state.segments.count != tail.segments.count { state.segments = tail.segments }
            state.highWatermark = tail.nextOffset
            state.end = tail.size
            return state.takeReadyWaiters()
        }
        for waiter in ready { waiter.wake() }
    }

    /// Refuses readers from now on and wakes those who wait.
    internal func markDeleted() {
        let ready = readable.withLock { state in
            state.isDeleted = true
            return state.takeReadyWaiters()
        }
        for waiter in ready { waiter.wake() }
    }
}
