/// Decides from a statement's text whether it may be sent to DuckDB at all.
///
/// The rule of the house: SQL here reads the lake's tables and keeps temporary tables of its own;
/// it reads no files, writes no files, and changes nothing that other sessions see. Three fences
/// stand one behind the other:
/// 1. this one, which knows the kinds of statements and the functions that may make a table (an
///    allow list: a function
///    that a later DuckDB brings is refused until somebody has looked at it);
/// 2. DuckDB's own list of the names in table position (a quoted file name there would be read as a
///    table);
/// 3. DuckDB's configuration, locked: no access outside the lake and the spill directory, no
///    extensions, no settings.
struct StatementGuard: Sendable {
    /// Functions of the library that make tables, in lower case.
    private let tableFunctions: Set<String>

    /// A guard for a library with these table functions.
    init(tableFunctions: some Sequence<String>) {
        self.tableFunctions = Set(tableFunctions.map { $0.lowercased() })
    }

    /// Table functions that read nothing but what the session sees anyway.
    private static let harmless: Set<String> = [
        "duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_dependencies",
        "duckdb_extensions", "duckdb_functions", "duckdb_indexes", "duckdb_keywords",
        "duckdb_memory", "duckdb_optimizers", "duckdb_schemas", "duckdb_sequences",
        "duckdb_settings", "duckdb_tables", "duckdb_temporary_files", "duckdb_types",
        "duckdb_variables", "duckdb_views", "generate_series", "histogram", "histogram_values",
        "icu_calendar_names", "json_each", "json_tree", "pg_timezone_names", "pragma_collations",
        "pragma_database_size", "pragma_platform", "pragma_show", "pragma_table_info",
        "pragma_version", "range", "repeat", "repeat_row", "summary", "test_all_types", "unnest",
    ]

    /// Functions that are no table functions and yet reach further than a question should.
    private static let forbidden: Set<String> = [
        "getenv", "json_execute_serialized_sql", "query", "query_table", "write_log",
    ]

    private static let questions: Set<String> = [
        "select", "from", "with", "values", "table", "pivot", "unpivot", "show", "describe", "desc",
        "summarize", "(",
    ]

    /// Throws `SQLError.refused` when the statement may not run.
    func check(_ sql: String) throws(SQLError) {
        let tokens = SQLLexer.tokens(of: sql).filter { $0.kind != .comment }
        guard let first = tokens.first else { return }
        try checkFunctions(tokens)
        let words = tokens.prefix(8).map { $0.kind == .word || $0.kind == .symbol ? $0.value : "" }
        switch first.value {
        case _ where Self.questions.contains(words[0]): return
        case "insert", "update", "delete", "truncate", "merge", "begin", "start", "commit", "end",
            "rollback", "abort", "use":
            return
        case "explain": try checkExplained(tokens)
        case "create": try checkCreated(words)
        case "drop": try checkDropped(words)
        case "set", "reset": try checkSetting(words)
        case "pragma": try checkPragma(words)
        default: throw .refused(reason: Self.reason(for: first.value))
        }
    }

    /// True when the statement begins as a statement of SQL does, whether allowed or not.
    ///
    /// Only what does not may be parsed in spite of the guard, to say what is wrong with it:
    /// parsing an IMPORT or a PRAGMA can already read files.
    func knowsVerb(of sql: String) -> Bool {
        let first = SQLLexer.tokens(of: sql).first { $0.kind != .comment }
        guard let first, first.kind == .word else { return true }
        return Self.questions.contains(first.value) || Self.verbs.contains(first.value)
    }

    private static let verbs: Set<String> = [
        "abort", "alter", "analyze", "attach", "begin", "call", "checkpoint", "comment", "commit",
        "copy", "create", "deallocate", "delete", "detach", "drop", "end", "execute", "explain",
        "export", "force", "import", "insert", "install", "load", "merge", "pragma", "prepare",
        "reset", "rollback", "set", "start", "truncate", "uninstall", "update", "use", "vacuum",
    ]

    private func checkFunctions(_ tokens: [SQLToken]) throws(SQLError) {
        for (index, token) in tokens.enumerated() {
            switch token.kind {
            case .unfinished:
                throw .statement(.syntax, message: "a quotation or comment is not closed")
            case .word where token.value == "u" && Self.isUnicodeEscape(tokens, after: index):
                throw .refused(reason: "names and texts with U& are not supported; write them out")
            case .word, .quotedName:
                guard index + 1 < tokens.count, tokens[index + 1].value == "(",
                    tokens[index + 1].kind == .symbol
                else { continue }
                let name = token.value.lowercased()
                let isUnknownTable = tableFunctions.contains(name) && !Self.harmless.contains(name)
                if isUnknownTable || Self.forbidden.contains(name) {
                    throw .refused(
                        reason: """
                            \(name)() may not be used here: SQL reads the lake's tables (SHOW \
                            TABLES), not files or other databases
                            """
                    )
                }
            default: continue
            }
        }
    }

    private static func isUnicodeEscape(_ tokens: [SQLToken], after index: Int) -> Bool {
        index + 2 < tokens.count && tokens[index + 1].value == "&"
            && tokens[index + 1].range.lowerBound == tokens[index].range.upperBound
            && tokens[index + 2].range.lowerBound == tokens[index + 1].range.upperBound
            && (tokens[index + 2].kind == .text || tokens[index + 2].kind == .quotedName)
    }

    /// EXPLAIN ANALYZE runs what it explains, so only questions may be explained.
    private func checkExplained(_ tokens: [SQLToken]) throws(SQLError) {
        var rest = tokens.dropFirst()
        if rest.first?.value == "analyze" { rest = rest.dropFirst() }
        if rest.first?.value == "(", rest.dropFirst().first?.kind == .word,
            !Self.questions.contains(rest.dropFirst().first?.value ?? "")
        {
            rest = rest.drop { $0.value != ")" }.dropFirst()
        }
        guard let inner = rest.first, inner.kind != .quotedName, inner.kind != .text,
            Self.questions.contains(inner.value)
        else {
            throw .refused(reason: "EXPLAIN takes a question (SELECT …) here and nothing else")
        }
    }

    private func checkCreated(_ words: [String]) throws(SQLError) {
        var rest = words.dropFirst()
        if rest.starts(with: ["or", "replace"]) { rest = rest.dropFirst(2) }
        let isTemporary = rest.first == "temp" || rest.first == "temporary"
        let kinds: Set<String> = ["table", "view", "macro", "function"]
        guard isTemporary, kinds.contains(rest.dropFirst().first ?? "") else {
            throw .refused(
                reason: """
                    only CREATE TEMP TABLE, VIEW or MACRO is possible: the lake's tables come from \
                    pipelines and models
                    """
            )
        }
    }

    /// No table stands outside the temporary ones (the lake's are views), so DROP TABLE harms
    /// nobody.
    private func checkDropped(_ words: [String]) throws(SQLError) {
        var rest = words.dropFirst()
        let kind = rest.popFirst() ?? ""
        if rest.starts(with: ["if", "exists"]) { rest = rest.dropFirst(2) }
        if ["table", "macro", "function"].contains(kind) { return }
        // One name alone, so that nothing of the lake's follows behind a comma.
        if kind == "view", rest.starts(with: ["temp", "."]), rest.count <= 3 { return }
        throw .refused(
            reason: "only temporary tables, macros and views (DROP VIEW temp.name) can be dropped"
        )
    }

    private func checkSetting(_ words: [String]) throws(SQLError) {
        var rest = words.dropFirst()
        if ["session", "local"].contains(rest.first) { rest = rest.dropFirst() }
        guard ["variable", "schema", "search_path"].contains(rest.first ?? "") else {
            throw .refused(
                reason: "of the settings only schema, search_path and VARIABLE can be changed here"
            )
        }
    }

    private func checkPragma(_ words: [String]) throws(SQLError) {
        let allowed: Set<String> = [
            "collations", "database_list", "database_size", "functions", "platform", "show",
            "show_databases", "show_tables", "show_tables_expanded", "table_info", "version",
        ]
        guard words.count > 1, allowed.contains(words[1]) else {
            throw .refused(
                reason: "this PRAGMA changes how the engine works and may not be used here"
            )
        }
    }

    private static func reason(for word: String) -> String {
        switch word {
        case "copy", "export":
            """
            \(word.uppercased()) writes and reads files, which SQL may not do here; use --csv or \
            --json and redirect the output
            """
        case "attach", "detach", "import":
            "\(word.uppercased()) may not be used here: the lake is the database"
        case "install", "load": "extensions cannot be loaded here"
        default:
            """
            \(word.uppercased()) may not be used here: ask questions (SELECT, SHOW, DESCRIBE, \
            SUMMARIZE, EXPLAIN) and keep what you need in CREATE TEMP TABLE
            """
        }
    }
}
