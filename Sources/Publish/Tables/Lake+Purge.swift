internal import IcebergModel
internal import Telemetry

extension Lake {
    /// Deletes the files of a table that is not in the catalog any more: data, manifests and
    /// metadata of all snapshots it has.
    ///
    /// Only what lies in the table's own folder: metadata may name files of others. What cannot be
    /// read or deleted stays, for orphan removal.
    public func purge(_ table: Table) {
        let metadata = table.metadata
        var files: Set<String> = [table.metadataLocation]
        files.formUnion(metadata.metadataLog.map(\.file))
        var manifests: [String: ManifestFile] = [:]
        for snapshot in metadata.snapshots {
            files.insert(snapshot.manifestList)
            do throws(TableError) {
                for manifest in try table.manifests(of: snapshot) {
                    manifests[manifest.path] = manifest
                }
            } catch {
                logger.warning("a dropped table's files stay", ["reason": error.description])
            }
        }
        for manifest in manifests.values {
            files.insert(manifest.path)
            do throws(TableError) {
                files.formUnion(try entries(of: manifest, in: table).map(\.file.path))
            } catch {
                logger.warning("a dropped table's files stay", ["reason": error.description])
            }
        }
        let own = files.filter {
            $0.hasPrefix(metadata.location + "/") && !$0.split(separator: "/").contains("..")
        }
        deleteQuietly(own.sorted())
    }
}
