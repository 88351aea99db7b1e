/// The account of some records: what the log says of them against what tables and checkpoint say.
public struct Balance: Equatable, Sendable {
    /// What the log says.
    public let log: LogCount
    /// What the table says.
    public let landed: TableCount
    /// What the dead-letter table says.
    public let deadLettered: TableCount
    /// What the checkpoint says was left out although `where` selected it.
    public let discarded: Discards.Stretch

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
