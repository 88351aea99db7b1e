internal import Bytes
internal import Catalogs
internal import IcebergModel
internal import Stores

extension Lake {
    /// How often a commit is repeated because somebody else's commits, which do not concern it,
    /// came first. Each repetition means that another writer succeeded.
    private static let attemptsMax = 20

    /// Tries prepared commits to several tables, each made for its expected base: all of them
    /// happen or none.
    /// - Returns: the tables with the commits, in the same order.
    public func commit(
        _ commits: [(table: Table, prepared: PreparedCommit)]
    ) throws(CommitError) -> [Table] {
        precondition(
            Set(commits.map(\.table.identifier)).count == commits.count,
            "a table occurs twice in one commit"
        )
        if commits.isEmpty { return [] }
        var commits = commits
        for attempt in 0..<Self.attemptsMax {
            let staged = try stageAll(commits, attempt: attempt)
            do throws(CatalogError) {
                try catalog.commit(staged.map(\.swap))
            } catch {
                switch error {
                case .conflict, .noSuchTable:
                    abandon(staged)
                    commits = try reloaded(commits)
                    continue
                case .unknownOutcome(_, let reason):
                    var attempt = staged[0].attempt
                    attempt.files = staged.flatMap(\.attempt.files)
                    throw .unknownOutcome(attempt, reason: reason)
                default:
                    abandon(staged)
                    throw .storage(.catalog(error))
                }
            }
            return zip(commits, staged).map { finish($1, insteadOf: $0.table) }
        }
        throw .storage(.catalog(.busy(path: catalog.name)))
    }

    /// Finds out whether a commit of unknown outcome happened.
    ///
    /// One that did not leaves its prepared manifest, which can be tried again, and nothing else.
    /// Until this has answered, none of the commit's files may be deleted. A commit to several
    /// tables happened to all of them or none, so one table's answer is that of all.
    public func outcome(of attempt: CommitAttempt) throws(TableError) -> CommitOutcome {
        try catalogued { () throws(CatalogError) in try catalog.settle(attempt.table) }
        let current = try table(attempt.table)
        let metadata = current.metadata
        let isThere =
            current.metadataLocation == attempt.metadataLocation
            || metadata.metadataLog.contains { $0.file == attempt.metadataLocation }
            || attempt.snapshotID.map { metadata.snapshot(id: $0) != nil } ?? false
        guard metadata.uuid == attempt.tableUUID, isThere else {
            // Now it is certain that nobody refers to them.
            deleteQuietly(attempt.files)
            return .notCommitted(current)
        }
        return .committed(current)
    }

    private func stageAll(
        _ commits: [(table: Table, prepared: PreparedCommit)],
        attempt: Int
    ) throws(CommitError) -> [StagedCommit] {
        var staged: [StagedCommit] = []
        do throws(CommitError) {
            for (table, prepared) in commits {
                try check(prepared, for: table)
                staged.append(try stage(prepared, on: table, attempt: attempt))
            }
            // One sync of the folders for all files of the attempt, before anybody sees them.
            for commit in staged {
                do throws(StoreError) {
                    try store.makeDurable(
                        written: [],
                        names: commit.attempt.files,
                        below: commit.table.metadata.location
                    )
                } catch {
                    throw .storage(.store(commit.table.identifier, error))
                }
            }
        } catch {
            abandon(staged)
            throw error
        }
        return staged
    }

    /// Whether the table is in the state the commit was made for.
    private func check(
        _ prepared: PreparedCommit,
        for table: Table
    ) throws(CommitError) {
        guard table.metadata.uuid == prepared.tableUUID else {
            throw .tableChanged(
                table.identifier,
                expectedUUID: prepared.tableUUID,
                foundUUID: table.metadata.uuid
            )
        }
        let commit = prepared.commit
        let isExpected = commit.expectedProperties.allSatisfy { key, value in
            table.metadata.properties[key] == value
        }
        guard table.metadata.currentSnapshotID == commit.expectedBase, isExpected else {
            throw .conflict(current: table, prepared: prepared)
        }
    }

    private func abandon(_ staged: [StagedCommit]) {
        for commit in staged { deleteQuietly(commit.attempt.files) }
    }

    private func reloaded(
        _ commits: [(table: Table, prepared: PreparedCommit)]
    ) throws(CommitError) -> [(table: Table, prepared: PreparedCommit)] {
        var result: [(table: Table, prepared: PreparedCommit)] = []
        for (table, prepared) in commits {
            do throws(TableError) {
                result.append((try self.table(table.identifier), prepared))
            } catch { throw .storage(error) }
        }
        return result
    }

    private func finish(_ commit: StagedCommit, insteadOf old: Table) -> Table {
        if let list = commit.manifestList { cache.keep(commit.manifests, ofList: list) }
        metadataCache.keep(
            commit.table.metadata,
            at: commit.swap.new,
            insteadOf: old.metadataLocation
        )
        deleteQuietly(commit.expiredMetadata)
        return commit.table
    }
}

/// A commit whose files are written and to which the catalog's pointer may be moved.
struct StagedCommit {
    /// The table as it will be.
    let table: Table
    let attempt: CommitAttempt
    let swap: PointerSwap
    /// URI of the new manifest list, if any, and what it says.
    let manifestList: String?
    let manifests: [ManifestFile]
    /// Metadata files nobody refers to after the commit.
    let expiredMetadata: [String]
}
