internal import Bytes
internal import Catalogs
internal import IcebergModel
internal import Stores
internal import Telemetry

extension Lake {
    /// Checks a commit, makes its data files durable and writes its manifest.
    func prepare(
        _ commit: TableCommit,
        for table: Table
    ) throws(CommitError) -> PreparedCommit {
        let columns = try newColumns(of: commit, for: table)
        // A foreign catalog compares snapshots alone: what moves a writer's mark must make one, or
        // a writer that was fenced off could still commit.
        let marks = !catalog.isEmbedded && !commit.setProperties.isEmpty
        let makesSnapshot = !commit.files.isEmpty || !commit.removedFiles.isEmpty || marks
        let snapshotID = makesSnapshot ? freshSnapshotID(in: table.metadata) : nil
        var manifest: ManifestFile?
        if let snapshotID, !commit.files.isEmpty {
            do throws(TableError) {
                try makeDurable(commit.files, of: table)
                manifest = try writeManifest(
                    commit.files.map { ManifestEntry.added($0, snapshotID: snapshotID) },
                    specID: commit.specID ?? table.metadata.defaultSpecID,
                    path: "\(table.metadata.location)/metadata/\(newUUID())-m0.avro",
                    snapshotID: snapshotID,
                    of: table.identifier,
                    table.metadata
                )
            } catch { throw .storage(error) }
        }
        return PreparedCommit(
            commit: commit,
            table: table.identifier,
            tableUUID: table.metadata.uuid,
            snapshotID: snapshotID,
            manifest: manifest,
            exchange: nil,
            columns: columns
        )
    }

    /// Deletes the manifest of a commit that will never be tried again. Its data files stay: they
    /// are their writer's.
    public func discard(_ prepared: PreparedCommit) {
        if let manifest = prepared.manifest { deleteQuietly([manifest.path]) }
        if let exchange = prepared.exchange { deleteQuietly(exchange.made.map(\.path)) }
    }

    private func newColumns(
        of commit: TableCommit,
        for table: Table
    ) throws(CommitError) -> [NestedField] {
        do throws(IcebergError) {
            let before = Set(table.metadata.schema.allFields.map(\.id))
            let after = try table.metadata.adding(columns: commit.newColumns).schema
            return after.allFields.filter { !before.contains($0.id) }
        } catch { throw .storage(.metadata(table.identifier, error)) }
    }

    func freshSnapshotID(in metadata: TableMetadata) -> Int64 {
        while true {
            let id = newSnapshotID()
            if metadata.snapshot(id: id) == nil { return id }
        }
    }

    private func makeDurable(_ files: [DataFile], of table: Table) throws(TableError) {
        var paths: Set<String> = []
        for file in files where !paths.insert(file.path).inserted {
            throw .metadata(
                table.identifier,
                .invalid(document: file.path, reason: "the file is added twice in one commit")
            )
        }
        try stored(table.identifier) { () throws(StoreError) in
            try store.makeDurable(
                written: files.map { ($0.path, $0.fileSize) },
                names: [],
                below: table.metadata.location
            )
        }
    }

    /// Writes a manifest. Its sequence number is set by the manifest list that names it.
    func writeManifest(
        _ entries: [ManifestEntry],
        content: ManifestContent = .data,
        specID: Int,
        path: String,
        snapshotID: Int64,
        of identifier: TableIdentifier,
        _ metadata: TableMetadata
    ) throws(TableError) -> ManifestFile {
        let written: Manifest.Written
        do throws(IcebergError) {
            let spec = try metadata.spec(id: specID)
            written = try Manifest.write(
                entries,
                schema: metadata.schema,
                spec: spec,
                partitionType: try metadata.partitionType(of: spec),
                content: content,
                path: path,
                snapshotID: snapshotID,
                sequenceNumber: metadata.lastSequenceNumber + 1,
                sync: newSync()
            )
        } catch { throw .metadata(identifier, error) }
        try create(path, written.bytes, for: identifier)
        return written.file
    }

    /// Writes a file that a commit is to name.
    func create(
        _ path: String,
        _ bytes: Slab,
        for table: TableIdentifier
    ) throws(TableError) {
        underWay.begin(path)
        do throws(StoreError) { try store.create(path, bytes) } catch {
            underWay.end([path])
            throw .store(table, error)
        }
    }

    /// Deletes files nobody refers to. One that stays is found by orphan removal later.
    func deleteQuietly(_ files: [String]) {
        store.deleteQuietly(files, logger)
        underWay.end(files)
    }

    /// True for the name of a manifest or manifest list that a commit of this process has written,
    /// as long as the commit has neither happened nor was given up.
    public func isUnderWay(_ name: String) -> Bool { underWay.contains(name) }
}
