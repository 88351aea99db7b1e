/// Limits of consumer groups. The names in brackets are Kafka's.
public struct GroupOptions: Sendable {
    /// Shortest session timeout a member may ask for (group.min.session.timeout.ms).
    public var sessionTimeoutMin = Duration.seconds(6)
    /// Longest session timeout a member may ask for (group.max.session.timeout.ms).
    public var sessionTimeoutMax = Duration.seconds(1800)
    /// How long the first rebalance of an empty group waits for more members
    /// (group.initial.rebalance.delay.ms).
    public var initialRebalanceDelay = Duration.seconds(3)
    /// How long a member that is new may wait for the first rebalance it takes part in.
    public var newMemberTimeout = Duration.seconds(300)
    /// Most members of one group (group.max.size).
    public var membersMax = 10_000
    /// Most groups.
    public var groupsMax = 100_000
    /// Longest text a member may store beside an offset (offset.metadata.max.bytes).
    public var offsetMetadataBytesMax = 4096
    /// How long the offsets of a group without members are kept (offsets.retention.minutes).
    public var offsetsRetention = Duration.seconds(7 * 86_400)

    /// Kafka's defaults.
    public init() {}
}
