internal import Bytes
internal import Catalogs
internal import Clocks
internal import IcebergModel
internal import Stores

extension Lake {
    /// Writes the manifest list of one attempt, on the state `table`.
    func stage(
        _ prepared: PreparedCommit,
        on table: Table,
        attempt: Int
    ) throws(CommitError) -> StagedCommit {
        let old = table.metadata
        let now = max(clock.now().milliseconds, old.lastUpdatedMilliseconds)
        let metadata = try evolved(table, by: prepared)
        var requirements: [TableRequirement] = [
            .tableUUID(old.uuid),
            .reference(SnapshotReference.main, snapshotID: old.currentSnapshotID),
        ]
        var updates: [TableUpdate] = []
        if metadata.currentSchemaID != old.currentSchemaID {
            requirements += [
                .currentSchemaID(old.currentSchemaID), .lastAssignedFieldID(old.lastColumnID),
            ]
            updates += [.addSchema(metadata.schema), .setCurrentSchema(TableUpdate.lastAdded)]
        }
        let snapshot = try stageSnapshot(prepared, on: table, metadata, attempt, now)
        if let snapshot {
            var main =
                old.references[SnapshotReference.main]
                ?? SnapshotReference(snapshotID: snapshot.snapshot.id, kind: .branch)
            main.snapshotID = snapshot.snapshot.id
            updates += [
                .addSnapshot(snapshot.snapshot), .setReference(SnapshotReference.main, main),
            ]
        }
        if !prepared.commit.setProperties.isEmpty {
            updates.append(.setProperties(prepared.commit.setProperties))
        }
        return StagedCommit(
            base: table,
            change: CatalogChange(
                table.identifier,
                requirements: requirements,
                updates: updates,
                expectedProperties: prepared.commit.expectedProperties,
                names: snapshot?.files ?? []
            ),
            files: snapshot?.files ?? [],
            snapshotID: snapshot?.snapshot.id,
            manifestList: snapshot?.snapshot.manifestList,
            manifests: snapshot?.manifests ?? []
        )
    }

    /// The table's metadata with the commit's new columns, which must get the ids their files were
    /// written with.
    private func evolved(
        _ table: Table,
        by prepared: PreparedCommit
    ) throws(CommitError) -> TableMetadata {
        let evolved: TableMetadata
        do throws(IcebergError) {
            evolved = try table.metadata.adding(columns: prepared.commit.newColumns)
        } catch {
            throw .columnsChanged(current: table, reason: "\(error)")
        }
        for column in prepared.columns {
            let found = evolved.schema.field(id: column.id)
            guard found?.name == column.name, found?.type == column.type else {
                throw .columnsChanged(
                    current: table,
                    reason: "the id \(column.id) of \(column.name) belongs to "
                        + "\(found?.name ?? "no column")"
                )
            }
        }
        return evolved
    }

    private struct StagedSnapshot {
        let snapshot: Snapshot
        let manifests: [ManifestFile]
        let files: [String]
    }

    private func stageSnapshot(
        _ prepared: PreparedCommit,
        on table: Table,
        _ metadata: TableMetadata,
        _ attempt: Int,
        _ now: Int64
    ) throws(CommitError) -> StagedSnapshot? {
        guard let snapshotID = prepared.snapshotID else { return nil }
        // Made anew in every attempt: what they say depends on the snapshot they are applied to.
        let removal = try removing(prepared.commit, of: table, snapshotID: snapshotID)
        var files = removal.rewritten.map(\.path)
        let exchange = try prepared.exchange.map { (exchange) throws(CommitError) in
            try exchanged(removal.untouched, exchange, of: table)
        }
        do throws(TableError) {
            let merge =
                if let exchange { ManifestMerge(manifests: exchange, files: []) } else {
                    try merged(removal.untouched, snapshotID: snapshotID, on: table)
                }
            files += merge.files
            let sequenceNumber = metadata.lastSequenceNumber + 1
            var added = prepared.manifest
            added?.sequenceNumber = sequenceNumber
            added?.minSequenceNumber = sequenceNumber
            let all = (added.map { [$0] } ?? []) + removal.rewritten + merge.manifests
            // A name of its own for every attempt: files of one whose outcome is unknown may be
            // there.
            let path =
                "\(metadata.location)/metadata/snap-\(snapshotID)-\(attempt)-\(newUUID()).avro"
            try writeList(all, prepared, metadata, to: path)
            files.append(path)
            let parent = metadata.currentSnapshot
            let snapshot = Snapshot(
                id: snapshotID,
                parentID: parent?.id,
                sequenceNumber: sequenceNumber,
                timestampMilliseconds: now,
                manifestList: path,
                summary: SnapshotSummary.of(
                    added: SnapshotSummary.Change(prepared.commit.files),
                    removed: SnapshotSummary.Change(removal.files),
                    removedDeletes: SnapshotSummary.Change(removal.deletes),
                    keepsRows: prepared.commit.keepsRows,
                    previous: parent?.summary,
                    extra: prepared.commit.summary
                ),
                schemaID: metadata.currentSchemaID
            )
            return StagedSnapshot(snapshot: snapshot, manifests: all, files: files)
        } catch {
            deleteQuietly(files)
            throw .storage(error)
        }
    }

    private func writeList(
        _ manifests: [ManifestFile],
        _ prepared: PreparedCommit,
        _ metadata: TableMetadata,
        to path: String
    ) throws(TableError) {
        let list: Slab
        do throws(IcebergError) {
            list = try ManifestList.write(
                manifests,
                snapshotID: prepared.snapshotID ?? 0,
                parentSnapshotID: metadata.currentSnapshotID,
                sequenceNumber: metadata.lastSequenceNumber + 1,
                sync: newSync()
            )
        } catch { throw .metadata(prepared.table, error) }
        try create(path, list, for: prepared.table)
    }
}

extension TableMetadata {
    /// A property that is a positive number.
    func number(_ key: String, default fallback: Int) -> Int {
        guard let text = properties[key], let number = Int(text), number > 0 else {
            return fallback
        }
        return number
    }
}
