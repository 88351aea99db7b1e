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
        let current = try table(attempt.table)
        guard current.metadata.uuid == attempt.tableUUID, isThere(attempt, in: current) else {
            // Now it is certain that nobody refers to them.
            deleteQuietly(attempt.files)
            return .notCommitted(current)
        }
        return .committed(current)
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
