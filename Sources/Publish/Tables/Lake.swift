internal import Bytes
public import Catalogs
public import Clocks
internal import Compression
public import IcebergModel
public import Stores
internal import Synchronization
public import Telemetry

/// The tables of one catalog with their files in one store. May be used from any thread; calls
/// block for disk and catalog.
public final class Lake: Sendable {
    /// Largest metadata file that is read; more is taken for damage.
    static let metadataBytesMax = 1 << 30
    /// Largest manifest or manifest list that is read.
    static let manifestBytesMax = 1 << 30

    /// Properties every table made here has unless its maker says otherwise.
    public static let defaultProperties = [
        "write.parquet.compression-codec": "zstd",
        TableProperty.deleteMetadataAfterCommit: "true",
        TableProperty.previousVersionsMax: "100",
    ]

    /// Where the pointers are.
    public let catalog: any Catalog
    let store: any ObjectStore
    let clock: any WallClock
    let logger: Logger
    let cache = ManifestCache()
    let metadataCache = MetadataCache()
    private let random: Mutex<any RandomSource>

    /// The tables of `catalog` with their files in `store`.
    public init(
        catalog: any Catalog,
        store: any ObjectStore,
        clock: any WallClock,
        random: any RandomSource,
        logger: Logger = .silent
    ) {
        self.catalog = catalog
        self.store = store
        self.clock = clock
        self.random = Mutex(random)
        self.logger = logger
    }

    /// Loads a table. Its metadata are read only when the catalog's pointer has moved since they
    /// were last read or written here.
    public func table(_ identifier: TableIdentifier) throws(TableError) -> Table {
        let location = try catalogued { () throws(CatalogError) in
            try catalog.metadataLocation(of: identifier)
        }
        return try load(identifier, at: location)
    }

    /// The table `known` as it is now.
    public func refresh(_ known: Table) throws(TableError) -> Table {
        try table(known.identifier)
    }

    /// Makes a table, with its namespace if need be, and the folders `metadata` and `data` in its
    /// location.
    /// - Parameter location: URI of its folder; nil: below the warehouse, named as the table.
    public func createTable(
        _ identifier: TableIdentifier,
        schema: Schema,
        spec: PartitionSpec = .unpartitioned,
        properties: [String: String] = [:],
        location: String? = nil
    ) throws(TableError) -> Table {
        try ensureNamespace(identifier.namespace)
        let uuid = newUUID()
        let folder =
            if let location { location } else { try freshLocation(for: identifier, uuid: uuid) }
        let metadata: TableMetadata
        do throws(IcebergError) {
            metadata = try TableMetadata.new(
                uuid: uuid,
                location: folder,
                schema: schema,
                spec: spec,
                properties: Self.defaultProperties.merging(properties) { _, given in given },
                timestampMilliseconds: clock.now().milliseconds
            )
        } catch { throw .metadata(identifier, error) }
        let file = metadataFile(version: 0, of: metadata)
        try stored(identifier) { () throws(StoreError) in
            try store.createFolder("\(metadata.location)/metadata")
            try store.createFolder("\(metadata.location)/data")
            try write(metadata, to: file)
            try store.makeDurable(written: [], names: [file], below: metadata.location)
        }
        do throws(CatalogError) {
            try catalog.register(identifier, metadataLocation: file)
        } catch {
            if case .unknownOutcome = error { throw .catalog(error) }
            try? store.delete(file)
            throw .catalog(error)
        }
        return Table(
            identifier: identifier,
            metadataLocation: file,
            metadata: metadata,
            lake: self
        )
    }

    /// Makes the namespace if it is not there.
    public func ensureNamespace(_ namespace: [String]) throws(TableError) {
        do throws(CatalogError) {
            try catalog.createNamespace(namespace, properties: [:])
        } catch {
            guard case .namespaceExists = error else { throw .catalog(error) }
        }
    }

    /// A folder below the warehouse that no table used before: data files of a dropped table of
    /// that name may still lie there.
    private func freshLocation(
        for identifier: TableIdentifier,
        uuid: String
    ) throws(TableError) -> String {
        let parts = identifier.namespace + [identifier.name]
        let folder =
            catalog.warehouse + "/"
            + parts.map(FileURI.folderName).joined(separator: "/")
        let isTaken = try stored(identifier) { () throws(StoreError) in
            try store.exists("\(folder)/metadata")
        }
        return isTaken ? "\(folder)-\(uuid.prefix(8))" : folder
    }

    func load(_ identifier: TableIdentifier, at location: String) throws(TableError) -> Table {
        let metadata: TableMetadata
        if let known = metadataCache.metadata(at: location) {
            metadata = known
        } else {
            metadata = try readMetadata(identifier, at: location)
            metadataCache.keep(metadata, at: location)
        }
        return Table(
            identifier: identifier,
            metadataLocation: location,
            metadata: metadata,
            lake: self
        )
    }

    private func readMetadata(
        _ identifier: TableIdentifier,
        at location: String
    ) throws(TableError) -> TableMetadata {
        let bytes = try stored(identifier) { () throws(StoreError) in
            try store.read(location, bytesMax: Self.metadataBytesMax)
        }
        do throws(IcebergError) {
            if location.hasSuffix(".gz.metadata.json") || location.hasSuffix(".metadata.json.gz") {
                let unpacked = try Self.unpacked(bytes, location)
                return try TableMetadata(unpacked.bytes, document: location)
            }
            return try TableMetadata(bytes.bytes, document: location)
        } catch { throw .metadata(identifier, error) }
    }

    private static func unpacked(
        _ bytes: Slab,
        _ location: String
    ) throws(IcebergError) -> Slab {
        var output = ByteBuffer(capacity: bytes.count * 8)
        do throws(CompressionError) {
            try Decompressor().decompress(
                bytes.bytes,
                with: .gzip,
                into: &output,
                limit: metadataBytesMax
            )
        } catch {
            throw .invalid(document: location, reason: "\(error)")
        }
        return Slab(output)
    }

    func write(_ metadata: TableMetadata, to file: String) throws(StoreError) {
        // About what a snapshot takes; growing by doubling would copy megabytes at every commit.
        var buffer = ByteBuffer(capacity: 64 * 1024 + metadata.snapshots.count * 1024)
        metadata.write(to: &buffer)
        try store.create(file, Slab(buffer))
    }

    /// The name of a new metadata file: `<version>-<uuid>.metadata.json`.
    func metadataFile(version: Int, of metadata: TableMetadata) -> String {
        let digits = String(version)
        let padding = String(repeating: "0", count: max(0, 5 - digits.count))
        return "\(metadata.location)/metadata/\(padding)\(digits)-\(newUUID()).metadata.json"
    }

    func newUUID() -> String { newUUID16().description }

    /// A random positive number.
    func newSnapshotID() -> Int64 {
        let id = newUUID16()
        return max(1, Int64(bitPattern: id.high ^ id.low) & Int64.max)
    }

    /// Sixteen random bytes.
    func newSync() -> [UInt8] {
        let id = newUUID16()
        return [id.high, id.low].flatMap { half in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: half >> $0) }
        }
    }

    private func newUUID16() -> UUID16 {
        random.withLock { generator in
            var opened = generator
            defer { generator = opened }
            return Self.uuid(&opened)
        }
    }

    private static func uuid(_ random: inout some RandomSource) -> UUID16 {
        UUID16(random: &random)
    }

    func stored<R>(
        _ identifier: TableIdentifier,
        _ body: () throws(StoreError) -> R
    ) throws(TableError) -> R {
        do throws(StoreError) { return try body() } catch { throw .store(identifier, error) }
    }

    func catalogued<R>(_ body: () throws(CatalogError) -> R) throws(TableError) -> R {
        do throws(CatalogError) { return try body() } catch { throw .catalog(error) }
    }
}

/// Table properties this room acts on.
public enum TableProperty {
    /// Metadata files kept besides the current one.
    public static let previousVersionsMax = "write.metadata.previous-versions-max"
    /// Whether metadata files that fall out of the log are deleted.
    public static let deleteMetadataAfterCommit = "write.metadata.delete-after-commit.enabled"
    /// Manifests a snapshot may have before small ones are merged.
    public static let manifestsMax = "commit.manifest.min-count-to-merge"
    /// Whether manifests are merged.
    public static let mergesManifests = "commit.manifest-merge.enabled"
    /// Bytes a merged manifest grows to.
    public static let manifestBytes = "commit.manifest.target-size-bytes"
}
