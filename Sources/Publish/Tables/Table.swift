public import Catalogs
public import IcebergModel

/// A table as it was when it was loaded or committed to. A value: later commits make new ones.
public struct Table: Sendable {
    /// Its name.
    public let identifier: TableIdentifier
    /// URI of the metadata file.
    public let metadataLocation: String
    /// What the metadata file says.
    public let metadata: TableMetadata

    let lake: Lake

    /// The table as it is now.
    public func refreshed() throws(TableError) -> Table {
        try lake.table(identifier)
    }

    /// The data files of a snapshot, the current one unless another is named.
    ///
    /// Throws `hasDeletes` when rows of them are deleted.
    public func dataFiles(snapshotID: Int64? = nil) throws(TableError) -> [DataFile] {
        try dataEntries(snapshotID: snapshotID).map(\.file)
    }

    /// The live data files of a snapshot with their places in the table's history.
    public func dataEntries(snapshotID: Int64? = nil) throws(TableError) -> [ManifestEntry] {
        var entries: [ManifestEntry] = []
        try forEachDataManifest(snapshotID: snapshotID) { _, live in entries += live }
        return entries
    }

    /// The data files of the current snapshot with the partition specs they were written under.
    public func liveFiles() throws(TableError) -> [LiveFile] {
        var files: [LiveFile] = []
        try forEachDataManifest(snapshotID: nil) { manifest, live in
            files += live.map { entry in
                LiveFile(
                    file: entry.file,
                    specID: manifest.partitionSpecID,
                    sequenceNumber: entry.sequenceNumber ?? manifest.sequenceNumber
                )
            }
        }
        return files
    }

    private func forEachDataManifest(
        snapshotID: Int64?,
        _ body: (ManifestFile, [ManifestEntry]) -> Void
    ) throws(TableError) {
        guard let id = snapshotID ?? metadata.currentSnapshotID else { return }
        guard let snapshot = metadata.snapshot(id: id) else {
            throw .metadata(identifier, .missing(what: "snapshot", id: id))
        }
        for manifest in try manifests(of: snapshot) where manifest.hasLiveFiles {
            guard manifest.content == .data else {
                throw .hasDeletes(identifier, snapshotID: id)
            }
            body(manifest, try lake.entries(of: manifest, in: self).filter(\.isLive))
        }
    }

    /// The manifests of a snapshot.
    public func manifests(of snapshot: Snapshot) throws(TableError) -> [ManifestFile] {
        try lake.manifests(of: snapshot, in: identifier)
    }

    /// The live entries of one of the table's manifests.
    public func liveEntries(of manifest: ManifestFile) throws(TableError) -> [ManifestEntry] {
        try lake.entries(of: manifest, in: self).filter(\.isLive)
    }

    /// Writes the manifest of a commit and makes it and the data files durable.
    public func prepare(_ commit: TableCommit) throws(CommitError) -> PreparedCommit {
        try lake.prepare(commit, for: self)
    }

    /// Tries a prepared commit.
    /// - Returns: the table with the commit.
    public func commit(_ prepared: PreparedCommit) throws(CommitError) -> Table {
        try lake.commit([(self, prepared)])[0]
    }

    /// Changes files, columns and properties in one commit: `prepare`, then `commit`.
    ///
    /// When somebody else committed something that leaves snapshot and expected properties alone,
    /// such as another property, the commit is repeated on it.
    public func apply(_ commit: TableCommit) throws(CommitError) -> Table {
        try self.commit(try prepare(commit))
    }
}

/// A data file that is part of a table.
public struct LiveFile: Sendable {
    /// The file.
    public let file: DataFile
    /// The partition spec its partition values belong to.
    public let specID: Int
    /// Sequence number of the commit that added it, or the first of its rows.
    public let sequenceNumber: Int64

    /// A data file that is part of a table.
    public init(file: DataFile, specID: Int, sequenceNumber: Int64) {
        self.file = file
        self.specID = specID
        self.sequenceNumber = sequenceNumber
    }
}
