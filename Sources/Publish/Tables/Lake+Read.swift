internal import Bytes
internal import Catalogs
internal import IcebergModel
public import Stores

extension Lake {
    /// The manifests of a snapshot, from the cache or its manifest list.
    func manifests(
        of snapshot: Snapshot,
        in table: TableIdentifier
    ) throws(TableError) -> [ManifestFile] {
        let path = snapshot.manifestList
        if let known = cache.list(path) { return known }
        let bytes = try stored(table) { () throws(StoreError) in
            try store.read(path, bytesMax: Self.manifestBytesMax)
        }
        let manifests: [ManifestFile]
        do throws(IcebergError) {
            manifests = try ManifestList.read(bytes.bytes, path: path)
        } catch { throw .metadata(table, error) }
        cache.keep(manifests, ofList: path)
        return manifests
    }

    /// The identity of the table that a metadata file is of, empty where it says none; nil when the
    /// file is gone or was cut short by a crash.
    public func uuid(inMetadataFile uri: String) throws(StoreError) -> String? {
        let bytes: Slab
        do throws(StoreError) {
            bytes = try store.read(uri, bytesMax: EmbeddedCatalog.metadataBytesMax)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        guard let plain = try? EmbeddedCatalog.plain(bytes, uri) else { return nil }
        return TableMetadata.uuid(in: plain.bytes)
    }

    /// The entries of a manifest, also those of removed files, from the cache or the file.
    func entries(
        of manifest: ManifestFile,
        in table: Table
    ) throws(TableError) -> [ManifestEntry] {
        if let known = cache.entries(manifest.path) { return known }
        let bytes = try stored(table.identifier) { () throws(StoreError) in
            try store.read(manifest.path, bytesMax: Self.manifestBytesMax)
        }
        let entries: [ManifestEntry]
        do throws(IcebergError) {
            let spec = try table.metadata.spec(id: manifest.partitionSpecID)
            entries = try Manifest.read(
                bytes.bytes,
                listing: manifest,
                partitionType: try table.metadata.partitionType(of: spec)
            )
        } catch { throw .metadata(table.identifier, error) }
        cache.keep(entries, of: manifest.path)
        return entries
    }
}
