internal import IcebergModel
public import Stores
public import Tables

/// Takes old snapshots out of a table, and deletes the files that only they had.
public struct Expiry {
    /// What went.
    public struct Result: Sendable {
        /// The table without them.
        public let table: Table
        /// Snapshots.
        public var snapshots = 0
        /// Data files, and files of deletes.
        public var dataFiles = 0
        /// Manifests and manifest lists.
        public var metadataFiles = 0
        /// Bytes of the data files.
        public var bytes: Int64 = 0
    }

    /// Snapshots that one commit takes out; the oldest go first.
    private static let snapshotsMax = 2000

    private let lake: Lake
    private let store: any ObjectStore

    /// Expiry of tables of `lake`, whose files lie in `store`.
    public init(in lake: Lake, store: any ObjectStore) {
        self.lake = lake
        self.store = store
    }

    /// Takes out what was chosen. Nil when that is nothing.
    ///
    /// Files are deleted after the commit. A crash in between leaves orphans, nothing worse.
    public func expire(
        _ choice: SnapshotRetention.Choice,
        of table: Table
    ) throws(MaintenanceError) -> Result? {
        let metadata = table.metadata
        let ids = Set(choice.snapshotIDs.prefix(Self.snapshotsMax))
        let gone = metadata.snapshots.filter { ids.contains($0.id) }
        if gone.isEmpty, choice.references.isEmpty { return nil }
        try table.mustOwnItsFiles()
        var updates = choice.references.map { TableUpdate.removeReference($0) }
        if !gone.isEmpty { updates.append(.removeSnapshots(gone.map(\.id))) }
        let kept = metadata.references.filter { !choice.references.contains($0.key) }
        // A branch or tag that somebody moves to what goes has to win; main moves with every commit
        // and never back.
        let others = kept.filter { $0.key != SnapshotReference.main }
        let change = CatalogChange(
            table.identifier,
            requirements: [.tableUUID(metadata.uuid)]
                + others.map { .reference($0.key, snapshotID: $0.value.snapshotID) },
            updates: updates
        )
        try commit(change)
        var result = Result(table: try refreshed(table))
        result.snapshots = gone.count
        try deleteFiles(of: gone, before: table, into: &result)
        return result
    }

    private func commit(_ change: CatalogChange) throws(MaintenanceError) {
        do throws(CatalogChangeError) { _ = try lake.catalog.commit([change]) } catch {
            switch error {
            case .rejected(let table, let reason):
                throw .refused(table, reason: reason.description)
            case .failed(let error):
                throw .table(error)
            case .unknownOutcome(let reason, _):
                throw .refused(change.table, reason: "the catalog may have done it: \(reason)")
            }
        }
    }

    private func refreshed(_ table: Table) throws(MaintenanceError) -> Table {
        do throws(TableError) { return try table.refreshed() } catch { throw .table(error) }
    }

    /// Deletes what the snapshots `gone` had and no snapshot of the table has any more.
    private func deleteFiles(
        of gone: [Snapshot],
        before: Table,
        into result: inout Result
    ) throws(MaintenanceError) {
        let unreachable: Unreachable
        do throws(TableError) {
            unreachable = try Unreachable(without: gone, before: before, now: result.table)
        } catch { throw .table(error) }
        for file in unreachable.dataFiles.values {
            try delete(file.path)
            result.dataFiles += 1
            result.bytes += file.fileSize
        }
        // Manifests after the files that they name: who is interrupted finds the rest by them.
        for path in unreachable.manifests + unreachable.lists {
            try delete(path)
            result.metadataFiles += 1
        }
    }

    private func delete(_ uri: String) throws(MaintenanceError) {
        do throws(StoreError) { try store.delete(uri) } catch { throw .store(error) }
    }
}

/// The files that only snapshots have that went.
private struct Unreachable {
    var dataFiles: [String: DataFile] = [:]
    var manifests: [String] = []
    var lists: [String] = []

    init(without gone: [Snapshot], before: Table, now: Table) throws(TableError) {
        let kept = now.metadata.snapshots
        let keptLists = Set(kept.map(\.manifestList))
        lists = gone.map(\.manifestList).filter { !keptLists.contains($0) }
        var keptManifests: Set<String> = []
        for snapshot in kept {
            for manifest in try now.manifests(of: snapshot) { keptManifests.insert(manifest.path) }
        }
        for snapshot in gone {
            for manifest in try before.manifests(of: snapshot)
            where keptManifests.insert(manifest.path).inserted {
                manifests.append(manifest.path)
                for entry in try before.liveEntries(of: manifest) {
                    dataFiles[entry.file.path] = entry.file
                }
            }
        }
        try keep(filesOf: kept.reversed(), of: now, except: Set(manifests))
    }

    /// Takes out what the snapshots still have. Most of it is in the newest one.
    private mutating func keep(
        filesOf snapshots: some Sequence<Snapshot>,
        of table: Table,
        except gone: Set<String>
    ) throws(TableError) {
        var seen = gone
        for snapshot in snapshots {
            for manifest in try table.manifests(of: snapshot)
            where seen.insert(manifest.path).inserted {
                if dataFiles.isEmpty { return }
                for entry in try table.liveEntries(of: manifest) {
                    dataFiles[entry.file.path] = nil
                }
            }
        }
    }
}
