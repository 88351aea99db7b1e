public import Catalogs
public import IcebergModel
public import Stores

/// Why a table could not be made, read or written.
public enum TableError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The catalog refused.
    case catalog(CatalogError)
    /// A file of the table could not be read or written.
    case store(TableIdentifier, StoreError)
    /// A file of the table, or a change of it, is not valid Iceberg.
    case metadata(TableIdentifier, IcebergError)
    /// The catalog says that the change makes no valid table. Nothing was done.
    case rejected(TableIdentifier, reason: String)
    /// The snapshot has files of deleted rows, which the caller does not apply: reading only the
    /// data files would show rows that are gone.
    case hasDeletes(TableIdentifier, snapshotID: Int64)
    /// Rows of the snapshot are deleted in a way that this code cannot apply: `kind` says how,
    /// `file` where. Reading without it would show rows that are gone.
    case unreadableDeletes(TableIdentifier, snapshotID: Int64, kind: String, file: String)

    /// There is no table of that name.
    public var isNoSuchTable: Bool {
        if case .catalog(.noSuchTable) = self { true } else { false }
    }

    /// True when the same call may succeed later without a change elsewhere.
    public var isRetriable: Bool {
        switch self {
        case .catalog(let error): error.isRetriable
        case .store(_, let error): error.isRetriable
        case .metadata, .rejected, .hasDeletes, .unreadableDeletes: false
        }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .catalog(let error):
            "\(error)"
        case .store(let table, let error):
            "table \(table): \(error)"
        case .metadata(let table, let error):
            "table \(table): \(error)"
        case .rejected(let table, let reason):
            "table \(table): the catalog refuses the change: \(reason)"
        case .hasDeletes(let table, let snapshotID):
            "table \(table): snapshot \(snapshotID) has files of deleted rows, which are not "
                + "applied here; rewrite its data files with the engine that wrote them"
        case .unreadableDeletes(let table, let snapshotID, let kind, let file):
            """
            table \(table): snapshot \(snapshotID) has \(kind) (\(file)), which Millrace does not \
            apply, so its rows cannot be told; rewrite the data files with an engine that does \
            (Spark: CALL system.rewrite_data_files(table => '\(table)', options => \
            map('delete-file-threshold', '1'))), or read an earlier snapshot
            """
        }
    }
}

/// Why a commit did not happen, or may not have.
public enum CommitError: Error, Sendable, CustomStringConvertible {
    /// Somebody else committed: the table is not in the state the commit was made for. Nothing was
    /// done. `prepared` can be committed to `current` once the caller has decided that it should
    /// be: `current.commit(prepared.expecting(current))`.
    case conflict(current: Table, prepared: PreparedCommit)
    /// The table was dropped and another one made under its name. Nothing was done.
    case tableChanged(TableIdentifier, expectedUUID: String, foundUUID: String)
    /// Somebody else changed the columns, so that the ids in the commit's files mean other columns.
    /// Nothing was done. The files must be written again for `current`.
    case columnsChanged(current: Table, reason: String)
    /// Files the commit takes out are not part of the table any more, or rows of them were deleted
    /// since: somebody else compacted, replaced or removed them. Nothing was done. Their rows must
    /// be looked for in `current`.
    case filesGone(current: Table, paths: [String])
    /// The commit may or may not have happened: ask `Lake.outcome(of:)`. Delete nothing before.
    case unknownOutcome(CommitAttempt, reason: String)
    /// A file or the catalog failed. Nothing was done.
    case storage(TableError)

    /// True when the same call may succeed later without a change elsewhere.
    public var isRetriable: Bool {
        if case .storage(let error) = self { error.isRetriable } else { false }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .conflict(let current, _):
            "somebody else committed to \(current.identifier): its snapshot is "
                + "\(current.metadata.currentSnapshotID.map { "\($0)" } ?? "none") now"
        case .tableChanged(let table, let expected, let found):
            "\(table) is another table now (\(found), was \(expected)); it was dropped and made "
                + "again"
        case .columnsChanged(let current, let reason):
            "the columns of \(current.identifier) were changed by somebody else: \(reason); write "
                + "the files again"
        case .filesGone(let current, let paths):
            "files that were to be replaced are not part of \(current.identifier) any more, or not "
                + "as they were, because somebody else changed them; read the table again: "
                + paths.joined(separator: ", ")
        case .unknownOutcome(let attempt, let reason):
            "the commit to \(attempt.table) may have happened (\(reason)); load the table again"
        case .storage(let error):
            "\(error)"
        }
    }
}
