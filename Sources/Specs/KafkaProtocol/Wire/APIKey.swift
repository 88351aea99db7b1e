/// The requests that are understood here. The number is the API key on the wire.
///
/// Which of them a broker offers, and in which versions, is the broker's business; this is what can
/// be read and written.
public enum APIKey: Int16, CaseIterable, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case initProducerID = 22
    case describeConfigs = 32
    case createPartitions = 37
    case deleteGroups = 42
    case describeCluster = 60

    /// Versions that can be read and written.
    public var versions: ClosedRange<Int16> { table.versions }

    /// First version with compact lengths and tagged fields (KIP-482).
    public var flexibleFrom: Int16 { table.flexibleFrom }

    /// True when this version has compact lengths and tagged fields.
    public func isFlexible(_ version: Int16) -> Bool { version >= flexibleFrom }

    private var table: (versions: ClosedRange<Int16>, flexibleFrom: Int16) {
        switch self {
        // Before 3 and 4 there were no record batches of format 2.
        case .produce: (3...11, 9)
        case .fetch: (4...16, 12)
        case .listOffsets: (1...8, 6)
        case .metadata: (0...12, 9)
        case .offsetCommit: (1...9, 8)
        case .offsetFetch: (1...9, 6)
        case .findCoordinator: (0...5, 3)
        case .joinGroup: (0...9, 6)
        case .heartbeat: (0...4, 4)
        case .leaveGroup: (0...5, 4)
        case .syncGroup: (0...5, 4)
        case .describeGroups: (0...5, 5)
        case .listGroups: (0...5, 3)
        case .apiVersions: (0...4, 3)
        case .createTopics: (0...7, 5)
        case .deleteTopics: (0...6, 4)
        case .initProducerID: (0...5, 2)
        case .describeConfigs: (0...4, 4)
        case .createPartitions: (0...3, 2)
        case .deleteGroups: (0...2, 2)
        case .describeCluster: (0...2, 0)
        }
    }
}
