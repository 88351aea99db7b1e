internal import Bytes
internal import Catalogs
internal import Clocks
internal import IcebergModel
internal import Stores

extension Lake {
    /// Writes manifest list and metadata of one attempt, on the state `table`.
    func stage(
        _ prepared: PreparedCommit,
        on table: Table,
        attempt: Int
    ) throws(CommitError) -> StagedCommit {
        let now = max(clock.now().milliseconds, table.metadata.lastUpdatedMilliseconds)
        var metadata = try evolved(table, by: prepared)
        var snapshot: StagedSnapshot?
        snapshot = try stageSnapshot(prepared, on: table, metadata, attempt, now)
        do throws(TableError) {
            do throws(IcebergError) {
                if let snapshot { metadata = try metadata.appending(snapshot.snapshot) }
            } catch { throw .metadata(table.identifier, error) }
            metadata = metadata.setting(properties: prepared.commit.setProperties)
                .updated(atMilliseconds: now)
            let logged = metadata.logging(
                previousFile: table.metadataLocation,
                previousTimestampMilliseconds: table.metadata.lastUpdatedMilliseconds,
                limit: metadata.number(TableProperty.previousVersionsMax, default: 100)
            )
            let file = metadataFile(version: table.metadataVersion + 1, of: metadata)
            try stored(table.identifier) { () throws(StoreError) in
                try write(logged.metadata, to: file)
            }
            let deletes =
                metadata.properties[TableProperty.deleteMetadataAfterCommit] == "true"
            return StagedCommit(
                table: Table(
                    identifier: table.identifier,
                    metadataLocation: file,
                    metadata: logged.metadata,
                    lake: self
                ),
                attempt: CommitAttempt(
                    table: table.identifier,
                    tableUUID: metadata.uuid,
                    snapshotID: prepared.snapshotID,
                    metadataLocation: file,
                    files: (snapshot?.files ?? []) + [file]
                ),
                swap: PointerSwap(
                    table: table.identifier,
                    expected: table.metadataLocation,
                    new: file
                ),
                manifestList: snapshot?.snapshot.manifestList,
                manifests: snapshot?.manifests ?? [],
                expiredMetadata: deletes ? logged.dropped : []
            )
        } catch {
            deleteQuietly(snapshot?.files ?? [])
            throw .storage(error)
        }
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
        do throws(TableError) {
            let merge = try merged(removal.untouched, snapshotID: snapshotID, on: table)
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
        try stored(prepared.table) { () throws(StoreError) in
            try store.create(path, list)
        }
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

extension Table {
    /// The number at the start of the metadata file's name; 0 when another writer named it
    /// otherwise.
    var metadataVersion: Int {
        let name = metadataLocation.split(separator: "/").last ?? ""
        return Int(name.prefix { $0.isASCII && $0.isNumber }) ?? 0
    }
}
