internal import IcebergModel
internal import Stores
internal import Tables

/// The names of all files that states of a table name: by any snapshot, by the log of metadata, by
/// statistics.
///
/// Files are known by the last part of their URIs. Writers put a random number there, so it tells
/// them apart; and it stays the same however a file's place is written: `s3` or `s3a`, `file:/` or
/// `file:///`, through a link, or with percent signs. Of names only hashes are kept: should two
/// agree by chance, a file stays that could go.
struct NamedFiles {
    private var hashes: Set<Int> = []
    /// Manifests and manifest lists that were read; they never change.
    private var read: Set<String> = []

    /// Adds what the table names in this state.
    mutating func add(_ table: Table, goesOn: () -> Bool) throws(MaintenanceError) {
        let metadata = table.metadata
        add(table.metadataLocation)
        for entry in metadata.metadataLog { add(entry.file) }
        for name in metadata.otherNames { add(name) }
        for snapshot in metadata.snapshots where read.insert(snapshot.manifestList).inserted {
            add(snapshot.manifestList)
            do throws(TableError) {
                for manifest in try table.manifests(of: snapshot)
                where read.insert(manifest.path).inserted {
                    add(manifest.path)
                    // Those that a manifest calls deleted are named by older ones, or by nobody.
                    for entry in try table.liveEntries(of: manifest) { add(entry.file.path) }
                }
            } catch { throw .table(error) }
            if !goesOn() { throw .stopped }
        }
    }

    private mutating func add(_ uri: String) {
        for name in ObjectName.readings(of: uri) { hashes.insert(name.hashValue) }
    }

    /// True when the table may name the object.
    func contains(_ uri: String) -> Bool {
        ObjectName.readings(of: uri).contains { hashes.contains($0.hashValue) }
    }
}
