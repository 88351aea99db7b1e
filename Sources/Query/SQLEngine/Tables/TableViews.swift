/// Keeps one view per table of the lake, renewed when the table's revision changes.
///
/// Only the engine uses it, under its lock.
final class TableViews {
    private let connection: Connection
    private let lakeDirectory: String
    /// What the views show now.
    private var revisions: [ViewName: String] = [:]
    private var schemas: Set<String> = ["main"]

    init(connection: Connection, lakeDirectory: String) {
        self.connection = connection
        self.lakeDirectory = lakeDirectory
    }

    /// Brings the views up to `tables`. Statements already running keep the files they began with.
    func refresh(_ tables: [QueryableTable]) throws(SQLError) {
        var wanted: Set<ViewName> = []
        var changes: [Change] = []
        for table in tables {
            let view = Self.freeName(for: table, taken: wanted)
            wanted.insert(view)
            // With the name, because which of two like-named tables gets the number may change.
            let revision = "\(table.namespace).\(table.name) \(table.revision)"
            if revisions[view] != revision {
                changes.append(Change(view: view, revision: revision, table: table))
            }
        }
        let gone = revisions.keys.filter { !wanted.contains($0) }
        if changes.isEmpty && gone.isEmpty { return }
        var lake = try LakeFiles(directory: lakeDirectory)
        for index in changes.indices { changes[index].define(in: &lake) }
        for schema in wanted.map(\.schema) where schemas.insert(schema).inserted {
            try connection.execute(
                "CREATE SCHEMA IF NOT EXISTS memory.\(SQLQuoting.name(schema))"
            )
        }
        try apply(changes, gone: gone)
        for change in changes { revisions[change.view] = change.revision }
        for view in gone { revisions[view] = nil }
    }

    /// The table's own name, with `_1` and so on behind it where another differs in case alone.
    private static func freeName(for table: QueryableTable, taken: Set<ViewName>) -> ViewName {
        var view = ViewName(namespace: table.namespace, name: table.name)
        var number = 1
        while taken.contains(view) {
            view = ViewName(namespace: table.namespace, name: "\(table.name)_\(number)")
            number += 1
        }
        return view
    }

    /// True when `name`, as written in SQL with its quotation marks and dots, is one of the views
    /// or stands in a built-in schema.
    func contains(_ name: String) -> Bool {
        var parts = SQLLexer.tokens(of: name).filter { $0.value != "." }.map {
            $0.value.lowercased()
        }
        if parts.first == "memory" { parts.removeFirst() }
        guard let last = parts.popLast() else { return false }
        if let schema = parts.last, Self.builtInSchemas.contains(schema) { return true }
        return revisions.keys.contains { view in
            view.name.lowercased() == last
                && (parts.last.map { $0 == view.schema.lowercased() } ?? true)
        }
    }

    private static let builtInSchemas: Set<String> = ["information_schema", "pg_catalog", "temp"]

    /// All in one transaction, so that no statement sees one table before and another after a
    /// common commit; when one of them cannot be defined, each on its own.
    private func apply(_ changes: [Change], gone: [ViewName]) throws(SQLError) {
        let drops = gone.map { "DROP VIEW IF EXISTS \($0.quoted)" }
        do {
            try connection.execute("BEGIN")
            for statement in drops + changes.map(\.definition) {
                try connection.execute(statement)
            }
            try connection.execute("COMMIT")
        } catch {
            try connection.execute("ROLLBACK")
            for statement in drops { try connection.execute(statement) }
            for change in changes {
                do {
                    try connection.execute(change.definition)
                } catch {
                    try connection.execute(
                        ViewDefinition.failing(change.view, reason: error.description)
                    )
                }
            }
        }
    }

    private struct Change {
        let view: ViewName
        let revision: String
        let table: QueryableTable
        var definition = ""

        mutating func define(in lake: inout LakeFiles) {
            do {
                let contents = try table.contents()
                var files: [String] = []
                files.reserveCapacity(contents.files.count)
                for file in contents.files { files.append(try lake.resolve(file)) }
                definition = ViewDefinition.create(view, columns: contents.columns, files: files)
            } catch let refusal as LakeFiles.Refusal {
                definition = ViewDefinition.failing(view, reason: refusal.reason)
            } catch {
                definition = ViewDefinition.failing(view, reason: "\(error)")
            }
        }
    }
}
