/// Why a catalog could not do what it was asked.
public enum CatalogError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no table of that name.
    case noSuchTable(TableIdentifier)
    /// There is a table of that name already.
    case tableExists(TableIdentifier)
    /// There is no such namespace.
    case noSuchNamespace(String)
    /// The namespace is there already.
    case namespaceExists(String)
    /// The namespace still has `tables` tables, or namespaces in it.
    case namespaceNotEmpty(String, tables: Int)
    /// A table's pointer is no longer the expected one: somebody else committed. Nothing of the
    /// commit was done.
    case conflict(TableIdentifier, current: String)
    /// Other processes kept the catalog locked for the whole waiting time. Nothing was done.
    case busy(path: String)
    /// The commit may or may not have happened. Read the pointer again to know.
    case unknownOutcome(path: String, reason: String)
    /// The database refused. Nothing was done.
    case database(path: String, operation: String, code: Int32, reason: String)
    /// A catalog of somebody else does not answer, or refuses. Nothing was done.
    case foreign(catalog: String, reason: String, isRetriable: Bool)
    /// The name of the table or namespace cannot be stored.
    case invalidName(String, reason: String)

    /// True when the same call may succeed later.
    public var isRetriable: Bool {
        switch self {
        case .busy: true
        case .foreign(_, _, let isRetriable): isRetriable
        default: false
        }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .noSuchTable(let table):
            "there is no table \(table)"
        case .tableExists(let table):
            "there is a table \(table) already"
        case .noSuchNamespace(let namespace):
            "there is no namespace \(namespace); create it first"
        case .namespaceExists(let namespace):
            "there is a namespace \(namespace) already"
        case .namespaceNotEmpty(let namespace, let tables):
            "the namespace \(namespace) still has "
                + (tables > 0 ? "\(tables) tables" : "namespaces in it") + "; drop them first"
        case .conflict(let table, let current):
            "somebody else committed to \(table): it is at \(current) now; load it again"
        case .busy(let path):
            "the catalog \(path) is locked by another process; try again"
        case .unknownOutcome(let path, let reason):
            "the catalog \(path) failed while it committed (\(reason)); load the table again to "
                + "see whether the commit is there"
        case .database(let path, let operation, let code, let reason):
            "the catalog \(path) failed to \(operation): \(reason) (SQLite \(code))"
        case .foreign(let catalog, let reason, _):
            "the catalog \(catalog) cannot be used: \(reason)"
        case .invalidName(let name, let reason):
            "\(name) cannot be a name in the catalog: \(reason)"
        }
    }
}
