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
                try insert(rows, into: text, connection)
            }
        }
    }

    private func insert(
        _ properties: [String: String],
        into namespace: String,
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) {
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
            try connection.rows(
                """
                INSERT INTO iceberg_namespace_properties
                (catalog_name, namespace, property_key, property_value)
                VALUES (?, ?, ?, ?)
                """,
                [name, namespace, key, value]
            )
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

    /// Sets and removes properties of a namespace, all in one step.
    public func updateNamespace(
        _ namespace: [String],
        setting: [String: String],
        removing: [String]
    ) throws(CatalogError) {
        let text = namespace.joined(separator: ".")
        try connection.withLock { (connection) throws(CatalogError) in
            try connection.transaction { (connection) throws(CatalogError) in
                guard try namespaceExists(text, connection) else { throw .noSuchNamespace(text) }
                for key in removing + Array(setting.keys) {
                    try connection.rows(
                        """
                        DELETE FROM iceberg_namespace_properties
                        WHERE catalog_name = ? AND namespace = ? AND property_key = ?
                        """,
                        [name, text, key]
                    )
                }
                try insert(setting, into: text, connection)
                let left = try connection.rows(
                    """
                    SELECT 1 FROM iceberg_namespace_properties
                    WHERE catalog_name = ? AND namespace = ? LIMIT 1
                    """,
                    [name, text]
                )
                if left.isEmpty { try insert(Self.minimalProperties, into: text, connection) }
            }
        }
    }

    /// Removes a namespace that has neither tables nor namespaces in it.
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
                let inner = try connection.rows(
                    """
                    SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1
                    AND substr(namespace, 1, length(?2) + 1) = ?2 || '.'
                    UNION SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1
                    AND substr(table_namespace, 1, length(?2) + 1) = ?2 || '.'
                    """,
                    [name, text]
                )
                guard inner.isEmpty else { throw .namespaceNotEmpty(text, tables: 0) }
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
