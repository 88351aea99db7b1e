internal import CDuckDB
internal import Synchronization

/// A conversation with the engine: its own temporary tables, transaction and search path.
///
/// One thread at a time runs statements; `interrupt` may come from any.
public final class SQLSession: Sendable {
    private let engine: SQLEngine
    private let connection: Connection
    private let statementGuard: StatementGuard
    private let timeout: Duration?
    private let running = Mutex<StatementRun?>(nil)
    /// Temporary views of the last statement, over tables as they were.
    private let pastViews = Atomic<Int>(0)

    init(
        engine: SQLEngine,
        connection: Connection,
        statementGuard: StatementGuard,
        timeout: Duration?
    ) {
        self.engine = engine
        self.connection = connection
        self.statementGuard = statementGuard
        self.timeout = timeout
    }

    /// Runs one statement over the tables as they are now. The result before it ends here.
    public func run(_ sql: String) throws(SQLError) -> SQLResult {
        do {
            try statementGuard.check(sql)
        } catch {
            // What is no SQL at all is told so rather than forbidden.
            if !statementGuard.knowsVerb(of: sql) { _ = try ExtractedStatements(connection, sql) }
            throw error
        }
        let travel = try TimeTravel(sql)
        let run = StatementRun(connection: connection, limit: timeout)
        running.withLock { $0 = run }
        do {
            forgetPast()
            var past = try PastTables(travel, connection)
            let files = try engine.refresh(for: travel.sql, past: &past)
            for (index, view) in past.views.enumerated() {
                try run.check()
                pastViews.store(index + 1, ordering: .relaxed)
                try connection.execute(view)
            }
            return try start(travel.sql, run, files)
        } catch {
            run.finish()
            if error.isFatal { engine.discard(connection.database) }
            throw run.explain(error)
        }
    }

    /// Another session of the same engine.
    public func sibling() throws(SQLError) -> SQLSession { try engine.session() }

    /// Stops the running statement, if there is one: it fails with `SQLError.interrupted`.
    public func interrupt() {
        running.withLock { $0 }?.stop()
    }

    /// Takes away the views of the statement before, which needed them until its last row.
    private func forgetPast() {
        for index in 0..<pastViews.load(ordering: .relaxed) {
            // In a transaction that has failed nothing can be dropped; the next statement will.
            do {
                try connection.execute("DROP VIEW IF EXISTS temp.\(TimeTravel.view(index))")
            } catch {
                return
            }
        }
        pastViews.store(0, ordering: .relaxed)
    }

    private func start(
        _ sql: String,
        _ run: StatementRun,
        _ files: StatementFiles
    ) throws(SQLError) -> SQLResult {
        let namesKnown = try checkTableNames(sql)
        let statements = try ExtractedStatements(connection, sql)
        let isDynamic = statements.count > 1
        if isDynamic && !Self.isPivot(sql) {
            throw .refused(reason: "one statement at a time, please")
        }
        for index in 0..<statements.count {
            let statement = try statements.prepare(index)
            try checkKind(statement.kind)
            guard statement.parameterCount == 0 else {
                throw .refused(
                    reason: "the statement has parameters ($1 or ?), and no values came with it"
                )
            }
            guard namesKnown || TablePositions.holdNoFile(sql) else {
                throw .refused(
                    reason: """
                        DuckDB cannot tell which tables this statement reads, and something in it \
                        looks like a file's name; write it more simply
                        """
                )
            }
            try run.check()
            let isLast = index == statements.count - 1
            let result = try SQLResult(
                connection: connection,
                statement: statement,
                run: isLast ? run : nil,
                files: files
            )
            if isLast { return result }
            while try result.nextChunk() != nil {}
        }
        throw .statement(.syntax, message: "there is no statement")
    }

    /// The second fence: a name in table position that is not in the catalog must not be a file's.
    /// False when DuckDB cannot say which names there are.
    private func checkTableNames(_ sql: String) throws(SQLError) -> Bool {
        if Self.listsTables(sql) { return true }
        guard let names = engine.unknownTableNames(in: Self.question(of: sql)) else {
            return false
        }
        if let file = names.first(where: TablePositions.looksLikeFile) {
            throw .refused(
                reason: """
                    \(file) is no table of the lake, and SQL here reads no files; SHOW TABLES \
                    lists the tables, SHOW ALL TABLES those of every namespace
                    """
            )
        }
        return true
    }

    /// The tables that `sql` names, those that there are and others; nil when nobody can tell.
    static func names(in sql: String, _ connection: Connection) -> [String]? {
        listsTables(sql) ? [] : connection.tableNames(in: question(of: sql))
    }

    /// The question inside a CREATE VIEW or INSERT, whose own table is not known where the question
    /// is asked; otherwise the statement itself.
    private static func question(of sql: String) -> String {
        let tokens = SQLLexer.tokens(of: sql).filter { $0.kind != .comment }
        let start: Int?
        switch tokens.first?.value {
        case "create" where tokens.prefix(5).contains { $0.kind == .word && $0.value == "view" }:
            start = tokens.first { $0.kind == .word && $0.value == "as" }?.range.upperBound
        case "insert":
            let verbs: Set<String> = ["select", "from", "with", "values", "table"]
            start =
                tokens.dropFirst(3)
                .first { $0.kind == .word && verbs.contains($0.value) }?.range.lowerBound
        default: start = nil
        }
        guard let start else { return sql }
        return String(decoding: Array(sql.utf8)[start...], as: UTF8.self)
    }

    /// True for SHOW TABLES and SHOW ALL TABLES, behind which a schema may stand, but no table.
    private static func listsTables(_ sql: String) -> Bool {
        let words = SQLLexer.tokens(of: sql).filter { $0.kind == .word }.prefix(3).map(\.value)
        return words.starts(with: ["show", "tables"])
            || words.starts(with: ["show", "all", "tables"])
    }

    /// A PIVOT without its values listed becomes two statements: one that finds the values, one
    /// that uses them.
    private static func isPivot(_ sql: String) -> Bool {
        SQLLexer.tokens(of: sql).contains { $0.kind == .word && $0.value == "pivot" }
    }

    private func checkKind(_ kind: Int) throws(SQLError) {
        switch kind {
        case Int(c_duckdb_statement_select), Int(c_duckdb_statement_explain),
            Int(c_duckdb_statement_insert), Int(c_duckdb_statement_update),
            Int(c_duckdb_statement_delete), Int(c_duckdb_statement_create),
            Int(c_duckdb_statement_create_func), Int(c_duckdb_statement_drop),
            Int(c_duckdb_statement_transaction), Int(c_duckdb_statement_set),
            Int(c_duckdb_statement_variable_set), Int(c_duckdb_statement_pragma),
            Int(c_duckdb_statement_merge):
            return
        default:
            throw .refused(reason: "this kind of statement may not be used here (kind \(kind))")
        }
    }
}
