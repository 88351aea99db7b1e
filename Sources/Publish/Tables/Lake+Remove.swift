internal import Catalogs
internal import IcebergModel

/// The manifests of a snapshot after data files were taken out of it.
struct FileRemoval {
    /// Manifests that had none of the files.
    var untouched: [ManifestFile] = []
    /// Manifests written in place of those that had some: what stays as existing entries, what
    /// goes as deleted ones.
    var rewritten: [ManifestFile] = []
    /// The manifests that had some, by spec, each with its entries, as long as those are not
    /// written.
    var changed: [Int: [[ManifestEntry]]] = [:]
    /// The files that were taken out.
    var files: [DataFile] = []
}

extension Lake {
    /// Entries of a manifest that is put together of several; some kilobytes each in memory.
    private static let changedMax = 5000

    /// The manifests of the table's current snapshot without the files that `commit` removes.
    ///
    /// Every one of them must be live there: if somebody else replaced or removed one, its rows may
    /// be in another file now, and what the commit adds in its place would double them. The like
    /// holds for single rows: those that somebody else has deleted since would come back, so every
    /// file of deletes that concerns a removed file must be one that the commit has applied.
    func removing(
        _ commit: TableCommit,
        of table: Table,
        snapshotID: Int64
    ) throws(CommitError) -> FileRemoval {
        var removal = FileRemoval()
        var wanted = Set(commit.removedFiles)
        try checkDeletes(commit, of: table)
        do throws(TableError) {
            if let parent = table.metadata.currentSnapshot {
                // Manifests that hold nothing but removals say nothing about the new snapshot.
                for manifest in try manifests(of: parent, in: table.identifier)
                where manifest.hasLiveFiles {
                    if manifest.content == .deletes {
                        removal.untouched.append(manifest)
                        continue
                    }
                    try take(&wanted, outOf: manifest, of: table, snapshotID, into: &removal)
                }
            }
            // Who takes out many files of many small commits writes few manifests.
            for specID in removal.changed.keys.sorted() where wanted.isEmpty {
                try write(&removal, specID, of: table, snapshotID)
            }
        } catch {
            deleteQuietly(removal.rewritten.map(\.path))
            throw .storage(error)
        }
        guard wanted.isEmpty else {
            deleteQuietly(removal.rewritten.map(\.path))
            throw .filesGone(current: table, paths: wanted.sorted())
        }
        return removal
    }

    /// Throws when rows of the removed files are deleted of which the commit does not know.
    private func checkDeletes(_ commit: TableCommit, of table: Table) throws(CommitError) {
        guard !commit.removedFiles.isEmpty, let parent = table.metadata.currentSnapshot else {
            return
        }
        let wanted = Set(commit.removedFiles)
        let revived: [String]
        do throws(TableError) {
            let hasDeletes = try manifests(of: parent, in: table.identifier).contains {
                $0.content == .deletes && $0.hasLiveFiles
            }
            guard hasDeletes else { return }
            let scan = try table.scan()
            revived = scan.files.filter { file in
                wanted.contains(file.live.file.path)
                    && !file.deletes.allSatisfy {
                        commit.appliedDeletes.contains(scan.deletes[$0].live.file.path)
                    }
            }.map(\.live.file.path)
        } catch { throw .storage(error) }
        if !revived.isEmpty { throw .filesGone(current: table, paths: revived.sorted()) }
    }

    /// Sorts one manifest into the removal: untouched, or to be written again without the `wanted`
    /// files it has.
    private func take(
        _ wanted: inout Set<String>,
        outOf manifest: ManifestFile,
        of table: Table,
        _ snapshotID: Int64,
        into removal: inout FileRemoval
    ) throws(TableError) {
        if wanted.isEmpty {
            removal.untouched.append(manifest)
            return
        }
        let live = try entries(of: manifest, in: table).filter(\.isLive)
        guard live.contains(where: { wanted.contains($0.file.path) }) else {
            removal.untouched.append(manifest)
            return
        }
        // The entries keep their sequence numbers, which order them against deletes; what goes
        // names the snapshot it goes with (Iceberg specification, "Manifest Entry Fields").
        let changed = live.map { entry in
            var entry = entry
            entry.status = .existing
            if wanted.remove(entry.file.path) != nil {
                entry.status = .deleted
                entry.snapshotID = snapshotID
                removal.files.append(entry.file)
            }
            return entry
        }
        let specID = manifest.partitionSpecID
        let waiting = removal.changed[specID, default: []].reduce(0) { $0 + $1.count }
        if waiting + changed.count > Self.changedMax {
            try write(&removal, specID, of: table, snapshotID)
        }
        removal.changed[specID, default: []].append(changed)
    }

    /// Writes what was changed in manifests of a spec as one.
    private func write(
        _ removal: inout FileRemoval,
        _ specID: Int,
        of table: Table,
        _ snapshotID: Int64
    ) throws(TableError) {
        guard let changed = removal.changed.removeValue(forKey: specID) else { return }
        let metadata = table.metadata
        removal.rewritten.append(
            try writeManifest(
                changed.count == 1 ? changed[0] : Array(changed.joined()).sortedByPartition(),
                specID: specID,
                path: "\(metadata.location)/metadata/\(newUUID())-r\(removal.rewritten.count).avro",
                snapshotID: snapshotID,
                of: table.identifier,
                metadata
            )
        )
    }
}
