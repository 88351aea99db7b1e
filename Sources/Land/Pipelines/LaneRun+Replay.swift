import Bytes
import Clocks
import Telemetry
import Threads

extension LaneRun {
    /// Lands dead letters again and takes those that became rows, or are left out now, out of the
    /// dead-letter table, all in one commit with the checkpoint. The others stay as they are.
    ///
    /// What was read before must be committed. A letter is landed only if the very version of the
    /// table that the commit is applied to still has it, so no repetition can double a row.
    mutating func replay(_ replay: Replay) throws(LaneError) -> [LetterOutcome] {
        let rehearsal = Rehearsal(definition: definition, schema: landing.main.schema)
        let (ours, others) = divided(replay.letters)
        let outcomes = try rehearsal.outcomes(of: ours, with: walk) + others
        if replay.isRehearsal { return outcomes }
        let places = Set(outcomes.filter(\.leavesDeadLetters).map(\.place))
        guard !places.isEmpty else { return outcomes }
        let found = try commit(replay.letters.filter { places.contains($0.place) })
        return outcomes.map { outcome in
            outcome.leavesDeadLetters && !found.contains(outcome.place)
                ? LetterOutcome(place: outcome.place, result: .gone) : outcome
        }
    }

    /// The letters that this run can land, and why it cannot land the others.
    private func divided(_ letters: [DeadLetter]) -> ([DeadLetter], [LetterOutcome]) {
        var ours: [DeadLetter] = []
        var others: [LetterOutcome] = []
        for letter in letters {
            let partition = letter.place.partition
            let problem: String
            if !ownership.contains(partition) {
                problem = "this process does not land its partition; ask the worker that does"
            } else if reached.progress(in: partition)?.covered.contains(letter.place.offset)
                != true
            {
                problem = "the pipeline \(definition.pipeline) has not come to its offset"
            } else {
                ours.append(letter)
                continue
            }
            others.append(
                LetterOutcome(
                    place: letter.place,
                    result: .failed(reason: "not-ours", detail: problem, field: nil)
                )
            )
        }
        return (ours, others)
    }

    /// Commits those of the letters that are there.
    /// - Returns: their places.
    private mutating func commit(_ letters: [DeadLetter]) throws(LaneError) -> Set<RecordPlace> {
        let committer = lane.committer
        let table: TableVersion
        let removed: RemovedRows<Committer.Writer.File>
        do throws(TableCommitterError) {
            let name = definition.deadLetterTable
            guard let found = try committer.load(name, pipeline: definition.pipeline) else {
                return []
            }
            table = found
            removed = try committer.removeRows(
                at: Set(letters.map(\.place)),
                from: found,
                pipeline: definition.pipeline,
                epoch: landing.epoch
            )
        } catch { throw .table(error) }
        if removed.found.isEmpty { return [] }
        var work: FinishedWork<Committer.Writer.File>
        do {
            for letter in letters where removed.found.contains(letter.place) {
                try count(letter, try landing.land(letter, with: walk))
            }
            work = try finishLanding()
        } catch {
            committer.discard(removed.files, of: table.table)
            throw error
        }
        work.deadLetters = (table, removed.files)
        work.removedLetterFiles = removed.removedFiles
        work.appliedLetterDeletes = removed.appliedDeletes
        try commitReached(work)
        reportCommit()
        return removed.found
    }

    /// A replay failed: who asked is told, since trying again for ever would answer nobody. The
    /// lane itself goes on, or does what the error asks of it.
    mutating func giveUp(_ job: LaneJob, because error: LaneError) throws(LaneError) {
        lane.finish(job, .failed(reason: error.description))
        guard case .table(.invalid) = error else { throw error }
        landing.abandon()
        reached = committed
    }

    /// Moves the checkpoint's counts of one letter.
    private mutating func count(
        _ letter: DeadLetter,
        _ counts: PartitionProgress?
    ) throws(LaneError) {
        let partition = letter.place.partition
        guard let counts, counts.deadLettered == 0,
            var progress = reached.progress(in: partition)
        else {
            // Somebody changed the table since the rehearsal.
            throw .table(
                .storage(
                    table: definition.table,
                    reason: "its columns were changed while a dead letter was replayed"
                )
            )
        }
        progress.deadLettered = max(0, progress.deadLettered - 1)
        progress.landed += counts.landed
        progress.filtered += counts.filtered
        // Who reads the log again finds the value as it was.
        if letter.isMended {
            progress.mended[letter.place.offset] = try rows(of: letter)
        }
        reached.topics[partition.topic]?.partitions[partition.index] = progress
    }

    /// The rows a letter becomes; none when `where` leaves it out.
    private func rows(of letter: DeadLetter) throws(LaneError) -> SelectedRows {
        guard let batch = letter.batch else { return SelectedRows() }
        var selection = Selection(definition)
        var rows: SelectedRows?
        _ = try walk.forEachRecord(
            in: batch.bytes,
            of: letter.place.partition,
            from: letter.place.offset,
            upTo: letter.place.offset + 1
        ) { (step, _, _) throws(LaneError) in rows = selection.rows(of: step) }
        return rows ?? SelectedRows()
    }
}

extension LetterOutcome {
    /// True when the record is no dead letter any more once this has happened.
    var leavesDeadLetters: Bool {
        switch result {
        case .landed, .filtered: true
        case .failed, .gone: false
        }
    }
}
