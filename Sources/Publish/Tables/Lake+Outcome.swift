internal import Catalogs
internal import IcebergModel

extension Lake {
    /// Finds out whether a commit of unknown outcome happened.
    ///
    /// One that did not leaves its prepared manifest, which can be tried again, and nothing else.
    /// Until this has answered, none of the commit's files may be deleted. A commit to several
    /// tables happened to all of them or none, so one table's answer is that of all.
    public func outcome(of attempt: CommitAttempt) throws(TableError) -> CommitOutcome {
        try catalog.settle(attempt.table)
        var current = try table(attempt.table)
        while current.metadata.uuid == attempt.tableUUID {
            if isThere(attempt, in: current) {
                underWay.end(attempt.files)
                return .committed(current)
            }
            guard let fenced = try fence(current, against: attempt) else { break }
            current = fenced
        }
        if !catalog.isEmbedded { try mustBeAbsent(attempt) }
        // Now it is certain that nobody refers to them.
        deleteQuietly(attempt.files)
        return .notCommitted(current)
    }

    /// A foreign catalog's promise of all or none is held against the other tables, too: files that
    /// one of them refers to must not be deleted.
    private func mustBeAbsent(_ attempt: CommitAttempt) throws(TableError) {
        for other in attempt.others {
            guard let id = other.snapshotID,
                try table(other.table).metadata.snapshot(id: id) != nil
            else { continue }
            throw .rejected(
                other.table,
                reason: "it did a part of a transaction: \(other.table) has the snapshot \(id), "
                    + "and \(attempt.table) not the one made with it; roll \(other.table) back"
            )
        }
    }

    /// Makes it impossible that a commit which is still on its way to a foreign catalog happens: it
    /// asks for the snapshot it was made on, so that one moves on, to one without changes.
    ///
    /// - Returns: the table if it has changed, so that it must be looked at again; nil when the
    ///   commit cannot happen any more.
    private func fence(
        _ table: Table,
        against attempt: CommitAttempt
    ) throws(TableError) -> Table? {
        guard !catalog.isEmbedded, table.metadata.currentSnapshotID == attempt.baseSnapshotID else {
            return nil
        }
        let commit = TableCommit(
            files: [],
            setProperties: [TableProperty.fence: newUUID()],
            expectedBase: attempt.baseSnapshotID
        )
        do throws(CommitError) {
            return try table.apply(commit)
        } catch {
            switch error {
            case .conflict(let current, _), .columnsChanged(let current, _),
                .filesGone(let current, _):
                return current
            case .tableChanged: return try self.table(table.identifier)
            case .unknownOutcome(_, let reason):
                // The fence is looked for like any commit: by who asks again.
                throw .catalog(.unknownOutcome(path: catalog.name, reason: reason))
            case .storage(let error): throw error
            }
        }
    }

    private func isThere(_ attempt: CommitAttempt, in table: Table) -> Bool {
        let metadata = table.metadata
        if let file = attempt.metadataLocation,
            table.metadataLocation == file
                || metadata.metadataLog.contains(where: { $0.file == file })
        {
            return true
        }
        return attempt.snapshotID.map { metadata.snapshot(id: $0) != nil } ?? false
    }
}
