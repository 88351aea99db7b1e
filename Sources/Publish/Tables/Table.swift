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

    /// The data files of a snapshot, the current one unless another is named, for who reads
    /// nothing else.
    ///
    /// Throws `hasDeletes` when rows of them are deleted.
    public func dataFiles(snapshotID: Int64? = nil) throws(TableError) -> [DataFile] {
        try dataEntries(snapshotID: snapshotID).map(\.file)
    }

    /// The live data files of a snapshot with their places in the table's history, for who reads
    /// nothing else. Throws `hasDeletes` when rows of them are deleted.
    public func dataEntries(snapshotID: Int64? = nil) throws(TableError) -> [ManifestEntry] {
        var entries: [ManifestEntry] = []
        try forEachManifest(snapshotID: snapshotID) { (manifest, live) throws(TableError) in
            guard manifest.content == .data || live.isEmpty else {
                throw .hasDeletes(
                    identifier,
                    snapshotID: snapshotID ?? metadata.currentSnapshotID ?? 0
                )
            }
            entries += live
        }
        return entries
    }

    /// The data files of the current snapshot with the partition specs they were written under,
    /// for who reads nothing else. Throws `hasDeletes` when rows of them are deleted.
    public func liveFiles() throws(TableError) -> [LiveFile] {
        let files = try files(snapshotID: nil)
        guard files.deletes.isEmpty else {
            throw .hasDeletes(identifier, snapshotID: metadata.currentSnapshotID ?? 0)
        }
        return files.data
    }

    /// Paths of all data files of a snapshot, whether rows of them are deleted or not.
    public func dataPaths(snapshotID: Int64) throws(TableError) -> [String] {
        try files(snapshotID: snapshotID).data.map(\.file.path)
    }

    /// What has to be read for the rows of a snapshot, the current one unless another is named.
    public func scan(snapshotID: Int64? = nil) throws(TableError) -> TableScan {
        let (data, deletes) = try files(snapshotID: snapshotID)
        return try TableScan(
            data: data,
            deletes: deletes,
            of: self,
            snapshotID: snapshotID ?? metadata.currentSnapshotID ?? 0
        )
    }

    private func files(
        snapshotID: Int64?
    ) throws(TableError) -> (data: [LiveFile], deletes: [LiveFile]) {
        var (data, deletes): ([LiveFile], [LiveFile]) = ([], [])
        try forEachManifest(snapshotID: snapshotID) { (manifest, live) throws(TableError) in
            let files = live.map { entry in
                LiveFile(
                    file: entry.file,
                    specID: manifest.partitionSpecID,
                    sequenceNumber: entry.sequenceNumber ?? manifest.sequenceNumber,
                    snapshotID: entry.snapshotID
                )
            }
            if manifest.content == .data { data += files } else { deletes += files }
        }
        return (data, deletes)
    }

    private func forEachManifest(
        snapshotID: Int64?,
        _ body: (ManifestFile, [ManifestEntry]) throws(TableError) -> Void
    ) throws(TableError) {
        guard let id = snapshotID ?? metadata.currentSnapshotID else { return }
        guard let snapshot = metadata.snapshot(id: id) else {
            throw .metadata(identifier, .missing(what: "snapshot", id: id))
        }
        for manifest in try manifests(of: snapshot) where manifest.hasLiveFiles {
            try body(manifest, try lake.entries(of: manifest, in: self).filter(\.isLive))
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

/// A file of rows, or of deletes, that is part of a table.
public struct LiveFile: Sendable {
    /// The file.
    public let file: DataFile
    /// The partition spec its partition values belong to.
    public let specID: Int
    /// Sequence number of the commit that added it, or the first of its rows.
    public let sequenceNumber: Int64
    /// The snapshot that added it, which may have expired; nil when nobody said.
    public let snapshotID: Int64?

    /// A data file that is part of a table.
    public init(file: DataFile, specID: Int, sequenceNumber: Int64, snapshotID: Int64? = nil) {
        self.file = file
        self.specID = specID
        self.sequenceNumber = sequenceNumber
        self.snapshotID = snapshotID
    }
}
