internal import Catalogs
internal import IcebergModel
internal import Stores

/// The manifests of a snapshot after small ones were merged.
struct ManifestMerge {
    var manifests: [ManifestFile]
    /// Manifests written by the merge.
    var files: [String]
}

/// Keeps the number of manifests bounded.
///
/// Every append adds a manifest, and every reader and every commit reads or writes all of their
/// entries in the manifest list. When there are more than the table's limit, the smallest are
/// merged into one, all but a tenth of the limit: so a file's entry is written again about as often
/// as the logarithm of the number of commits, and most commits merge nothing.
extension Lake {
    private static let manifestsMaxDefault = 100

    func merged(
        _ manifests: [ManifestFile],
        snapshotID: Int64,
        on table: Table
    ) throws(TableError) -> ManifestMerge {
        let metadata = table.metadata
        let limit = metadata.number(
            TableProperty.manifestsMax,
            default: Self.manifestsMaxDefault
        )
        var result = ManifestMerge(manifests: manifests, files: [])
        guard manifests.count >= limit,
            metadata.properties[TableProperty.mergesManifests] != "false"
        else { return result }
        let bytesMax = Int64(
            metadata.number(
                TableProperty.manifestBytes,
                default: Int(TableProperty.manifestBytesDefault)
            )
        )
        do throws(TableError) {
            let uuid = newUUID()
            for group in Self.mergeGroups(manifests, keeping: limit / 10, bytesMax: bytesMax) {
                let path = "\(metadata.location)/metadata/\(uuid)-m\(result.files.count + 1).avro"
                let file = try merge(group, into: path, snapshotID: snapshotID, on: table)
                result.files.append(path)
                let gone = Set(group.map(\.path))
                let place =
                    result.manifests.firstIndex { gone.contains($0.path) }
                    ?? result.manifests.count
                result.manifests.insert(file, at: place)
                result.manifests.removeAll { gone.contains($0.path) }
            }
        } catch {
            deleteQuietly(result.files)
            throw error
        }
        return result
    }

    /// Which manifests are merged with which: those of one spec and content, smallest first, until
    /// the sum of their sizes is that of a large manifest. The `keeping` largest are left alone.
    private static func mergeGroups(
        _ manifests: [ManifestFile],
        keeping: Int,
        bytesMax: Int64
    ) -> [[ManifestFile]] {
        var groups: [[ManifestFile]] = []
        let candidates = manifests.filter { $0.length < bytesMax }
            .sorted { ($0.length, $0.path) < ($1.length, $1.path) }
            .dropLast(keeping)
        let kinds = Dictionary(grouping: candidates) {
            $0.partitionSpecID * 2 + ($0.content == .data ? 0 : 1)
        }
        for (_, ofSpec) in kinds.sorted(by: { $0.key < $1.key }) {
            var group: [ManifestFile] = []
            var bytes: Int64 = 0
            for manifest in ofSpec {
                if bytes + manifest.length > bytesMax, group.count > 1 {
                    groups.append(group)
                    (group, bytes) = ([], 0)
                }
                group.append(manifest)
                bytes += manifest.length
            }
            if group.count > 1 { groups.append(group) }
        }
        return groups
    }
}
