internal import Bytes
internal import Files
internal import KafkaProtocol

/// How one API is served.
internal struct Handler<FS: FileSystem>: Sendable {
    let api: APIKey
    /// Versions that are accepted.
    let versions: ClosedRange<Int16>
    /// Versions that ApiVersions tells.
    let advertised: ClosedRange<Int16>
    let handle: @Sendable (Broker<FS>, Call, inout ByteReader) throws(ProtocolError) -> Handling<FS>

    init<API: KafkaAPI>(
        _ api: API.Type,
        _ versions: ClosedRange<Int16>,
        advertisedFrom: Int16? = nil,
        _ body: @escaping @Sendable (Broker<FS>, API.Request, Call) -> Handling<FS>
    ) {
        self.api = API.key
        self.versions = versions
        advertised = (advertisedFrom ?? versions.lowerBound)...versions.upperBound
        handle = { (broker, call, reader) throws(ProtocolError) in
            body(broker, try API.decodeRequest(&reader, version: call.version), call)
        }
    }
}

extension Broker {
    /// Everything the broker serves: what ApiVersions advertises, and nothing else.
    ///
    /// Maxima are those of Kafka 3.9, minima those that old clients need. Produce is advertised
    /// from 0 although only 3 and later are accepted: librdkafka before 2.11 turns compression off,
    /// silently, when it sees another minimum.
    internal static var table: [Handler<FS>] {
        [
            Handler(ProduceAPI.self, 3...11, advertisedFrom: 0) { $0.produce($1, $2) },
            Handler(FetchAPI.self, 4...16) { $0.fetch($1, $2) },
            Handler(ListOffsetsAPI.self, 1...8) { $0.listOffsets($1, $2) },
            Handler(MetadataAPI.self, 0...12) { $0.metadata($1, $2) },
            Handler(OffsetCommitAPI.self, 1...9) { $0.commitOffsets($1, $2) },
            Handler(OffsetFetchAPI.self, 1...9) { $0.fetchOffsets($1, $2) },
            Handler(FindCoordinatorAPI.self, 0...5) { $0.findCoordinator($1, $2) },
            Handler(JoinGroupAPI.self, 0...9) { $0.joinGroup($1, $2) },
            Handler(HeartbeatAPI.self, 0...4) { $0.heartbeat($1, $2) },
            Handler(LeaveGroupAPI.self, 0...5) { $0.leaveGroup($1, $2) },
            Handler(SyncGroupAPI.self, 0...5) { $0.syncGroup($1, $2) },
            Handler(DescribeGroupsAPI.self, 0...5) { $0.describeGroups($1, $2) },
            Handler(ListGroupsAPI.self, 0...5) { $0.listGroups($1, $2) },
            Handler(ApiVersionsAPI.self, 0...4) { $0.apiVersions($1, $2) },
            Handler(CreateTopicsAPI.self, 0...7) { $0.createTopics($1, $2) },
            Handler(DeleteTopicsAPI.self, 0...6) { $0.deleteTopics($1, $2) },
            Handler(InitProducerIDAPI.self, 0...5) { $0.initProducerID($1, $2) },
            Handler(DescribeConfigsAPI.self, 0...4) { $0.describeConfigs($1, $2) },
            Handler(CreatePartitionsAPI.self, 0...3) { $0.createPartitions($1, $2) },
            Handler(DeleteGroupsAPI.self, 0...2) { $0.deleteGroups($1, $2) },
            Handler(DescribeClusterAPI.self, 0...2) { $0.describeCluster($1, $2) },
        ]
    }
}
