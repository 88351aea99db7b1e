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
            do throws(CatalogChangeError) {
                let states = try catalog.commit(staged.map(\.change))
                return zip(staged, states).map(finish)
            } catch {
                switch error {
                case .rejected(let table, let reason):
                    if catalog.isEmbedded {
                        abandon(staged)
                        if reason.isConflict { commits = try reloaded(commits) }
                    } else {
                        commits = try doubted(commits, staged, reason)
                        if let tables = landed(staged, in: commits.map(\.table)) { return tables }
                        abandon(staged)
                    }
                    guard reason.isConflict else {
                        throw .storage(.rejected(table, reason: reason.description))
                    }
                case .failed(let error) where error.isNoSuchTable:
                    abandon(staged)
                    commits = try reloaded(commits)
                case .failed(let error):
                    abandon(staged)
                    throw .storage(error)
                case .unknownOutcome(let reason, let metadata):
                    throw .unknownOutcome(Self.attempt(staged, metadata), reason: reason)
                }
            }
        }
        throw .storage(.catalog(.busy(path: catalog.name)))
    }

    private static func attempt(
        _ staged: [StagedCommit],
        _ metadata: [String]
    ) -> CommitAttempt {
        let first = staged[0]
        return CommitAttempt(
            table: first.base.identifier,
            tableUUID: first.base.metadata.uuid,
            snapshotID: first.snapshotID,
            baseSnapshotID: first.base.metadata.currentSnapshotID,
            metadataLocation: metadata.first,
            files: staged.flatMap(\.files) + metadata,
            others: staged.dropFirst().map {
                CommitAttempt.Other(table: $0.base.identifier, snapshotID: $0.snapshotID)
            }
        )
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
            // Before anybody refers to them; the embedded catalog does it with its own file.
            for commit in staged where !catalog.isEmbedded && !commit.files.isEmpty {
                do throws(StoreError) {
                    try store.makeDurable(
                        written: [],
                        names: commit.files,
                        below: commit.base.metadata.location
                    )
                } catch {
                    throw .storage(.store(commit.base.identifier, error))
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
        for commit in staged { deleteQuietly(commit.files) }
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

    /// The tables after a foreign catalog's refusal. On the way there somebody may have sent the
    /// commit twice, and the second one is what was answered: as long as the tables cannot be read
    /// its outcome is unknown.
    private func doubted(
        _ commits: [(table: Table, prepared: PreparedCommit)],
        _ staged: [StagedCommit],
        _ reason: TableUpdateError
    ) throws(CommitError) -> [(table: Table, prepared: PreparedCommit)] {
        do throws(CommitError) { return try reloaded(commits) } catch {
            throw .unknownOutcome(
                Self.attempt(staged, []),
                reason: "it was refused (\(reason)), and the table cannot be read: \(error)"
            )
        }
    }

    /// The tables, if the commit is in them although the catalog refused it.
    private func landed(_ staged: [StagedCommit], in tables: [Table]) -> [Table]? {
        let isThere = zip(staged, tables).contains { commit, table in
            commit.snapshotID.map { table.metadata.snapshot(id: $0) != nil } ?? false
        }
        return isThere ? tables : nil
    }

    private func finish(_ commit: StagedCommit, _ state: TableState) -> Table {
        if let list = commit.manifestList { cache.keep(commit.manifests, ofList: list) }
        underWay.end(commit.files + commit.manifests.map(\.path))
        return table(state)
    }
}

/// A commit whose files are written and that can be sent to the catalog.
struct StagedCommit {
    /// The table it was made for.
    let base: Table
    let change: CatalogChange
    /// Files made for this attempt alone.
    let files: [String]
    let snapshotID: Int64?
    /// URI of the new manifest list, if any, and what it says.
    let manifestList: String?
    let manifests: [ManifestFile]
}
