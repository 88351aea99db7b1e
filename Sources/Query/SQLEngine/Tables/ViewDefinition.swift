internal import IcebergModel

/// The SQL that makes a table of the lake a view.
enum ViewDefinition {
    /// `CREATE OR REPLACE VIEW` over the rows.
    static func create(_ view: ViewName, _ rows: TableRows) -> String {
        guard !rows.columns.isEmpty else {
            return failing(view, reason: "the table \(view.name) has no columns yet")
        }
        return "\(create(view)) \(rows.query)"
    }

    /// A view with the table's columns that fails when it is read: its files are not here.
    static func elsewhere(_ view: ViewName, columns: [NestedField]) -> String {
        let message = SQLQuoting.text(
            "\(view.name): its files were not brought here; name the table"
        )
        let nulls = zip(ColumnNames.distinct(columns.map(\.name)), columns).map { name, column in
            "CAST(NULL AS \(DuckDBTypeName.of(column.type))) AS \(SQLQuoting.name(name))"
        }
        let shown =
            nulls.isEmpty ? "1 AS \(SQLQuoting.name("no columns"))" : nulls.joined(separator: ", ")
        return """
            \(create(view)) SELECT \(shown) FROM range(1) WHERE error(\(message)) IS NULL
            """
    }

    /// A view that says why the table cannot be read, so that the others still can.
    static func failing(_ view: ViewName, reason: String) -> String {
        let message = SQLQuoting.text("\(view.name): \(reason)")
        return """
            \(create(view)) SELECT 1 AS \(SQLQuoting.name("this table cannot be read")) \
            FROM range(1) WHERE error(\(message)) IS NULL
            """
    }

    private static func create(_ view: ViewName) -> String {
        "CREATE OR REPLACE VIEW \(view.quoted) AS"
    }
}

/// Where a view stands in DuckDB's catalog, to which upper and lower case are the same.
struct ViewName: Hashable, Sendable {
    /// The schema; Iceberg's namespace `default` is DuckDB's `main`.
    let schema: String
    let name: String

    init(namespace: String, name: String) {
        schema = namespace == "default" ? "main" : namespace
        self.name = name
    }

    static func == (left: ViewName, right: ViewName) -> Bool {
        left.schema.lowercased() == right.schema.lowercased()
            && left.name.lowercased() == right.name.lowercased()
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(schema.lowercased())
        hasher.combine(name.lowercased())
    }

    /// The schema with the database's name, so that no search path or built-in schema gets in
    /// between.
    var quotedSchema: String { "memory.\(SQLQuoting.name(schema))" }
    /// The whole name, in quotation marks.
    var quoted: String { "\(quotedSchema).\(SQLQuoting.name(name))" }
}
