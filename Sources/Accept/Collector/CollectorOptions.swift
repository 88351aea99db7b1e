/// Limits and choices of the collector. The defaults serve a laptop and a small server.
public struct CollectorOptions: Sendable, Equatable {
    /// Bytes of one body after its content encoding was taken off. Above: 413.
    public var bodyBytesMax = 16 << 20
    /// Events in one request. Above: 413.
    public var eventsMax = 100_000
    /// Bytes of one event, as Kafka's clients limit a message by default. Above: 413.
    public var eventBytesMax = 1 << 20
    /// Bytes of the record batches of one request, where headers count once per event. Above: 413.
    public var batchesBytesMax = 64 << 20
    /// A record batch is closed when its records have this many bytes, so that readers get pieces.
    public var batchBytesTarget = 1 << 20
    /// Requests that may wait for the log at a time. Above: 429.
    public var requestsWaitingMax = 2048
    /// Bytes of record batches that may wait for the log at a time. Above: 503.
    public var bytesWaitingMax = 128 << 20
    /// True when a topic is made at the first event that is sent to it.
    public var createsTopics = true
    /// How many partitions such a topic gets.
    public var newTopicPartitions = 1

    /// The defaults.
    public init() {}
}
