/// Which metadata file is the table. What a lake needs of a catalog whose commit is a
/// compare-and-set of pointers.
public protocol Catalog: Sendable {
    /// Its name, for messages.
    var name: String { get }
    /// URI under which tables without a location of their own are put; no slash at the end.
    var warehouse: String { get }
    /// URI of the table's current metadata file.
    func metadataLocation(of table: TableIdentifier) throws(CatalogError) -> String
    /// The tables of a namespace, in order of their names.
    func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier]
    /// All namespaces, in order.
    func listNamespaces() throws(CatalogError) -> [[String]]
    /// Makes a namespace.
    func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError)
    /// The properties of a namespace.
    func namespaceProperties(_ namespace: [String]) throws(CatalogError) -> [String: String]
    /// Sets and removes properties of a namespace, all in one step.
    func updateNamespace(
        _ namespace: [String],
        setting: [String: String],
        removing: [String]
    ) throws(CatalogError)
    /// Removes a namespace that has neither tables nor namespaces in it.
    func dropNamespace(_ namespace: [String]) throws(CatalogError)
    /// Gives a table another name; its files stay where they are.
    func renameTable(
        _ table: TableIdentifier,
        to new: TableIdentifier
    ) throws(CatalogError)
    /// Enters a new table whose metadata file is already durable.
    func register(_ table: TableIdentifier, metadataLocation: String) throws(CatalogError)
    /// Moves the pointers of one or several tables, all of them or none.
    func commit(_ swaps: [PointerSwap]) throws(CatalogError)
    /// Takes a table out of the catalog and returns its last metadata file. Its files stay.
    func dropTable(_ table: TableIdentifier) throws(CatalogError) -> String
    /// Makes what can be read now what will be read for ever: a commit whose outcome was unknown
    /// and that cannot be seen after this will never be seen.
    func settle(_ table: TableIdentifier) throws(CatalogError)
}

extension SQLiteCatalog: Catalog {}
