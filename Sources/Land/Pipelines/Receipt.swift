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

    /// Rows of the selected records that are no dead letters.
    public var rows: Int64 = 0
    /// Sum over those rows of offset · 2³¹ + index, wrapping.
    public var rowSum: UInt64 = 0

    static func rowSum(offset: Int64, _ rows: SelectedRows) -> UInt64 {
        UInt64(bitPattern: offset) &* UInt64(bitPattern: rows.count) &<< 31 &+ rows.indexSum
    }

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
    /// Where records have many rows: what tells them apart.
    public var index: IndexCount?

    /// A count with all its parts.
    public init(
        rows: Int64 = 0,
        distinctOffsets: Int64 = 0,
        offsetSum: UInt64 = 0,
        index: IndexCount? = nil
    ) {
        self.rows = rows
        self.distinctOffsets = distinctOffsets
        self.offsetSum = offsetSum
        self.index = index
    }

    /// Rows that are not there twice.
    var distinctRows: Int64 { index?.distinctRows ?? distinctOffsets }
}

/// What a table of records with many rows says of a partition's rows.
public struct IndexCount: Equatable, Sendable {
    /// Different pairs of offset and index.
    public var distinctRows: Int64
    /// Sum over all rows of offset · 2³¹ + index, wrapping.
    public var rowSum: UInt64

    /// A count with its parts.
    public init(distinctRows: Int64, rowSum: UInt64) {
        self.distinctRows = distinctRows
        self.rowSum = rowSum
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
    /// The offsets that the checkpoint accounts for and the log still has: the receipt is about
    /// them.
    public let covered: OffsetRanges
    /// Offsets in the log behind the checkpoint, which a later commit will account for.
    public let pending: Int64
    /// Offsets in the log before the checkpoint that it does not account for: landing began later,
    /// or was told to leave them out. A backfill lands them.
    public let skipped: Int64
    /// What the log says.
    public let log: LogCount
    /// What the table says.
    public let landed: TableCount
    /// What the dead-letter table says.
    public let deadLettered: TableCount
    /// What the checkpoint says was left out although `where` selected it.
    public let discarded: Discards.Stretch

    /// A receipt from both sides' counts, `log` being that of `progress.counted(in: bounds)`.
    public init(
        pipeline: String,
        table: String,
        partition: SourcePartition,
        progress: PartitionProgress,
        bounds: SourceBounds,
        log: LogCount,
        landed: TableCount,
        deadLettered: TableCount
    ) {
        self.pipeline = pipeline
        self.table = table
        self.partition = partition
        covered = progress.counted(in: bounds)
        discarded = progress.discards.sum(from: bounds.start)
        let holes = progress.covered.holes(in: bounds.start..<max(bounds.start, bounds.end))
        let pendingFrom = max(progress.next, bounds.start)
        pending = holes.reduce(0) { $0 + Int64($1.clamped(to: pendingFrom..<Int64.max).count) }
        skipped = holes.reduce(0) { $0 + Int64($1.count) } - pending
        self.log = log
        self.landed = landed
        self.deadLettered = deadLettered
    }

    /// Records that are in the table: its rows, or where a record has many rows, their offsets.
    public var landedRecords: Int64 {
        landed.index == nil ? landed.rows : landed.distinctOffsets
    }

    /// Records that are in no table because they were left out: by `where`, SQL, a contract or the
    /// error policy.
    public var filtered: Int64 { log.filtered + discarded.records }

    /// Rows and dead letters beyond the first for the same offset.
    public var duplicates: Int64 {
        landed.rows - landed.distinctRows + deadLettered.rows - deadLettered.distinctOffsets
    }

    /// Selected records that are neither a row nor a dead letter, and rows that records lack.
    public var missing: Int64 {
        let accounted = landed.distinctOffsets + deadLettered.distinctOffsets + discarded.records
        return max(0, log.selected - accounted)
            + max(0, landed.index.map { log.rows - $0.distinctRows - discarded.rows } ?? 0)
    }

    /// Rows and dead letters for offsets that the log does not have, or that `where` leaves out.
    public var unexpected: Int64 {
        let accounted = landed.distinctOffsets + deadLettered.distinctOffsets + discarded.records
        return max(0, accounted - log.selected)
            + max(0, landed.index.map { $0.distinctRows + discarded.rows - log.rows } ?? 0)
    }

    /// True when acknowledged = landed + filtered + dead-lettered, nothing is doubled, and the very
    /// offsets agree.
    public var isProven: Bool {
        duplicates == 0 && missing == 0 && unexpected == 0
            && log.records == log.filtered + log.selected
            && log.selectedOffsetSum
                == landed.offsetSum &+ deadLettered.offsetSum &+ discarded.offsetSum
            && landed.index.map { $0.rowSum &+ discarded.rowSum == log.rowSum } ?? true
    }
}

extension PartitionProgress {
    /// The offsets that are accounted for and that the log still has: those that can be counted
    /// again.
    public func counted(in bounds: SourceBounds) -> OffsetRanges {
        covered.clamped(to: bounds.start..<Int64.max)
    }
}
