import Bytes
import EventLog
import FileSource
import Files
import KafkaSource
import LogSources
import Pipelines

/// The logs that pipelines can read: a closed set, so the engine is compiled for it as a whole.
enum PipelineLog: LogSource {
    case embedded(EmbeddedLog<LocalFiles>)
    case kafka(KafkaLog)
    case files(PipelineFileLog)

    enum Notification: Sendable {
        case embedded(EmbeddedLog<LocalFiles>.Notification)
        case kafka(KafkaLog.Notification)
        case files(PipelineFileLog.Notification)
    }

    var clusterID: String {
        get throws(LogSourceError) {
            switch self {
            case .embedded(let log): log.clusterID
            case .kafka(let log): try log.clusterID
            case .files(let log): try log.clusterID
            }
        }
    }

    var topicNames: [String] {
        switch self {
        case .embedded(let log): log.topicNames
        case .kafka(let log): log.topicNames
        case .files(let log): log.topicNames
        }
    }

    var trouble: String? {
        switch self {
        case .embedded(let log): log.trouble
        case .kafka(let log): log.trouble
        case .files(let log): log.trouble
        }
    }

    func topic(named name: String) -> SourceTopic? {
        switch self {
        case .embedded(let log): log.topic(named: name)
        case .kafka(let log): log.topic(named: name)
        case .files(let log): log.topic(named: name)
        }
    }

    func topics(selectedBy selectors: [TopicSelector]) -> [SourceTopic] {
        switch self {
        case .embedded(let log): log.topics(selectedBy: selectors)
        case .kafka(let log): log.topics(selectedBy: selectors)
        case .files(let log): log.topics(selectedBy: selectors)
        }
    }

    func identities(of topics: [String]) throws(LogSourceError) -> [String: String] {
        switch self {
        case .embedded(let log): try log.identities(of: topics)
        case .kafka(let log): try log.identities(of: topics)
        case .files(let log): try log.identities(of: topics)
        }
    }

    func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds {
        switch self {
        case .embedded(let log): try log.bounds(of: partition)
        case .kafka(let log): try log.bounds(of: partition)
        case .files(let log): try log.bounds(of: partition)
        }
    }

    func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64 {
        switch self {
        case .embedded(let log): try log.offset(in: partition, atOrAfter: timestamp)
        case .kafka(let log): try log.offset(in: partition, atOrAfter: timestamp)
        case .files(let log): try log.offset(in: partition, atOrAfter: timestamp)
        }
    }

    func bytes(of partition: SourcePartition, from offset: Int64) -> Int64? {
        switch self {
        case .embedded(let log): log.bytes(of: partition, from: offset)
        case .kafka(let log): log.bytes(of: partition, from: offset)
        case .files(let log): log.bytes(of: partition, from: offset)
        }
    }

    func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds {
        switch self {
        case .embedded(let log):
            try log.read(partition, from: offset, bytesMax: bytesMax, into: &buffer)
        case .kafka(let log):
            try log.read(partition, from: offset, bytesMax: bytesMax, into: &buffer)
        case .files(let log):
            try log.read(partition, from: offset, bytesMax: bytesMax, into: &buffer)
        }
    }

    func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Notification {
        switch self {
        case .embedded(let log): .embedded(log.notify(when: positions, wake))
        case .kafka(let log): .kafka(log.notify(when: positions, wake))
        case .files(let log): .files(log.notify(when: positions, wake))
        }
    }

    func cancel(_ notification: Notification) {
        switch (self, notification) {
        case (.embedded(let log), .embedded(let notification)): log.cancel(notification)
        case (.kafka(let log), .kafka(let notification)): log.cancel(notification)
        case (.files(let log), .files(let notification)): log.cancel(notification)
        default:
            preconditionFailure("a notification belongs to the log that made it")
        }
    }

    func remember(_ positions: [SourcePartition: Int64]) {
        switch self {
        case .embedded(let log): log.remember(positions)
        case .kafka(let log): log.remember(positions)
        case .files(let log): log.remember(positions)
        }
    }

    /// Ends what goes on in the background; waits a moment for what is on its way to the log.
    func close() {
        switch self {
        case .embedded: return
        case .kafka(let log): log.flush()
        case .files(let log): log.files.stop()
        }
    }

    /// Where in which file a record stands; nil when the log is not made of files.
    func filePlace(of offset: Int64) throws(LogSourceError) -> FilePlace? {
        if case .files(let log) = self { try log.describe(offset) } else { nil }
    }

    /// The files that it is made of, if it is.
    var files: PipelineFiles? {
        if case .files(let log) = self { log.files } else { nil }
    }
}
