/// The part of a receipt that is about the records of one hour.
@dynamicMemberLookup
public struct HourReceipt: Equatable, Sendable {
    /// The hour.
    public let hour: ReceiptHour
    /// What log, tables and checkpoint say of the hour's records.
    public let balance: Balance
    /// True when the hour proves itself: the very offsets agree. Where records were left out
    /// although `where` selected them, the checkpoint knows them by stretch of the log and not by
    /// hour; what the hour lacks is then proven together with the whole partition.
    public let isProven: Bool

    /// The hour's part of `receipt`, from both sides' counts of it. `discards` are the
    /// partition's.
    public init(
        _ hour: ReceiptHour,
        of receipt: Receipt,
        log: LogCount,
        landed: TableCount,
        deadLettered: TableCount,
        discards: Discards
    ) {
        self.hour = hour
        let discarded = Self.discarded(log, landed, deadLettered, discards)
        let balance = Balance(
            log: log,
            landed: landed,
            deadLettered: deadLettered,
            discarded: discarded
        )
        self.balance = balance
        isProven = balance.isProven && (discarded.records == 0 || receipt.isProven)
    }

    /// What the hour lacks, as far as the checkpoint knows of as many records that were left out
    /// where the hour's offsets lie.
    private static func discarded(
        _ log: LogCount,
        _ landed: TableCount,
        _ deadLettered: TableCount,
        _ discards: Discards
    ) -> Discards.Stretch {
        var discarded = Discards.Stretch(from: 0)
        let lacking = log.selected - landed.distinctOffsets - deadLettered.distinctOffsets
        let (first, last) = log.selectedBounds
        guard lacking > 0, lacking <= discards.records(from: first, through: last) else {
            return discarded
        }
        discarded.from = first
        discarded.records = lacking
        discarded.offsetSum = log.selectedOffsetSum &- landed.offsetSum &- deadLettered.offsetSum
        if let index = landed.index {
            discarded.rows = log.rows - index.distinctRows
            discarded.rowSum = log.rowSum &- index.rowSum
        }
        return discarded
    }

    /// What the two sides' counts come to.
    public subscript<Value>(dynamicMember path: KeyPath<Balance, Value>) -> Value {
        balance[keyPath: path]
    }
}

extension Discards {
    /// How many were left out in the stretches that the offsets from `first` to `last` touch.
    func records(from first: Int64, through last: Int64) -> Int64 {
        var records: Int64 = 0
        for (index, stretch) in stretches.enumerated() {
            let end = index + 1 < stretches.count ? stretches[index + 1].from : Int64.max
            if stretch.from <= last, end > first { records += stretch.records }
        }
        return records
    }
}
