internal import Catalogs
internal import IcebergModel

/// The manifests of a snapshot after data files were taken out of it.
struct FileRemoval {
    /// Manifests that had none of the files.
    var untouched: [ManifestFile] = []
    /// Manifests written in place of those that had some: what stays as existing entries, what
    /// goes as deleted ones.
    var rewritten: [ManifestFile] = []
    /// The manifests that had some, by kind, each with its entries, as long as those are not
    /// written.
    var changed: [Kind: [[ManifestEntry]]] = [:]
    /// The data files that were taken out.
    var files: [DataFile] = []
    /// Files of position deletes that were taken out with the last data files they concern.
    var deletes: [DataFile] = []

    /// What a manifest holds.
    struct Kind: Hashable, Comparable {
        let content: ManifestContent
        let specID: Int

        static func < (left: Kind, right: Kind) -> Bool {
            (left.content.rawValue, left.specID) < (right.content.rawValue, right.specID)
        }
    }
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
        var spent = try spentDeletes(commit, of: table)
        do throws(TableError) {
            if let parent = table.metadata.currentSnapshot {
                // Manifests that hold nothing but removals say nothing about the new snapshot.
                for manifest in try manifests(of: parent, in: table.identifier)
                where manifest.hasLiveFiles {
                    if manifest.content == .deletes {
                        try take(&spent, outOf: manifest, of: table, snapshotID, into: &removal)
                    } else {
                        try take(&wanted, outOf: manifest, of: table, snapshotID, into: &removal)
                    }
                }
            }
            // Who takes out many files of many small commits writes few manifests.
            for kind in removal.changed.keys.sorted() where wanted.isEmpty {
                try write(&removal, kind, of: table, snapshotID)
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

    /// Files of position deletes that concern no data file once the commit has happened; they go
    /// with it. Found anew for every state the commit is tried on.
    ///
    /// Throws when rows of the removed files are deleted of which the commit does not know.
    private func spentDeletes(
        _ commit: TableCommit,
        of table: Table
    ) throws(CommitError) -> Set<String> {
        guard !commit.removedFiles.isEmpty, let parent = table.metadata.currentSnapshot else {
            return []
        }
        let wanted = Set(commit.removedFiles)
        var spent: Set<String> = []
        var revived: [String] = []
        do throws(TableError) {
            let manifests = try manifests(of: parent, in: table.identifier).filter {
                $0.content == .deletes && $0.hasLiveFiles
            }
            if manifests.isEmpty { return [] }
            for manifest in manifests {
                for entry in try table.liveEntries(of: manifest)
                where entry.file.content == .positionDeletes { spent.insert(entry.file.path) }
            }
            let scan = try table.scan()
            for file in scan.files {
                let deletes = file.deletes.map { scan.deletes[$0].live.file.path }
                if !wanted.contains(file.live.file.path) {
                    spent.subtract(deletes)
                } else if !commit.appliedDeletes.isSuperset(of: deletes) {
                    revived.append(file.live.file.path)
                }
            }
        } catch { throw .storage(error) }
        if !revived.isEmpty { throw .filesGone(current: table, paths: revived.sorted()) }
        return spent
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
                if manifest.content == .data {
                    removal.files.append(entry.file)
                } else {
                    removal.deletes.append(entry.file)
                }
            }
            return entry
        }
        let kind = FileRemoval.Kind(content: manifest.content, specID: manifest.partitionSpecID)
        let waiting = removal.changed[kind, default: []].reduce(0) { $0 + $1.count }
        if waiting + changed.count > Self.changedMax {
            try write(&removal, kind, of: table, snapshotID)
        }
        removal.changed[kind, default: []].append(changed)
    }

    /// Writes what was changed in manifests of a kind as one.
    private func write(
        _ removal: inout FileRemoval,
        _ kind: FileRemoval.Kind,
        of table: Table,
        _ snapshotID: Int64
    ) throws(TableError) {
        guard let changed = removal.changed.removeValue(forKey: kind) else { return }
        let metadata = table.metadata
        removal.rewritten.append(
            try writeManifest(
                changed.count == 1 ? changed[0] : Array(changed.joined()).sortedByPartition(),
                content: kind.content,
                specID: kind.specID,
                path: "\(metadata.location)/metadata/\(newUUID())-r\(removal.rewritten.count).avro",
                snapshotID: snapshotID,
                of: table.identifier,
                metadata
            )
        )
    }
}
