/// Keeps one view per table of the lake, renewed when the table's revision changes.
///
/// Tables whose files lie elsewhere have a view that says so until a statement names them: only
/// then are the files brought here.
///
/// Only the engine uses it, under its lock.
final class TableViews {
    private let connection: Connection
    private let lakeDirectory: String
    private let copiesDirectory: String?
    /// What the views show now.
    private var revisions: [ViewName: String] = [:]
    /// What the last read tables consist of whose files lie elsewhere, with their revisions.
    private var elsewhere: [ViewName: (revision: String, contents: QueryableTable.Contents)] = [:]
    /// Why a view's table cannot be read.
    private var failures: [ViewName: String] = [:]
    private var schemas: Set<String> = ["main"]

    init(connection: Connection, lakeDirectory: String, copiesDirectory: String? = nil) {
        self.connection = connection
        self.lakeDirectory = lakeDirectory
        self.copiesDirectory = copiesDirectory
    }

    /// Brings the views up to `tables`. Statements already running keep the files they began with.
    ///
    /// - Parameters:
    ///   - names: the tables that the statement names; nil when nobody knows.
    ///   - files: copies that are here for the statement.
    /// - Returns: what else the statement needs, after which it has to be called again.
    func refresh(
        _ tables: [QueryableTable],
        names: [String]? = [],
        files: StatementFiles = StatementFiles()
    ) throws(SQLError) -> [(revision: String, files: [String])] {
        let named = Self.named(tables)
        let wanted = Set(named.map(\.view))
        let isMeant = Self.selection(names, among: wanted)
        var changes: [Change] = []
        var missing: [(revision: String, files: [String])] = []
        for (view, table) in named {
            // With the name, because which of two like-named tables gets the number may change.
            let revision = "\(table.namespace).\(table.name) \(table.revision)"
            if table.isElsewhere {
                if !isMeant(view), revisions[view] != nil { continue }
                let change = try change(view, table, revision, isMeant(view), files, &missing)
                if let change { changes.append(change) }
            } else if revisions[view] != revision {
                changes.append(Change(view: view, revision: revision, table: table))
            }
        }
        if !missing.isEmpty { return missing }
        let gone = revisions.keys.filter { !wanted.contains($0) }
        if changes.isEmpty && gone.isEmpty { return [] }
        var lake = try LakeFiles(directory: lakeDirectory, copiesDirectory: copiesDirectory)
        for index in changes.indices { changes[index].define(in: &lake, files, connection) }
        for schema in wanted.map(\.schema) where schemas.insert(schema).inserted {
            try connection.execute(
                "CREATE SCHEMA IF NOT EXISTS memory.\(SQLQuoting.name(schema))"
            )
        }
        try apply(&changes, gone: gone)
        for change in changes {
            revisions[change.view] = change.revision
            failures[change.view] = change.failure
        }
        for view in gone {
            revisions[view] = nil
            failures[view] = nil
            elsewhere[view] = nil
        }
        return []
    }

    /// True when some tables cannot be read.
    var hasFailures: Bool { !failures.isEmpty }

    /// Refuses a statement that names a table which cannot be read: DuckDB would miss the columns.
    func check(_ names: [String]) throws(SQLError) {
        for (schema, table) in names.compactMap(Self.parts) {
            let meant = revisions.keys.filter { view in
                view.name.lowercased() == table
                    && (schema.map { $0 == view.schema.lowercased() } ?? true)
            }
            // A name without a schema may mean another table of that name.
            let reasons = meant.compactMap { failures[$0] }
            if let reason = reasons.first, reasons.count == meant.count {
                throw .unreadable(table: table, reason: reason)
            }
        }
    }

    /// What has to be done for a table whose files lie elsewhere.
    private func change(
        _ view: ViewName,
        _ table: QueryableTable,
        _ revision: String,
        _ isMeant: Bool,
        _ files: StatementFiles,
        _ missing: inout [(revision: String, files: [String])]
    ) throws(SQLError) -> Change? {
        let contents: QueryableTable.Contents
        if let known = elsewhere[view], known.revision == revision {
            contents = known.contents
        } else {
            do { contents = try table.contents() } catch {
                // Not noted as this revision: the next statement tries again.
                return Change(failing: view, "unreadable \(revision)", "\(error)")
            }
            elsewhere[view] = (revision, contents)
        }
        guard isMeant else {
            return Change(
                view: view,
                revision: "elsewhere \(revision)",
                definition: ViewDefinition.elsewhere(view, columns: contents.columns)
            )
        }
        if let reason = files.failures[revision] {
            return Change(failing: view, "failed \(revision)", reason)
        }
        guard contents.paths.allSatisfy({ files.paths[$0] != nil }) else {
            missing.append((revision, contents.paths))
            return nil
        }
        if revisions[view] == revision { return nil }
        var here = table
        here.contents = { contents }
        return Change(view: view, revision: revision, table: here)
    }

    /// Whether a view is among `names`; with a name that is no view's all are, because a temporary
    /// view may be made of any.
    private static func selection(
        _ names: [String]?,
        among views: Set<ViewName>
    ) -> (ViewName) -> Bool {
        guard let names else { return { _ in true } }
        var found: Set<ViewName> = []
        for name in names {
            guard let (schema, table) = parts(of: name) else { continue }
            let meant = views.filter { view in
                view.name.lowercased() == table
                    && (schema.map { $0 == view.schema.lowercased() } ?? true)
            }
            if meant.isEmpty { return { _ in true } }
            found.formUnion(meant)
        }
        return { found.contains($0) }
    }

    /// Schema and table of a name as written in SQL, in lower case; nil for one of a built-in
    /// schema.
    private static func parts(of name: String) -> (schema: String?, table: String)? {
        // DuckDB tells the name that a statement gives the table, too: `main.a AS b`.
        var parts = SQLLexer.tokens(of: name)
            .prefix { !($0.kind == .word && $0.value.lowercased() == "as") }
            .filter { $0.value != "." }.map { $0.value.lowercased() }
        if parts.first == "memory" { parts.removeFirst() }
        guard let last = parts.popLast() else { return nil }
        if let schema = parts.last, builtInSchemas.contains(schema) { return nil }
        return (parts.last, last)
    }

    /// The tables with their views.
    private static func named(
        _ tables: [QueryableTable]
    ) -> [(view: ViewName, table: QueryableTable)] {
        var taken: Set<ViewName> = []
        return tables.map { table in
            let view = freeName(for: table, taken: taken)
            taken.insert(view)
            return (view, table)
        }
    }

    /// The table of that name, as written in SQL in parts.
    static func table(
        _ name: [String],
        schema current: String,
        among tables: [QueryableTable]
    ) -> QueryableTable? {
        var parts = name.map { $0.lowercased() }
        if parts.count > 1, parts.first == "memory" { parts.removeFirst() }
        guard let last = parts.popLast() else { return nil }
        let schemas =
            parts.isEmpty ? [current.lowercased(), "main"] : [parts.joined(separator: ".")]
        let named = named(tables)
        for schema in schemas {
            let found = named.first { view, _ in
                view.name.lowercased() == last && view.schema.lowercased() == schema
            }
            if let found { return found.table }
        }
        return nil
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
        guard let (schema, table) = Self.parts(of: name) else { return true }
        return revisions.keys.contains { view in
            view.name.lowercased() == table
                && (schema.map { $0 == view.schema.lowercased() } ?? true)
        }
    }

    private static let builtInSchemas: Set<String> = ["information_schema", "pg_catalog", "temp"]

    /// All in one transaction, so that no statement sees one table before and another after a
    /// common commit; when one of them cannot be defined, each on its own.
    private func apply(_ changes: inout [Change], gone: [ViewName]) throws(SQLError) {
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
            for index in changes.indices {
                do {
                    try connection.execute(changes[index].definition)
                } catch {
                    changes[index].fail(error.description)
                    try connection.execute(changes[index].definition)
                }
            }
        }
    }

    private struct Change {
        let view: ViewName
        let revision: String
        /// What is to be shown; nil when the definition is made already.
        var table: QueryableTable?
        var definition = ""
        /// Why the table cannot be read.
        var failure: String?

        init(view: ViewName, revision: String, table: QueryableTable) {
            self.view = view
            self.revision = revision
            self.table = table
        }

        init(view: ViewName, revision: String, definition: String) {
            self.view = view
            self.revision = revision
            self.definition = definition
        }

        /// A table that cannot be read.
        init(failing view: ViewName, _ revision: String, _ reason: String) {
            self.init(view: view, revision: revision, definition: "")
            fail(reason)
        }

        mutating func fail(_ reason: String) {
            failure = reason
            definition = ViewDefinition.failing(view, reason: reason)
        }

        mutating func define(
            in lake: inout LakeFiles,
            _ copies: StatementFiles,
            _ connection: Connection
        ) {
            guard let table else { return }
            do {
                let rows = try TableRows(table.contents(), in: &lake, copies, connection)
                definition = ViewDefinition.create(view, rows)
            } catch let refusal as LakeFiles.Refusal {
                fail(refusal.reason)
            } catch {
                fail("\(error)")
            }
        }
    }
}
