internal import Synchronization

/// A catalog in one SQLite file, laid out as PyIceberg's `SqlCatalog` and Iceberg's JDBC catalog
/// lay theirs out, so that they and we may use the same file at the same time.
///
/// `iceberg_tables` holds one pointer per table; a commit is an UPDATE that names the expected
/// pointer. Safe for any number of threads and processes: threads take turns at one connection,
/// processes at SQLite's write lock. Calls block while others write, at most the busy timeout.
public final class SQLiteCatalog: Sendable {
    /// Longest text the layout's columns are declared for. SQLite does not enforce it; other
    /// databases of the same layout do.
    static let nameCharactersMax = 255

    /// The value of `catalog_name` in every row of this catalog.
    public let name: String
    /// URI under which tables without a location of their own are put; no slash at the end.
    public let warehouse: String
    /// The file.
    public let path: String

    let connection: Mutex<SQLiteConnection>
    /// Whether `iceberg_tables` has the column `iceberg_type`, which tells tables from views. Files
    /// made by older writers do not.
    let hasTypes: Bool

    /// Opens the catalog, and makes its file and tables if need be. The folder must be there.
    public init(
        path: String,
        name: String,
        warehouse: String,
        busyTimeout: Duration = .seconds(10)
    ) throws(CatalogError) {
        try Self.check(name)
        self.path = path
        self.name = name
        var warehouse = warehouse
        while warehouse.hasSuffix("/") { warehouse.removeLast() }
        self.warehouse = warehouse
        let (seconds, attoseconds) = busyTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let opened = try SQLiteConnection.open(
            path: path,
            busyTimeoutMilliseconds: Int32(clamping: milliseconds)
        )
        try Self.createTables(opened)
        hasTypes = try opened.rows("PRAGMA table_info(iceberg_tables)").contains {
            $0.count > 1 && $0[1] == "iceberg_type"
        }
        connection = Mutex(opened)
    }

    private static func createTables(
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) {
        let present = try connection.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)",
            ["iceberg_tables", "iceberg_namespace_properties"]
        )
        // Looking first spares every opener but the first the wait for the write lock.
        if present.count == 2 { return }
        try connection.transaction { (connection) throws(CatalogError) in
            try connection.rows(
                """
                CREATE TABLE IF NOT EXISTS iceberg_tables (
                \tcatalog_name VARCHAR(255) NOT NULL,
                \ttable_namespace VARCHAR(255) NOT NULL,
                \ttable_name VARCHAR(255) NOT NULL,
                \tmetadata_location VARCHAR(1000),
                \tprevious_metadata_location VARCHAR(1000),
                \ticeberg_type VARCHAR(5),
                \tPRIMARY KEY (catalog_name, table_namespace, table_name)
                )
                """
            )
            try connection.rows(
                """
                CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
                \tcatalog_name VARCHAR(255) NOT NULL,
                \tnamespace VARCHAR(255) NOT NULL,
                \tproperty_key VARCHAR(255) NOT NULL,
                \tproperty_value VARCHAR(1000) NOT NULL,
                \tPRIMARY KEY (catalog_name, namespace, property_key)
                )
                """
            )
        }
    }

    static func check(_ name: String) throws(CatalogError) {
        if name.isEmpty { throw .invalidName("\"\"", reason: "it is empty") }
        if name.unicodeScalars.count > nameCharactersMax {
            throw .invalidName(name, reason: "it is longer than \(nameCharactersMax) characters")
        }
        if name.unicodeScalars.contains("\0") {
            throw .invalidName(name.debugDescription, reason: "it holds a zero character")
        }
    }

    /// Rows of `iceberg_tables` that are tables, not views.
    var onlyTables: String {
        hasTypes ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : ""
    }
}
