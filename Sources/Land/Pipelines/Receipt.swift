/// What the log says of a partition's records up to the checkpoint, counted again from the log
/// itself.
public struct LogCount: Equatable, Sendable {
    /// Records that are there.
    public var records: Int64 = 0
    /// Records that `where` leaves out.
    public var filtered: Int64 = 0
    /// Records that must be a row or a dead letter.
    public var selected: Int64 = 0
    /// Sum of the selected records' offsets, wrapping: tells one set of offsets from another of the
    /// same size.
    public var selectedOffsetSum: UInt64 = 0

    /// Nothing counted yet.
    public init() {}
}

/// What a table says of a partition's rows.
public struct TableCount: Equatable, Sendable {
    /// Rows with the partition's number in `_log`.
    public var rows: Int64
    /// Different offsets among them.
    public var distinctOffsets: Int64
    /// Sum of the different offsets, wrapping.
    public var offsetSum: UInt64

    /// A count with all its parts.
    public init(rows: Int64 = 0, distinctOffsets: Int64 = 0, offsetSum: UInt64 = 0) {
        self.rows = rows
        self.distinctOffsets = distinctOffsets
        self.offsetSum = offsetSum
    }
}

/// The proof, for one table and one partition, that every acknowledged record is accounted for
/// once.
public struct Receipt: Equatable, Sendable {
    /// The pipeline.
    public let pipeline: String
    /// The table.
    public let table: String
    /// The partition of the log.
    public let partition: SourcePartition
    /// First offset counted and the offset of the checkpoint: the receipt is about what lies
    /// between.
    public let range: Range<Int64>
    /// Durable records behind the checkpoint, which a later commit will account for.
    public let pending: Int64
    /// What the log says.
    public let log: LogCount
    /// What the table says.
    public let landed: TableCount
    /// What the dead-letter table says.
    public let deadLettered: TableCount

    /// A receipt from both sides' counts.
    public init(
        pipeline: String,
        table: String,
        partition: SourcePartition,
        range: Range<Int64>,
        pending: Int64,
        log: LogCount,
        landed: TableCount,
        deadLettered: TableCount
    ) {
        self.pipeline = pipeline
        self.table = table
        self.partition = partition
        self.range = range
        self.pending = pending
        self.log = log
        self.landed = landed
        self.deadLettered = deadLettered
    }

    /// Rows and dead letters beyond the first for the same offset.
    public var duplicates: Int64 {
        landed.rows - landed.distinctOffsets + deadLettered.rows - deadLettered.distinctOffsets
    }

    /// Selected records that are neither a row nor a dead letter.
    public var missing: Int64 {
        max(0, log.selected - landed.distinctOffsets - deadLettered.distinctOffsets)
    }

    /// Rows and dead letters for offsets that the log does not have, or that `where` leaves out.
    public var unexpected: Int64 {
        max(0, landed.distinctOffsets + deadLettered.distinctOffsets - log.selected)
    }

    /// True when acknowledged = landed + filtered + dead-lettered, nothing is doubled, and the very
    /// offsets agree.
    public var isProven: Bool {
        duplicates == 0 && missing == 0 && unexpected == 0
            && log.records == log.filtered + log.selected
            && log.selectedOffsetSum == landed.offsetSum &+ deadLettered.offsetSum
    }
}
