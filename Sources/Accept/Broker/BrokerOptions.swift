/// Choices and limits of the broker. The names in brackets are Kafka's.
public struct BrokerOptions: Sendable {
    /// The broker's id in the cluster of one (node.id).
    public var nodeID: Int32 = 1
    /// Topics are made when somebody asks about them (auto.create.topics.enable).
    public var createsTopics = true
    /// Partitions of a topic whose maker does not say (num.partitions).
    public var partitionsDefault = 1
    /// Most bytes of records in one answer to Fetch; a larger first batch is sent whole
    /// (fetch.max.bytes).
    public var fetchBytesMax = 8 << 20
    /// Largest batch a topic takes unless it says otherwise (message.max.bytes).
    public var batchBytesMax = 1_048_588
    /// Longest wait of a Fetch, whatever the client asks for.
    public var fetchWaitMax = Duration.seconds(60)
    /// Consumer groups.
    public var groups = GroupOptions()

    /// Kafka's defaults.
    public init() {}
}
