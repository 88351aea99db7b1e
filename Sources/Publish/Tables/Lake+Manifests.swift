internal import Catalogs
public import IcebergModel

/// Manifests that take the places of others of a snapshot and name the same files.
struct ManifestExchange: Sendable {
    /// Paths of those that go.
    let gone: Set<String>
    /// Those that come.
    let made: [ManifestFile]
}

extension Table {
    /// Writes one manifest for each group of manifests of the current snapshot, with the files they
    /// name, and nothing of those they call deleted. A group is of one partition spec and one
    /// content.
    ///
    /// The commit changes no file and no row: its operation is `replace`. It happens as long as the
    /// manifests are those of the table; else `CommitError.filesGone` names them.
    public func prepare(
        merging groups: [[ManifestFile]],
        summary: [String: String] = [:]
    ) throws(CommitError) -> PreparedCommit {
        try lake.prepare(merging: groups, of: self, summary: summary)
    }
}

extension Lake {
    func prepare(
        merging groups: [[ManifestFile]],
        of table: Table,
        summary: [String: String]
    ) throws(CommitError) -> PreparedCommit {
        let snapshotID = freshSnapshotID(in: table.metadata)
        var made: [ManifestFile] = []
        do throws(TableError) {
            for group in groups {
                let path = "\(table.metadata.location)/metadata/\(newUUID())-g\(made.count).avro"
                made.append(try merge(group, into: path, snapshotID: snapshotID, on: table))
            }
        } catch {
            deleteQuietly(made.map(\.path))
            throw .storage(error)
        }
        let gone = groups.joined().map(\.path)
        let counts = [
            "manifests-created": made.count, "manifests-replaced": gone.count,
            "entries-processed": made.reduce(0) { $0 + $1.existingFilesCount },
        ]
        return PreparedCommit(
            commit: TableCommit(
                files: [],
                summary: summary.merging(counts.mapValues { String($0) }) { given, _ in given },
                expectedBase: table.metadata.currentSnapshotID,
                keepsRows: true
            ),
            table: table.identifier,
            tableUUID: table.metadata.uuid,
            snapshotID: snapshotID,
            manifest: nil,
            exchange: ManifestExchange(gone: Set(gone), made: made),
            columns: []
        )
    }

    /// The snapshot's manifests after the exchange. Those that come stand where the first of those
    /// that go stood.
    func exchanged(
        _ manifests: [ManifestFile],
        _ exchange: ManifestExchange,
        of table: Table
    ) throws(CommitError) -> [ManifestFile] {
        let missing = exchange.gone.subtracting(manifests.map(\.path))
        guard missing.isEmpty else {
            throw .filesGone(current: table, paths: missing.sorted())
        }
        var result = manifests
        let place = manifests.firstIndex { exchange.gone.contains($0.path) } ?? 0
        result.removeAll { exchange.gone.contains($0.path) }
        let sequenceNumber = table.metadata.lastSequenceNumber + 1
        let made = exchange.made.map { manifest in
            var manifest = manifest
            manifest.sequenceNumber = sequenceNumber
            return manifest
        }
        result.insert(contentsOf: made, at: min(place, result.count))
        return result
    }

    /// Writes the live entries of `group` as existing ones, with their own sequence numbers, those
    /// of a partition together.
    func merge(
        _ group: [ManifestFile],
        into path: String,
        snapshotID: Int64,
        on table: Table
    ) throws(TableError) -> ManifestFile {
        var all: [ManifestEntry] = []
        for manifest in group {
            for var entry in try entries(of: manifest, in: table) where entry.isLive {
                entry.status = .existing
                all.append(entry)
            }
        }
        return try writeManifest(
            all.sortedByPartition(),
            content: group[0].content,
            specID: group[0].partitionSpecID,
            path: path,
            snapshotID: snapshotID,
            of: table.identifier,
            table.metadata
        )
    }
}

extension [ManifestEntry] {
    /// Those of one partition together, in the order in which they came.
    func sortedByPartition() -> [ManifestEntry] {
        let order = enumerated().sorted { left, right in
            for (a, b) in zip(left.element.file.partition, right.element.file.partition)
            where a != b {
                guard let a else { return true }
                guard let b else { return false }
                if a.precedes(b) { return true }
                if b.precedes(a) { return false }
            }
            return left.offset < right.offset
        }
        return order.map(\.element)
    }
}
