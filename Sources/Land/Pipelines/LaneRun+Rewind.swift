import Bytes
import Clocks
import Telemetry
import Threads

/// Everything that is found out before a rewind.
private struct RewindPlan {
    /// The checkpoint's progress as it will be.
    var progress: [SourcePartition: PartitionProgress] = [:]
    /// Offsets whose rows and dead letters go.
    var ranges: [SourcePartition: OffsetRanges] = [:]
    var summary = RewindSummary()
}

extension LaneRun {
    /// Takes rows and dead letters of a range out of the tables, in the one commit that takes the
    /// range out of the checkpoint as well: before it nothing has changed, after it the records are
    /// landed like any that nobody has landed. What cannot be landed again is not taken out.
    ///
    /// What was read before must be committed.
    mutating func rewind(_ rewind: Rewind) throws(LaneError) -> RewindSummary {
        try refresh()
        let letters: TableVersion?
        do throws(TableCommitterError) {
            letters = try lane.committer.load(
                definition.deadLetterTable,
                pipeline: definition.pipeline
            )
        } catch { throw .table(error) }
        var plan = try self.plan(rewind, letters)
        if plan.ranges.isEmpty { return plan.summary }
        let rows = try remove(plan.ranges, from: landing.main, rewind.isRehearsal)
        var work = FinishedWork(rows: rows.files, deadLetters: nil)
        work.removedRowFiles = rows.removedFiles
        work.appliedRowDeletes = rows.appliedDeletes
        plan.summary.add(rows)
        plan.summary.rows = rows.rows
        do throws(LaneError) {
            if let letters {
                let removed = try remove(plan.ranges, from: letters, rewind.isRehearsal)
                plan.summary.add(removed)
                plan.summary.letters = removed.rows
                if !removed.removedFiles.isEmpty {
                    work.deadLetters = (letters, removed.files)
                    work.removedLetterFiles = removed.removedFiles
                    work.appliedLetterDeletes = removed.appliedDeletes
                }
            }
        } catch {
            lane.committer.discard(rows.files, of: landing.main.table)
            throw error
        }
        if rewind.isRehearsal { return plan.summary }
        for (partition, progress) in plan.progress {
            reached.topics[partition.topic]?.partitions[partition.index] = progress
        }
        try commitReached(work)
        reportCommit()
        lane.logger.info(
            "goes back, and lands anew",
            ["rows": plan.summary.rows, "letters": plan.summary.letters]
        )
        return plan.summary
    }

    /// Goes on from the table as it is now: another engine may have put its rows into other files.
    private mutating func refresh() throws(LaneError) {
        let found: TableVersion?
        do throws(TableCommitterError) {
            found = try lane.committer.load(definition.table, pipeline: definition.pipeline)
        } catch { throw .table(error) }
        guard let found, found.uuid == landing.main.uuid else {
            throw .diverged("the table \(definition.table) was dropped or made anew")
        }
        guard let marker = found.marker, marker.isSame(as: committed, in: ownership) else {
            throw .fenced(table: found.table, byEpoch: found.marker?.epoch ?? committed.epoch)
        }
        try landing.adopt(CommittedVersions(main: found, deadLetters: nil))
        // With what colleagues have committed meanwhile: a commit to this version carries it on.
        committed = marker
        reached = marker
    }

    private func remove(
        _ ranges: [SourcePartition: OffsetRanges],
        from version: TableVersion,
        _ isRehearsal: Bool
    ) throws(LaneError) -> RemovedRanges<Committer.Writer.File> {
        do throws(TableCommitterError) {
            return try lane.committer.removeRows(
                in: ranges,
                from: version,
                pipeline: definition.pipeline,
                epoch: landing.epoch,
                isRehearsal: isRehearsal
            )
        } catch { throw .table(error) }
    }

    // What it comes to

    private func plan(
        _ rewind: Rewind,
        _ letters: TableVersion?
    ) throws(LaneError) -> RewindPlan {
        var plan = RewindPlan()
        let findRows: RowFinder
        let findLetters: RowFinder?
        do throws(TableCommitterError) {
            findRows = try lane.committer.finder(of: landing.main)
            findLetters = try letters.map { (version) throws(TableCommitterError) in
                try lane.committer.finder(of: version)
            }
        } catch { throw .table(error) }
        for (partition, wanted) in rewind.positions.sorted(by: { $0.key < $1.key })
        where ownership.contains(partition) {
            guard var progress = reached.progress(in: partition), wanted < progress.next else {
                continue
            }
            try refuseOtherTopics(than: partition.topic)
            let target = progress.rewindable(to: wanted)
            try refuse(target, of: partition, wanted: wanted)
            try forgetMendsWithoutRows(&progress, from: target, of: partition, findRows)
            let uncovered = progress.uncovered(from: target)
            let fates = try fates(of: partition, uncovered, progress, findRows, findLetters)
            if fates.withoutRecord > 0 { throw lost(fates.withoutRecord, of: partition, target) }
            let before = progress
            progress.rewind(to: target)
            progress.subtract(fates, left: before.discards.records - progress.discards.records)
            plan.summary.moves[partition] = RewindSummary.Move(
                from: before.next,
                to: target,
                offsets: uncovered.count,
                kept: Int64(progress.mended.keys.count { $0 >= target })
            )
            plan.progress[partition] = progress
            plan.ranges[partition] = uncovered
        }
        return plan
    }

    /// A mended letter of which SQL has left nothing is only a number among the discards, and those
    /// are forgotten: the log's own record is landed anew instead.
    private func forgetMendsWithoutRows(
        _ progress: inout PartitionProgress,
        from offset: Int64,
        of partition: SourcePartition,
        _ find: RowFinder
    ) throws(LaneError) {
        guard definition.transform != nil else { return }
        for (letter, rows) in progress.mended where letter >= offset && rows.count > 0 {
            do throws(TableCommitterError) {
                if try find(partition, letter..<(letter + 1)).isEmpty {
                    progress.mended[letter] = nil
                }
            } catch { throw .table(error) }
        }
    }

    /// What has become of the offsets, each of which is accounted for.
    private func fates(
        of partition: SourcePartition,
        _ ranges: OffsetRanges,
        _ progress: PartitionProgress,
        _ findRows: RowFinder,
        _ findLetters: RowFinder?
    ) throws(LaneError) -> FateSummary {
        let bounds = try bounds(of: partition)
        let inquiry = FateInquiry(of: definition, in: lane.source)
        var summary = FateSummary()
        do {
            for range in ranges.ranges {
                try inquiry.summarize(
                    partition,
                    range,
                    progress: progress,
                    bounds: bounds,
                    into: &summary
                ) { window in
                    try goOn()
                    return FateInquiry<Source>.Findings(
                        landed: try findRows(partition, window),
                        deadLettered: try findLetters?(partition, window) ?? []
                    )
                }
            }
            return summary
        } catch let error as LaneError {
            throw error
        } catch let error as LogSourceError {
            throw refusal(of: partition, because: error)
        } catch let error as TableCommitterError {
            throw .table(error)
        } catch {
            throw .table(.storage(table: definition.table, reason: "\(error)"))
        }
    }

    /// Counting a long log again takes a while: whoever stops the lane does not wait for it.
    private func goOn() throws(LaneError) {
        let (isStopping, mustEnd) = lane.control.withLock {
            ($0.isStopping, $0.mustEnd(ownership))
        }
        if isStopping { throw .stopping }
        if mustEnd {
            throw .table(
                .storage(
                    table: definition.table,
                    reason: "its partitions go to another worker just now; try again"
                )
            )
        }
    }

    // What is refused

    private func refuseOtherTopics(than topic: String) throws(LaneError) {
        let others = reached.topics.filter { $0.key != topic && !$0.value.partitions.isEmpty }
        guard !definition.hasTopicColumn, let other = others.keys.min() else { return }
        throw .table(
            .invalid(
                table: definition.table,
                reason: "its rows do not tell their topic, and it has some of \(other), too: those "
                    + "of \(topic) cannot be told from them"
            )
        )
    }

    private func refuse(
        _ target: Int64,
        of partition: SourcePartition,
        wanted: Int64
    ) throws(LaneError) {
        let start = try bounds(of: partition).start
        guard target < start else { return }
        let why =
            target < wanted
            ? "records that were left out by policy are known by stretch of the log only, so "
                + "landing would have to begin at \(target)" : "landing would begin at \(target)"
        throw .table(
            .invalid(
                table: definition.table,
                reason: "\(why), and the log of \(partition.topic)/\(partition.index) has nothing "
                    + "before \(start): what was landed before could not be landed again"
            )
        )
    }

    /// A log that does not answer may do so later. One that cannot give a record again is no reason
    /// for the lane to end: it has nothing to land there.
    private func refusal(
        of partition: SourcePartition,
        because error: LogSourceError
    ) -> LaneError {
        if case .unavailable = error { return .source(error) }
        return .table(
            .invalid(
                table: definition.table,
                reason: "what it has of \(partition.topic)/\(partition.index) could not be landed "
                    + "again: \(error.description)"
            )
        )
    }

    private func lost(
        _ count: Int64,
        of partition: SourcePartition,
        _ target: Int64
    ) -> LaneError {
        .table(
            .invalid(
                table: definition.table,
                reason: "the log does not have the records of \(count) of its rows or dead letters "
                    + "from \(partition.topic)/\(partition.index)@\(target) on any more (is the "
                    + "topic compacted?): they could not be landed again"
            )
        )
    }
}

extension CommitMarker {
    /// True when both say the same of everything that a writer of `ownership` lands.
    fileprivate func isSame(as other: CommitMarker, in ownership: Ownership) -> Bool {
        switch ownership {
        case .all: self == other
        case .partitions(let partitions):
            partitions.allSatisfy { progress(in: $0) == other.progress(in: $0) }
        }
    }
}

extension RewindSummary {
    fileprivate mutating func add<File>(_ removed: RemovedRanges<File>) {
        filesDropped += removed.dropped
        filesRewritten += removed.removedFiles.count - removed.dropped
    }
}
