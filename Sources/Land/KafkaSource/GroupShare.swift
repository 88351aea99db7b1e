public import Pipelines

/// What a member of a consumer group holds at a moment.
public struct GroupShare: Equatable, Sendable {
    /// Number of the share: rises with every change of it, and never repeats in a membership.
    public internal(set) var generation: Int64 = 0
    /// The group's own generation, as the cluster counts; -1 before the first one.
    public internal(set) var groupGeneration: Int32 = -1
    /// The partitions that are ours, each with the generation of the share since which it is. A
    /// partition that was lost and has come back has another one.
    public internal(set) var held: [SourcePartition: Int64] = [:]
    /// Those among them that the group wants back: commit what was read of them, then `release`.
    public internal(set) var asked: Set<SourcePartition> = []
    /// True once the group has told for the first time what is ours, be it nothing.
    public internal(set) var isSettled = false

    /// A share of nothing.
    public init() {}
}
