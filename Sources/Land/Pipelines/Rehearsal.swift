import Bytes
import IcebergModel

/// Finds out what letters would become, by landing them into tables that are not there: the same
/// way that records go, with nothing at its end.
struct Rehearsal {
    let definition: LaneDefinition
    /// The columns the table has now.
    let schema: Schema

    /// The outcomes in the order of `letters`; none is `gone`.
    func outcomes(
        of letters: [DeadLetter],
        with walk: RecordWalk
    ) throws(LaneError) -> [LetterOutcome] {
        let tables: RehearsalTables
        let main: TableVersion?
        do throws(TableCommitterError) {
            tables = try RehearsalTables(definition, schema: schema)
            main = try tables.load(definition.table, pipeline: definition.pipeline)
        } catch { throw .table(error) }
        guard let main else { return [] }
        var landing = try Landing(
            definition: definition,
            committer: tables,
            main: main,
            epoch: 0
        )
        var results: [LetterOutcome.Result?] = []
        for letter in letters {
            guard let counts = try landing.land(letter, with: walk) else {
                results.append(
                    .failed(
                        reason: Complaint.unreadable,
                        detail: "its bytes are kept with the first letter of its batch; replay it "
                            + "with a value",
                        field: nil
                    )
                )
                continue
            }
            results.append(
                counts.deadLettered > 0 ? nil : counts.landed > 0 ? .landed : .filtered
            )
        }
        _ = try landing.finish()
        return zip(letters, results).map { letter, result in
            LetterOutcome(
                place: letter.place,
                result: result ?? failure(of: letter, tables.complaint(at: letter.place))
            )
        }
    }

    private func failure(
        of letter: DeadLetter,
        _ complaint: Complaint?
    ) -> LetterOutcome.Result {
        .failed(
            reason: complaint?.reason ?? letter.reason,
            detail: complaint?.detail ?? "it cannot become a row",
            field: complaint?.field
        )
    }
}

extension Landing {
    /// Lands one letter as the log would give it; nil when nothing of it is there.
    /// - Returns: what it came to, as counts of records.
    mutating func land(
        _ letter: DeadLetter,
        with walk: RecordWalk
    ) throws(LaneError) -> PartitionProgress? {
        guard let batch = letter.batch else { return nil }
        let offset = letter.place.offset
        var counts = PartitionProgress(start: offset, next: offset)
        isReplaying = true
        defer { isReplaying = false }
        try land(
            batch.bytes,
            of: letter.place.partition,
            with: walk,
            upTo: offset + 1,
            progress: &counts
        )
        return counts
    }
}
