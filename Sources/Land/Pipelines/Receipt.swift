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

    /// First and last offset among the selected records; the first lies behind the last when there
    /// are none.
    var selectedBounds: (first: Int64, last: Int64) = (.max, -1)

    static func rowSum(offset: Int64, _ rows: SelectedRows) -> UInt64 {
        UInt64(bitPattern: offset) &* UInt64(bitPattern: rows.count) &<< 31 &+ rows.indexSum
    }

    /// Nothing counted yet.
    public init() {}

    /// True when all counts and sums agree.
    public static func == (one: LogCount, other: LogCount) -> Bool {
        one.records == other.records && one.filtered == other.filtered
            && one.selected == other.selected && one.selectedOffsetSum == other.selectedOffsetSum
            && one.rows == other.rows && one.rowSum == other.rowSum
    }

    /// Counts a record that must be a row or a dead letter.
    mutating func select(_ offset: Int64) {
        selected += 1
        selectedOffsetSum &+= UInt64(bitPattern: offset)
        selectedBounds = (min(selectedBounds.first, offset), max(selectedBounds.last, offset))
    }

    /// Adds what was counted of other records.
    mutating func add(_ other: LogCount) {
        records += other.records
        filtered += other.filtered
        selected += other.selected
        selectedOffsetSum &+= other.selectedOffsetSum
        rows += other.rows
        rowSum &+= other.rowSum
        selectedBounds.first = min(selectedBounds.first, other.selectedBounds.first)
        selectedBounds.last = max(selectedBounds.last, other.selectedBounds.last)
    }
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

    /// Adds what was counted of other records' rows.
    public mutating func add(_ other: TableCount) {
        rows += other.rows
        distinctOffsets += other.distinctOffsets
        offsetSum &+= other.offsetSum
        guard let added = other.index else { return }
        index = IndexCount(
            distinctRows: (index?.distinctRows ?? 0) + added.distinctRows,
            rowSum: (index?.rowSum ?? 0) &+ added.rowSum
        )
    }
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
@dynamicMemberLookup
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
    /// What log, tables and checkpoint say.
    public let balance: Balance

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
        let holes = progress.covered.holes(in: bounds.start..<max(bounds.start, bounds.end))
        let pendingFrom = max(progress.next, bounds.start)
        pending = holes.reduce(0) { $0 + Int64($1.clamped(to: pendingFrom..<Int64.max).count) }
        skipped = holes.reduce(0) { $0 + Int64($1.count) } - pending
        balance = Balance(
            log: log,
            landed: landed,
            deadLettered: deadLettered,
            discarded: progress.discards.sum(from: bounds.start)
        )
    }

    /// What the two sides' counts come to.
    public subscript<Value>(dynamicMember path: KeyPath<Balance, Value>) -> Value {
        balance[keyPath: path]
    }
}

extension PartitionProgress {
    /// The offsets that are accounted for and that the log still has: those that can be counted
    /// again.
    public func counted(in bounds: SourceBounds) -> OffsetRanges {
        covered.clamped(to: bounds.start..<Int64.max)
    }
}
