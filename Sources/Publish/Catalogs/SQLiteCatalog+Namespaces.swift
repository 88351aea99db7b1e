internal import Synchronization

extension SQLiteCatalog {
    /// What a namespace without properties carries, because only rows make it exist.
    private static let minimalProperties = ["exists": "true"]

    /// All namespaces, also those that exist only as parents of others, in order.
    public func listNamespaces() throws(CatalogError) -> [[String]] {
        let rows = try connection.withLock { (connection) throws(CatalogError) in
            try connection.rows(
                """
                SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?
                UNION SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?
                """,
                [name, name]
            )
        }
        var found: Set<String> = []
        for case let namespace? in rows.compactMap(\.first) {
            var levels = namespace.split(separator: ".")
            while !levels.isEmpty {
                found.insert(levels.joined(separator: "."))
                levels.removeLast()
            }
        }
        return found.sorted().map { $0.split(separator: ".").map(String.init) }
    }

    /// Makes a namespace.
    public func createNamespace(
        _ namespace: [String],
        properties: [String: String] = [:]
    ) throws(CatalogError) {
        let text = namespace.joined(separator: ".")
        try Self.check(text)
        guard namespace.allSatisfy({ !$0.isEmpty && !$0.contains(".") }) else {
            throw .invalidName(text, reason: "a level is empty or has a dot")
        }
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                guard try !namespaceExists(text, connection) else { throw .namespaceExists(text) }
                let rows = properties.isEmpty ? Self.minimalProperties : properties
                for (key, value) in rows.sorted(by: { $0.key < $1.key }) {
                    try connection.rows(
                        """
                        INSERT INTO iceberg_namespace_properties
                        (catalog_name, namespace, property_key, property_value)
                        VALUES (?, ?, ?, ?)
                        """,
                        [name, text, key, value]
                    )
                }
            }
        }
    }

    /// True when the namespace was made, or has tables or namespaces in it.
    public func namespaceExists(_ namespace: [String]) throws(CatalogError) -> Bool {
        try connection.withLock { (connection) throws(CatalogError) in
            try namespaceExists(namespace.joined(separator: "."), connection)
        }
    }

    func namespaceExists(
        _ namespace: String,
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) -> Bool {
        // substr instead of LIKE: names may hold % and _.
        let rows = try connection.rows(
            """
            SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1
            AND (namespace = ?2 OR substr(namespace, 1, length(?2) + 1) = ?2 || '.')
            UNION SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1
            AND (table_namespace = ?2 OR substr(table_namespace, 1, length(?2) + 1) = ?2 || '.')
            LIMIT 1
            """,
            [name, namespace]
        )
        return !rows.isEmpty
    }

    /// The properties of a namespace.
    public func namespaceProperties(
        _ namespace: [String]
    ) throws(CatalogError) -> [String: String] {
        let text = namespace.joined(separator: ".")
        return try connection.withLock { (connection) throws(CatalogError) in
            guard try namespaceExists(text, connection) else { throw .noSuchNamespace(text) }
            let rows = try connection.rows(
                """
                SELECT property_key, property_value FROM iceberg_namespace_properties
                WHERE catalog_name = ? AND namespace = ?
                """,
                [name, text]
            )
            var properties: [String: String] = [:]
            for row in rows {
                if let key = row[0] { properties[key] = row[1] }
            }
            return properties
        }
    }

    /// Removes a namespace that has no tables.
    public func dropNamespace(_ namespace: [String]) throws(CatalogError) {
        let text = namespace.joined(separator: ".")
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                guard try namespaceExists(text, connection) else { throw .noSuchNamespace(text) }
                let tables = try connection.rows(
                    "SELECT 1 FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ?",
                    [name, text]
                )
                guard tables.isEmpty else { throw .namespaceNotEmpty(text, tables: tables.count) }
                try connection.rows(
                    """
                    DELETE FROM iceberg_namespace_properties
                    WHERE catalog_name = ? AND namespace = ?
                    """,
                    [name, text]
                )
            }
        }
    }
}
