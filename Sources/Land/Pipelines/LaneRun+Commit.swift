import Clocks
import Telemetry
import Threads

extension LaneRun {
    /// Makes files and checkpoint part of the table in one step, or learns that somebody else now
    /// owns it.
    mutating func commitReached() throws(LaneError) {
        try commitReached(finishLanding())
    }

    /// Finishes the files that were landed into, and counts what a transform has left out.
    mutating func finishLanding() throws(LaneError) -> FinishedWork<Committer.Writer.File> {
        let work = try landing.finish()
        landing.settle(&reached)
        return work
    }

    /// As `commitReached`, with `work` as what is committed; its files are removed if it fails.
    mutating func commitReached(
        _ work: FinishedWork<Committer.Writer.File>
    ) throws(LaneError) {
        var attempted = reached
        attempted.sequence = committed.sequence + 1
        attempted.commitID = landing.commitID
        let outcome = try lane.apply(
            attempted,
            work: work,
            expected: committed,
            main: landing.main,
            by: (ownership, landing.epoch)
        )
        try landing.adopt(outcome)
        // Colleagues may have committed in between.
        committed = outcome.main.marker ?? attempted
        reached = committed
    }
}

/// Finished files that wait for their commit, by table.
struct FinishedWork<File: Sendable> {
    /// Files of the table.
    var rows: [File]
    /// Files of the dead-letter table, with the version they apply to; nil when there are none.
    var deadLetters: (version: TableVersion, files: [File])?
    /// Names of files that go out of the table.
    var removedRowFiles: [String] = []
    /// Files of deletes that the rows in their places are without.
    var appliedRowDeletes: Set<String> = []
    /// Names of files that go out of the dead-letter table.
    var removedLetterFiles: [String] = []
    /// Files of deletes that the letters in their places are without.
    var appliedLetterDeletes: Set<String> = []
}

/// The versions after a commit.
struct CommittedVersions {
    /// The table's.
    let main: TableVersion
    /// The dead-letter table's, if it took part.
    let deadLetters: TableVersion?
}

/// A commit until it is certain what became of it.
private struct CommitUnderWay<File: Sendable> {
    let work: FinishedWork<File>
    let ownership: Ownership
    let epoch: Int64
    let expected: CommitMarker
    let attempted: CommitMarker
    /// The version it is applied to next.
    var main: TableVersion
    var deadLetters: TableVersion?
    /// What it carries next: after a colleague's commit, that one's offsets too.
    var marker: CommitMarker
    /// Files of a commit that may have been applied are never removed.
    var mayBeApplied = false

    var changes: [TableChange<File>] {
        var changes = [
            TableChange(
                base: main,
                files: work.rows,
                removedFiles: work.removedRowFiles,
                appliedDeletes: work.appliedRowDeletes,
                marker: marker,
                epoch: epoch
            )
        ]
        if let dead = work.deadLetters, let version = deadLetters {
            changes.append(
                TableChange(
                    base: version,
                    files: dead.files,
                    removedFiles: work.removedLetterFiles,
                    appliedDeletes: work.appliedLetterDeletes,
                    marker: marker,
                    epoch: epoch
                )
            )
        }
        return changes
    }
}

extension Lane {
    /// Applies a commit until it is certain what became of it. See `CommitResolution` for the
    /// decisions.
    func apply(
        _ attempted: CommitMarker,
        work: FinishedWork<Committer.Writer.File>,
        expected: CommitMarker,
        main: TableVersion,
        by writer: (ownership: Ownership, epoch: Int64)
    ) throws(LaneError) -> CommittedVersions {
        var commit = CommitUnderWay(
            work: work,
            ownership: writer.ownership,
            epoch: writer.epoch,
            expected: expected,
            attempted: attempted,
            main: main,
            deadLetters: work.deadLetters?.version,
            marker: attempted
        )
        do {
            while true {
                if let versions = try applyOnce(&commit) { return versions }
            }
        } catch {
            if !commit.mayBeApplied { discard(work) }
            throw error
        }
    }

    /// Nil when the commit has to be tried again, on the version that is there now.
    private func applyOnce(
        _ commit: inout CommitUnderWay<Committer.Writer.File>
    ) throws(LaneError) -> CommittedVersions? {
        var isUnknown = false
        do {
            let versions = try committer.commit(commit.changes)
            return CommittedVersions(
                main: versions[0],
                deadLetters: versions.count > 1 ? versions[1] : nil
            )
        } catch {
            switch error {
            case .conflict: break
            case .unknownOutcome(_, let reason):
                logger.warning("commit outcome unknown, reading the table", ["reason": reason])
                isUnknown = true
                commit.mayBeApplied = true
            case .storage, .invalid: throw .table(error)
            }
        }
        let found = try reread(commit.main.table, whileUnknown: isUnknown)
        if let dead = commit.deadLetters {
            commit.deadLetters = try reread(dead.table, whileUnknown: isUnknown)
        }
        guard found.uuid == commit.main.uuid else {
            throw .diverged("the table \(found.table) was dropped and made anew by somebody else")
        }
        commit.main = found
        switch CommitResolution.decide(
            expected: commit.expected,
            attempted: commit.attempted,
            found: found.marker,
            ownership: commit.ownership
        ) {
        case .landed:
            return CommittedVersions(main: found, deadLetters: commit.deadLetters)
        case .rebase:
            // The table has told: nothing was applied.
            commit.mayBeApplied = false
            if let current = found.marker {
                commit.marker = current.replacing(commit.ownership, with: commit.attempted)
            }
            return nil
        case .fenced(let epoch): throw .fenced(table: found.table, byEpoch: epoch)
        case .diverged(let reason): throw .diverged(reason)
        }
    }

    /// Reads a table again. While the outcome of a commit is unknown it tries for ever, since files
    /// must not be deleted and work not repeated before the table has told; a stop leaves both to
    /// the next run.
    private func reread(
        _ table: String,
        whileUnknown isUnknown: Bool
    ) throws(LaneError) -> TableVersion {
        var pause = definition.limits.retryPause.lowerBound
        while true {
            switch Result(catching: { () throws(TableCommitterError) in
                try committer.load(table, pipeline: definition.pipeline)
            }) {
            case .success(let version?):
                return version
            case .success(nil):
                throw .diverged("the table \(table) was dropped by somebody else")
            case .failure(let error):
                guard isUnknown else { throw .table(error) }
                logger.warning("the table does not answer", ["reason": error.description])
            }
            let isStopping: Bool? = control.wait(timeout: pause) { $0.isStopping ? true : nil }
            if isStopping == true { throw .stopping }
            pause = min(pause * 2, definition.limits.retryPause.upperBound)
        }
    }

    private func discard(_ work: FinishedWork<Committer.Writer.File>) {
        committer.discard(work.rows, of: definition.table)
        if let dead = work.deadLetters {
            committer.discard(dead.files, of: dead.version.table)
        }
    }
}
