/// What opening a log found and repaired.
public struct RecoveryReport: Sendable, Equatable {
    /// Partitions that ended in bytes that are no whole batch; they were cut off.
    public internal(set) var truncatedPartitions = 0
    /// Bytes cut off, none of them ever acknowledged.
    public internal(set) var truncatedBytes: Int64 = 0
    /// Rounds of appends that a segment did not have and that the journal had.
    public internal(set) var replayedRounds = 0
    /// Batches whose checksums were verified.
    public internal(set) var verifiedBatches = 0

    /// True when there was nothing to repair.
    public var isClean: Bool { truncatedBytes == 0 && replayedRounds == 0 }
}
