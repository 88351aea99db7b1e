internal import Bytes
public import Catalogs
public import Clocks
internal import Compression
internal import IcebergModel
public import Stores
public import Telemetry

/// The catalog of this process: pointers to metadata files (`Catalog`), and the metadata files,
/// which it reads and writes itself. May be used from any thread; calls block for the disk.
public final class EmbeddedCatalog: TableCatalog {
    /// Largest metadata file that is read; more is taken for damage.
    static let metadataBytesMax = 1 << 30

    /// Properties every table made here has unless its maker says otherwise.
    public static let defaultProperties = [
        "write.parquet.compression-codec": "zstd",
        TableProperty.deleteMetadataAfterCommit: "true",
        TableProperty.previousVersionsMax: "100",
    ]

    /// Where the pointers are.
    public let pointers: any Catalog
    let store: any ObjectStore
    let clock: any WallClock
    let identities: Identities
    let logger: Logger
    let cache = MetadataCache()

    /// The tables that `pointers` lead to, with their files in `store`.
    public convenience init(
        pointers: any Catalog,
        store: any ObjectStore,
        clock: any WallClock,
        random: any RandomSource,
        logger: Logger = .silent
    ) {
        self.init(pointers, store, clock, Identities(random), logger)
    }

    init(
        _ pointers: any Catalog,
        _ store: any ObjectStore,
        _ clock: any WallClock,
        _ identities: Identities,
        _ logger: Logger
    ) {
        self.pointers = pointers
        self.store = store
        self.clock = clock
        self.identities = identities
        self.logger = logger
    }

    /// See `TableCatalog`.
    public var name: String { pointers.name }
    /// See `TableCatalog`.
    public var isEmbedded: Bool { true }
    /// See `TableCatalog`.
    public var commitsTogether: Bool { true }

    /// See `TableCatalog`.
    public func listNamespaces() throws(CatalogError) -> [[String]] {
        try pointers.listNamespaces()
    }

    /// See `TableCatalog`.
    public func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier] {
        try pointers.listTables(namespace)
    }

    /// See `TableCatalog`.
    public func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError) {
        try pointers.createNamespace(namespace, properties: properties)
    }

    /// See `TableCatalog`.
    public func settle(_ table: TableIdentifier) throws(TableError) {
        try catalogued { () throws(CatalogError) in try pointers.settle(table) }
    }

    /// URI of the table's metadata file.
    public func revision(of table: TableIdentifier) throws(TableError) -> String {
        try catalogued { () throws(CatalogError) in try pointers.metadataLocation(of: table) }
    }

    /// The table as it is now. Its metadata are read only when the pointer has moved since they
    /// were last read or written here.
    public func state(of table: TableIdentifier) throws(TableError) -> TableState {
        var location = try revision(of: table)
        while true {
            do throws(TableError) {
                return try state(of: table, at: location)
            } catch {
                // Others may have committed so often meanwhile that the file was thrown away.
                guard case .store(_, let reason) = error, reason.isNotFound else { throw error }
                let newer = try revision(of: table)
                guard newer != location else { throw error }
                location = newer
            }
        }
    }

    func state(
        of table: TableIdentifier,
        at location: String
    ) throws(TableError) -> TableState {
        let metadata: TableMetadata
        if let known = cache.metadata(at: location) {
            metadata = known
        } else {
            metadata = try readMetadata(table, at: location)
            cache.keep(metadata, at: location)
        }
        return TableState(identifier: table, metadataLocation: location, metadata: metadata)
    }

    func readMetadata(
        _ identifier: TableIdentifier,
        at location: String
    ) throws(TableError) -> TableMetadata {
        let bytes = try stored(identifier) { () throws(StoreError) in
            try store.read(location, bytesMax: Self.metadataBytesMax)
        }
        do throws(IcebergError) {
            let plain = try Self.plain(bytes, location)
            return try TableMetadata(plain.bytes, document: location)
        } catch { throw .metadata(identifier, error) }
    }

    /// What the metadata file at `location` says, unpacked if its name says that it is packed.
    static func plain(_ bytes: Slab, _ location: String) throws(IcebergError) -> Slab {
        let isPacked = [".gz.metadata.json", ".metadata.json.gz"].contains(
            where: location.hasSuffix
        )
        return isPacked ? try unpacked(bytes, location) : bytes
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
        return "\(metadata.location)/metadata/\(padding)\(digits)-\(identities.uuid())"
            + ".metadata.json"
    }
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

extension ObjectStore {
    /// Deletes files nobody refers to. One that stays is found by orphan removal later.
    func deleteQuietly(_ files: [String], _ logger: Logger) {
        for file in files {
            do throws(StoreError) {
                try delete(file)
            } catch {
                logger.warning("a file that is no longer needed stays", ["file": file])
            }
        }
    }
}

extension TableState {
    /// The number at the start of the metadata file's name; 0 when another writer named it
    /// otherwise.
    var metadataVersion: Int { metadataFileVersion(metadataLocation) ?? 0 }
}

/// The number at the start of a metadata file's name, if there is one.
private func metadataFileVersion(_ uri: String) -> Int? {
    let digits = ObjectName.last(of: uri).prefix { $0.isASCII && $0.isNumber }
    return Int(digits).flatMap { $0 < Int.max ? $0 : nil }
}

extension Table {
    /// True when the name is that of a metadata file with a higher number than the current one's: a
    /// commit that is on its way may be about to make it the table.
    public func mayBecomeCurrent(metadataFile name: String) -> Bool {
        guard name.contains(".metadata.json"), let version = metadataFileVersion(name) else {
            return false
        }
        return version > (metadataFileVersion(metadataLocation) ?? 0)
    }
}
