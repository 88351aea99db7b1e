internal import Synchronization

/// The move of one table's pointer.
public struct PointerSwap: Hashable, Sendable {
    /// The table.
    public var table: TableIdentifier
    /// The metadata file the change was made from; nil: the table is new.
    public var expected: String?
    /// The metadata file with the change.
    public var new: String

    /// The move of one table's pointer.
    public init(table: TableIdentifier, expected: String?, new: String) {
        self.table = table
        self.expected = expected
        self.new = new
    }
}

extension SQLiteCatalog {
    /// URI of the table's current metadata file.
    public func metadataLocation(of table: TableIdentifier) throws(CatalogError) -> String {
        try connection.withLock { (connection) throws(CatalogError) in
            try location(of: table, connection)
        }
    }

    private func location(
        of table: TableIdentifier,
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) -> String {
        let rows = try connection.rows(
            """
            SELECT metadata_location FROM iceberg_tables
            WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
            """ + onlyTables,
            [name, table.namespaceText, table.name]
        )
        guard let location = rows.first?.first ?? nil else { throw .noSuchTable(table) }
        return location
    }

    /// The tables of a namespace, in order of their names.
    public func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier] {
        let rows = try connection.withLock { (connection) throws(CatalogError) in
            try connection.rows(
                """
                SELECT table_name FROM iceberg_tables
                WHERE catalog_name = ? AND table_namespace = ?
                """ + onlyTables + " ORDER BY table_name",
                [name, namespace.joined(separator: ".")]
            )
        }
        return rows.compactMap { row in
            row[0].map { TableIdentifier(namespace: namespace, name: $0) }
        }
    }

    /// Enters a new table whose metadata file is already durable.
    public func register(
        _ table: TableIdentifier,
        metadataLocation: String
    ) throws(CatalogError) {
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                try enter(table, metadataLocation, connection)
            }
        }
    }

    private func enter(
        _ table: TableIdentifier,
        _ metadataLocation: String,
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) {
        try Self.check(table.name)
        guard try namespaceExists(table.namespaceText, connection) else {
            throw .noSuchNamespace(table.namespaceText)
        }
        try mustBeFree(table, connection)
        let columns =
            "catalog_name, table_namespace, table_name, metadata_location"
            + (hasTypes ? ", iceberg_type" : "")
        try connection.rows(
            "INSERT INTO iceberg_tables (\(columns)) VALUES (?, ?, ?, ?"
                + (hasTypes ? ", 'TABLE')" : ")"),
            [name, table.namespaceText, table.name, metadataLocation]
        )
    }

    /// Throws when there is a table, or a view, of that name.
    private func mustBeFree(
        _ table: TableIdentifier,
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) {
        let present = try connection.rows(
            """
            SELECT 1 FROM iceberg_tables
            WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
            """,
            [name, table.namespaceText, table.name]
        )
        guard present.isEmpty else { throw .tableExists(table) }
    }

    /// Moves the pointers of one or several tables, all of them or none.
    ///
    /// Throws `conflict` for the first table whose pointer is not the expected one, and
    /// `tableExists` for one that is not new.
    public func commit(_ swaps: [PointerSwap]) throws(CatalogError) {
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                for swap in swaps {
                    guard let expected = swap.expected else {
                        try enter(swap.table, swap.new, connection)
                        continue
                    }
                    try connection.rows(
                        """
                        UPDATE iceberg_tables
                        SET metadata_location = ?, previous_metadata_location = ?
                        WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                        AND metadata_location = ?
                        """ + onlyTables,
                        [
                            swap.new, expected, name, swap.table.namespaceText,
                            swap.table.name, expected,
                        ]
                    )
                    if connection.changes == 0 {
                        throw .conflict(
                            swap.table,
                            current: try location(of: swap.table, connection)
                        )
                    }
                }
            }
        }
    }

    /// Gives a table another name; its files stay where they are.
    public func renameTable(
        _ table: TableIdentifier,
        to new: TableIdentifier
    ) throws(CatalogError) {
        try Self.check(new.name)
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                _ = try location(of: table, connection)
                guard try namespaceExists(new.namespaceText, connection) else {
                    throw .noSuchNamespace(new.namespaceText)
                }
                try mustBeFree(new, connection)
                try connection.rows(
                    """
                    UPDATE iceberg_tables SET table_namespace = ?, table_name = ?
                    WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                    """ + onlyTables,
                    [new.namespaceText, new.name, name, table.namespaceText, table.name]
                )
            }
        }
    }

    /// Takes a table out of the catalog. Its files stay.
    /// - Returns: its last metadata file.
    @discardableResult
    public func dropTable(_ table: TableIdentifier) throws(CatalogError) -> String {
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                let location = try location(of: table, connection)
                try connection.rows(
                    """
                    DELETE FROM iceberg_tables
                    WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                    """ + onlyTables,
                    [name, table.namespaceText, table.name]
                )
                return location
            }
        }
    }

    /// Writes the table's row again as it is. A commit record that reached the disk although its
    /// commit failed lies behind the log's end, where a recovery would find it: the next commit
    /// writes over it.
    public func settle(_ table: TableIdentifier) throws(CatalogError) {
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                try connection.rows(
                    """
                    UPDATE iceberg_tables SET metadata_location = metadata_location
                    WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
                    """,
                    [name, table.namespaceText, table.name]
                )
                if connection.changes == 0 { throw .noSuchTable(table) }
            }
        }
    }
}
