public import Files
public import KafkaProtocol

/// Why the log did not do what it was asked. Each case says what happened, to what, and in
/// `description` what to do.
public enum LogError: Error, Equatable, Sendable {
    /// Another process has the directory open.
    case locked(directory: String)
    /// The disk failed or is full.
    case storage(FileError)
    /// A file holds what cannot be, and it is not a torn tail.
    case corrupt(path: String, detail: String)
    /// A topic of that name exists.
    case topicExists(String)
    /// There is no topic of that name.
    case unknownTopic(String)
    /// The name breaks Kafka's rules.
    case invalidTopicName(String, reason: String)
    /// A topic has 1 to 10,000 partitions, and never fewer than before.
    case invalidPartitionCount(Int)
    /// A topic's setting of that name is longer than 65,535 bytes.
    case settingTooLong(String)
    /// More bytes wait for the writer than it may hold. Try again shortly.
    case overloaded(queuedBytes: Int, limit: Int)
    /// The log was closed.
    case closed
    /// The log stopped taking appends because the device failed to sync. It must be opened again.
    case failed(reason: String)
    /// The offset lies outside the log.
    case outOfRange(offset: Int64, logStartOffset: Int64, highWatermark: Int64)
    /// The topic was deleted while it was used.
    case deleted(topic: String)

    /// True when the same call may succeed a little later without anybody's help.
    public var isRetriable: Bool {
        switch self {
        case .overloaded: true
        case .storage(let error): error.isNoSpace
        default: false
        }
    }
}

extension LogError: CustomStringConvertible {
    /// What happened, to what, what to do.
    public var description: String {
        switch self {
        case .locked(let directory):
            "another process uses the log in \(directory); stop it or choose another directory"
        case .storage(let error): "\(error)"
        case .corrupt(let path, let detail):
            "\(path) is damaged: \(detail); restore it or move it away"
        case .topicExists(let name): "topic \(name) exists already"
        case .unknownTopic(let name): "there is no topic \(name); create it first"
        case .invalidTopicName(let name, let reason): "\"\(name)\" cannot name a topic: \(reason)"
        case .invalidPartitionCount(let count):
            """
            \(count) partitions: a topic has 1 to \(TopicRules.partitionsMax), and never fewer \
            than before
            """
        case .settingTooLong(let key):
            "the setting \(key) is too long; names and values have at most 65,535 bytes"
        case .overloaded(let queued, let limit):
            "\(queued) bytes wait to be written, \(limit) may; try again shortly"
        case .closed: "the log is closed"
        case .failed(let reason):
            "the log takes no appends since a sync failed (\(reason)); check the device and restart"
        case .outOfRange(let offset, let start, let end):
            "offset \(offset) is not in the log, which has \(start) to \(end)"
        case .deleted(let topic): "topic \(topic) was deleted"
        }
    }
}

/// Why one entry of an append was refused. The others of the same call are not affected.
public enum AppendError: Error, Equatable, Sendable {
    /// The bytes are not batches that a producer may send.
    case invalidBatch(RecordBatchError)
    /// A batch is larger than `LogOptions.batchBytesMax`.
    case batchTooLarge(bytes: Int, limit: Int)
    /// An idempotent producer's batch is not the next one.
    case outOfOrderSequence(producerID: Int64, expected: Int32, found: Int32)
    /// A newer instance of the idempotent producer has written.
    case invalidProducerEpoch(producerID: Int64, current: Int16, found: Int16)
    /// Idempotent producers send one batch per partition and request.
    case severalIdempotentBatches(producerID: Int64)
    /// The topic was deleted.
    case deleted
    /// The disk is full: nothing of this entry was kept. Producers may try again.
    case noSpace(FileError)
    /// The disk failed. Whether the batches survive is known only after the log was opened again.
    case storage(String)
}
