public import Catalogs
public import IcebergModel

/// What a lake needs of a catalog: the states of tables, and changes of them said in updates and
/// requirements, as Iceberg's REST protocol has them.
///
/// The embedded catalog applies the updates and moves its pointers itself (`EmbeddedCatalog`); a
/// foreign one is sent them.
public protocol TableCatalog: Sendable {
    /// Its name, for messages.
    var name: String { get }
    /// True when this process makes the commits: they are applied to exact versions, so that
    /// `CatalogChange.expectedProperties` are compared and an outcome can be settled.
    ///
    /// Where not, a writer's mark is guarded by the snapshot alone, so that every change must make
    /// one; and a change whose reply was lost may still be on its way.
    var isEmbedded: Bool { get }
    /// True when several tables can change in one commit.
    var commitsTogether: Bool { get }

    /// All namespaces, in order.
    func listNamespaces() throws(CatalogError) -> [[String]]
    /// The tables of a namespace, in order of their names.
    func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier]
    /// Makes a namespace.
    func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError)

    /// The table as it is now.
    func state(of table: TableIdentifier) throws(TableError) -> TableState
    /// What changes whenever the table changes; cheaper than its state.
    func revision(of table: TableIdentifier) throws(TableError) -> String
    /// Makes a table. The ids in its schema may be others than those asked for.
    func create(_ table: NewTable) throws(TableError) -> TableState
    /// Changes one or several tables, all of them or none.
    func commit(_ changes: [CatalogChange]) throws(CatalogChangeError) -> [TableState]
    /// Makes what can be read now what will be read for ever: a change whose outcome was unknown
    /// and that cannot be seen after this will never be seen. Only where `isEmbedded`.
    func settle(_ table: TableIdentifier) throws(TableError)
}

/// A table at one time.
public struct TableState: Sendable {
    /// Its name.
    public let identifier: TableIdentifier
    /// URI of its metadata file.
    public let metadataLocation: String
    /// What the metadata file says.
    public let metadata: TableMetadata

    /// A table at one time.
    public init(
        identifier: TableIdentifier,
        metadataLocation: String,
        metadata: TableMetadata
    ) {
        self.identifier = identifier
        self.metadataLocation = metadataLocation
        self.metadata = metadata
    }
}

/// A table to be made.
public struct NewTable: Sendable {
    /// Its name.
    public var identifier: TableIdentifier
    /// Its columns.
    public var schema: Schema
    /// How its files are divided.
    public var spec: UnboundPartitionSpec
    /// How its rows are sorted.
    public var order: SortOrder
    /// Its properties.
    public var properties: [String: String]
    /// URI of its folder; nil: the catalog chooses.
    public var location: String?

    /// A table to be made.
    public init(
        _ identifier: TableIdentifier,
        schema: Schema,
        spec: UnboundPartitionSpec = UnboundPartitionSpec(fields: []),
        order: SortOrder = .unsorted,
        properties: [String: String] = [:],
        location: String? = nil
    ) {
        self.identifier = identifier
        self.schema = schema
        self.spec = spec
        self.order = order
        self.properties = properties
        self.location = location
    }
}

/// A change of one table.
public struct CatalogChange: Sendable {
    /// The table.
    public var table: TableIdentifier
    /// What must be true of it.
    public var requirements: [TableRequirement]
    /// What is done to it, in order.
    public var updates: [TableUpdate]
    /// Properties it must have at the moment of the commit; nil: must not have. Only where
    /// `TableCatalog.isEmbedded`.
    public var expectedProperties: [String: String?]
    /// Objects that the updates refer to and whose names the catalog makes durable together with
    /// its own file. Only where `TableCatalog.isEmbedded`.
    public var names: [String]

    /// A change of one table.
    public init(
        _ table: TableIdentifier,
        requirements: [TableRequirement],
        updates: [TableUpdate],
        expectedProperties: [String: String?] = [:],
        names: [String] = []
    ) {
        self.table = table
        self.requirements = requirements
        self.updates = updates
        self.expectedProperties = expectedProperties
        self.names = names
    }
}

/// Why changes did not happen, or may not have.
public enum CatalogChangeError: Error, Sendable {
    /// A table is not as required, or the change makes no valid table. Nothing was done.
    case rejected(TableIdentifier, TableUpdateError)
    /// The change may or may not have happened. `metadata` are the files that would be the tables'
    /// current ones, where this side wrote them.
    case unknownOutcome(reason: String, metadata: [String])
    /// The catalog or a file failed. Nothing was done.
    case failed(TableError)
}
