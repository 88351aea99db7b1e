import Clocks
import Telemetry
import Threads

extension LaneRun {
    /// Makes files and checkpoint part of the table in one step, or learns that somebody else now
    /// owns it.
    mutating func commitReached() throws(LaneError) {
        var attempted = reached
        attempted.sequence = committed.sequence + 1
        attempted.commitID = landing.commitID
        let work = try landing.finish()
        let outcome = try lane.apply(attempted, work: work, expected: committed, main: landing.main)
        try landing.adopt(outcome)
        committed = attempted
        reached = attempted
    }
}

/// Finished files that wait for their commit, by table.
struct FinishedWork<File: Sendable> {
    /// Files of the table.
    var rows: [File]
    /// Files of the dead-letter table, with the version they apply to; nil when there are none.
    var deadLetters: (version: TableVersion, files: [File])?
}

/// The versions after a commit.
struct CommittedVersions {
    /// The table's.
    let main: TableVersion
    /// The dead-letter table's, if it took part.
    let deadLetters: TableVersion?
}

extension Lane {
    /// Applies a commit until it is certain what became of it. See `CommitResolution` for the
    /// decisions.
    func apply(
        _ attempted: CommitMarker,
        work: FinishedWork<Committer.Writer.File>,
        expected: CommitMarker,
        main: TableVersion
    ) throws(LaneError) -> CommittedVersions {
        var main = main
        var deadLetters = work.deadLetters?.version
        var pause = definition.limits.retryPause.lowerBound
        while true {
            var changes = [TableChange(base: main, files: work.rows, marker: attempted)]
            if let dead = work.deadLetters, let version = deadLetters {
                changes.append(TableChange(base: version, files: dead.files, marker: attempted))
            }
            let isUnknown: Bool
            do {
                let versions = try committer.commit(changes)
                return CommittedVersions(
                    main: versions[0],
                    deadLetters: versions.count > 1 ? versions[1] : nil
                )
            } catch {
                switch error {
                case .conflict: isUnknown = false
                case .unknownOutcome(_, let reason):
                    logger.warning("commit outcome unknown, reading the table", ["reason": reason])
                    isUnknown = true
                case .storage, .invalid:
                    discard(work)
                    throw .table(error)
                }
            }
            let found = try reread(main.table, pausing: &pause, whileUnknown: isUnknown)
            if let dead = work.deadLetters {
                deadLetters = try reread(
                    dead.version.table,
                    pausing: &pause,
                    whileUnknown: isUnknown
                )
            }
            guard found.uuid == main.uuid else {
                discard(work)
                throw .diverged(
                    "the table \(main.table) was dropped and made anew by somebody else"
                )
            }
            main = found
            switch CommitResolution.decide(
                expected: expected,
                attempted: attempted,
                found: found.marker
            )
            {
            case .landed:
                return CommittedVersions(main: main, deadLetters: deadLetters)
            case .rebase:
                continue
            case .fenced(let epoch):
                discard(work)
                throw .fenced(table: main.table, byEpoch: epoch)
            case .diverged(let reason):
                discard(work)
                throw .diverged(reason)
            }
        }
    }

    /// Reads a table again. While the outcome of a commit is unknown it tries for ever, since files
    /// must not be deleted and work not repeated before the table has told; a stop leaves both to
    /// the next run.
    private func reread(
        _ table: String,
        pausing pause: inout Duration,
        whileUnknown isUnknown: Bool
    ) throws(LaneError) -> TableVersion {
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
