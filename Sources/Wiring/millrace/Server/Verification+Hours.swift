import Pipelines
import SQLEngine

extension Verification {
    /// Divides the receipt of a partition by hours.
    func divide(
        _ receipt: Receipt,
        _ tally: LogTally,
        at place: Place,
        of definition: LaneDefinition,
        _ session: SQLSession,
        _ outcome: inout Outcome
    ) throws {
        var landed: [ReceiptHour: TableCount] = [:]
        var letters: [ReceiptHour: TableCount] = [:]
        try count(
            definition.table,
            [place],
            of: definition,
            isByHour: true,
            session,
            &outcome.statements
        ) { _, hour, count in landed.add(count, to: tally.key(ofHour: hour)) }
        if receipt.deadLettered.rows > 0 {
            try count(
                definition.deadLetterTable,
                [place],
                of: definition,
                isByHour: true,
                session,
                &outcome.statements
            ) { _, hour, count in letters.add(count, to: tally.key(ofHour: hour)) }
        }
        let hours = Set(tally.hours.keys).union(landed.keys).union(letters.keys)
        for hour in hours.sorted() {
            outcome.hours?.append(
                HourReceipt(
                    hour,
                    of: receipt,
                    log: tally.hours[hour] ?? LogCount(),
                    landed: landed[hour] ?? TableCount(),
                    deadLettered: letters[hour] ?? TableCount(),
                    discards: place.progress.discards
                ),
                of: receipt
            )
        }
    }
}

extension [ReceiptHour: TableCount] {
    /// Adds a count. An hour that the log does not have finds a place of its own while there are
    /// not too many.
    fileprivate mutating func add(_ count: TableCount, to hour: ReceiptHour) {
        let isNew = self[hour] == nil
        let key = isNew && self.count >= LogTally.hoursMax ? ReceiptHour.others : hour
        self[key, default: TableCount()].add(count)
    }
}
