public import Catalogs
public import Clocks
public import IcebergModel
public import Stores
public import Telemetry

/// The tables of one catalog with their files in one store. May be used from any thread; calls
/// block for disk and catalog.
public final class Lake: Sendable {
    /// Largest manifest or manifest list that is read.
    static let manifestBytesMax = 1 << 30

    /// Where the tables' states are.
    public let catalog: any TableCatalog
    let store: any ObjectStore
    let clock: any WallClock
    let logger: Logger
    let cache = ManifestCache()
    let underWay = FilesUnderWay()
    private let identities: Identities

    /// The tables of `catalog` with their files in `store`.
    public init(
        tables catalog: any TableCatalog,
        store: any ObjectStore,
        clock: any WallClock,
        random: any RandomSource,
        logger: Logger = .silent
    ) {
        self.catalog = catalog
        self.store = store
        self.clock = clock
        self.identities = Identities(random)
        self.logger = logger
    }

    /// The tables that the pointers of `catalog` lead to, with their files in `store`.
    public init(
        catalog: any Catalog,
        store: any ObjectStore,
        clock: any WallClock,
        random: any RandomSource,
        logger: Logger = .silent
    ) {
        let identities = Identities(random)
        self.catalog = EmbeddedCatalog(catalog, store, clock, identities, logger)
        self.store = store
        self.clock = clock
        self.identities = identities
        self.logger = logger
    }

    /// Loads a table.
    public func table(_ identifier: TableIdentifier) throws(TableError) -> Table {
        table(try catalog.state(of: identifier))
    }

    /// The table in that state.
    func table(_ state: TableState) -> Table {
        Table(
            identifier: state.identifier,
            metadataLocation: state.metadataLocation,
            metadata: state.metadata,
            lake: self
        )
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
        let state = try catalog.create(
            NewTable(
                identifier,
                schema: schema,
                spec: UnboundPartitionSpec(spec),
                properties: properties,
                location: location
            )
        )
        // A foreign catalog may leave them to its clients.
        try stored(identifier) { () throws(StoreError) in
            try store.createFolder("\(state.metadata.location)/metadata")
            try store.createFolder("\(state.metadata.location)/data")
        }
        return table(state)
    }

    /// Makes the namespace if it is not there.
    public func ensureNamespace(_ namespace: [String]) throws(TableError) {
        do throws(CatalogError) {
            try catalog.createNamespace(namespace, properties: [:])
        } catch {
            guard case .namespaceExists = error else { throw .catalog(error) }
        }
    }

    func newUUID() -> String { identities.uuid() }

    /// A random positive number.
    func newSnapshotID() -> Int64 { identities.snapshotID() }

    /// Sixteen random bytes.
    func newSync() -> [UInt8] { identities.sync() }
}

/// Table properties this room acts on.
public enum TableProperty {
    /// Metadata files kept besides the current one.
    public static let previousVersionsMax = "write.metadata.previous-versions-max"
    /// Whether metadata files that fall out of the log are deleted.
    public static let deleteMetadataAfterCommit = "write.metadata.delete-after-commit.enabled"
    /// Set anew when a commit whose reply was lost is kept from happening later.
    static let fence = "millrace.fence"
    /// Manifests a snapshot may have before small ones are merged.
    public static let manifestsMax = "commit.manifest.min-count-to-merge"
    /// Whether manifests are merged.
    public static let mergesManifests = "commit.manifest-merge.enabled"
    /// Bytes a merged manifest grows to.
    public static let manifestBytes = "commit.manifest.target-size-bytes"
    /// Bytes a merged manifest grows to where the table does not say it.
    public static let manifestBytesDefault: Int64 = 8 << 20
}
