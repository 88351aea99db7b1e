public import Catalogs
public import IcebergModel

/// What a commit adds to a table and takes out of it, all in one snapshot.
public struct TableCommit: Sendable {
    /// New data files, already written. Their sizes are checked and their bytes made durable.
    public var files: [DataFile]
    /// Data files that are taken out, by path. Each must be live in the snapshot the commit is
    /// applied to; if one is not the commit does not happen (`CommitError.filesGone`). They stay
    /// where they are: earlier snapshots have them still.
    public var removedFiles: [String]
    /// Files of deletes whose rows the added files do not have. When another one concerns a file
    /// that is taken out, the commit does not happen: its rows would come back.
    public var appliedDeletes: Set<String>
    /// New columns. Their ids are those that `metadata.adding(columns:)` of the table gives, which
    /// is how the files must have been written.
    public var newColumns: [NewColumn]
    /// Table properties to be set.
    public var setProperties: [String: String]
    /// What the snapshot's summary says besides the usual counts.
    public var summary: [String: String]
    /// The snapshot the commit was made for; nil: the table has none.
    public var expectedBase: Int64?
    /// Properties the table must have at the moment of the commit; nil: must not have. A writer's
    /// own mark belongs here: commits without files do not move the snapshot.
    public var expectedProperties: [String: String?]
    /// The partition spec of the files; nil: the table's default.
    public var specID: Int?
    /// True when the added files have exactly the rows of the removed ones: the snapshot's
    /// operation is `replace` then, and readers of changes pass over it.
    public var keepsRows: Bool

    /// What a commit adds to a table and takes out of it. Without files of either kind no snapshot
    /// is made.
    public init(
        files: [DataFile],
        removedFiles: [String] = [],
        appliedDeletes: Set<String> = [],
        newColumns: [NewColumn] = [],
        setProperties: [String: String] = [:],
        summary: [String: String] = [:],
        expectedBase: Int64?,
        expectedProperties: [String: String?] = [:],
        specID: Int? = nil,
        keepsRows: Bool = false
    ) {
        self.files = files
        self.removedFiles = removedFiles
        self.appliedDeletes = appliedDeletes
        self.newColumns = newColumns
        self.setProperties = setProperties
        self.summary = summary
        self.expectedBase = expectedBase
        self.expectedProperties = expectedProperties
        self.specID = specID
        self.keepsRows = keepsRows
    }
}

/// A commit whose manifest is written and durable. It can be tried any number of times, on newer
/// states of the table too: only manifest list and metadata are made anew.
public struct PreparedCommit: Sendable {
    /// What is changed.
    public internal(set) var commit: TableCommit
    /// The table.
    public let table: TableIdentifier
    /// Identifies the table across re-creations.
    public let tableUUID: String
    /// The snapshot the commit makes, in every attempt; nil without added or removed files.
    public let snapshotID: Int64?
    /// The manifest of the new files; nil when there are none.
    let manifest: ManifestFile?
    /// Manifests that take the places of others.
    let exchange: ManifestExchange?
    /// The new columns with the ids the files were written with.
    let columns: [NestedField]

    /// The same commit for another state of the table. The caller has made sure that it belongs
    /// there: that its data are not in it yet.
    public func expecting(_ table: Table) -> PreparedCommit {
        var changed = self
        changed.commit.expectedBase = table.metadata.currentSnapshotID
        for key in commit.expectedProperties.keys {
            changed.commit.expectedProperties[key] = .some(table.metadata.properties[key])
        }
        return changed
    }

    /// The same commit with other properties and another summary, such as a newer mark.
    public func with(
        setProperties: [String: String],
        summary: [String: String]
    ) -> PreparedCommit {
        var changed = self
        changed.commit.setProperties = setProperties
        changed.commit.summary = summary
        return changed
    }
}

/// One attempt at a commit, by which it can be recognised afterwards.
public struct CommitAttempt: Hashable, Sendable {
    /// The table.
    public let table: TableIdentifier
    /// Identifies the table across re-creations.
    public let tableUUID: String
    /// The snapshot that would be there; nil without files.
    public let snapshotID: Int64?
    /// The snapshot it was made on; nil: the table had none.
    let baseSnapshotID: Int64?
    /// The metadata file that would be the current one, or in the metadata log; nil when a foreign
    /// catalog writes it.
    let metadataLocation: String?
    /// Files made for this attempt alone, in all tables of the commit.
    let files: [String]
    /// The commit's other tables, with the snapshots that would be there.
    let others: [Other]

    /// Another table of the same commit.
    struct Other: Hashable, Sendable {
        let table: TableIdentifier
        let snapshotID: Int64?
    }
}

/// Whether a commit of unknown outcome happened.
public enum CommitOutcome: Sendable {
    /// It did; this is the table now, perhaps with further commits.
    case committed(Table)
    /// It did not and never will; this is the table now.
    case notCommitted(Table)
}
