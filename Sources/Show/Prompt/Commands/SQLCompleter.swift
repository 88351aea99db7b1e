public import SQLEngine

/// What can be named in a statement.
public struct NameCatalog: Equatable, Sendable {
    /// A table with its columns.
    public struct Table: Equatable, Sendable {
        /// Its schema.
        public var schema: String
        /// Its name.
        public var name: String
        /// Its columns' names, in order.
        public var columns: [String]

        /// A table.
        public init(schema: String, name: String, columns: [String]) {
            self.schema = schema
            self.name = name
            self.columns = columns
        }
    }

    /// The tables.
    public var tables: [Table]

    /// A catalog of `tables`.
    public init(tables: [Table] = []) {
        self.tables = tables
    }

    /// Asks `session` for the tables it sees.
    public static func read(from session: SQLSession) throws(SQLError) -> NameCatalog {
        let result = try session.run(
            """
            SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal \
            ORDER BY schema_name, table_name, column_index
            """
        )
        var tables: [Table] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                let names = (0..<3).map { chunk.value(row: row, column: $0).text }
                if tables.last?.schema == names[0], tables.last?.name == names[1] {
                    tables[tables.count - 1].columns.append(names[2])
                } else {
                    tables.append(Table(schema: names[0], name: names[1], columns: [names[2]]))
                }
            }
        }
        return NameCatalog(tables: tables)
    }
}

/// Completes keywords, tables and columns where they make sense.
public struct SQLCompleter: Sendable {
    private let catalog: NameCatalog

    /// A completer over `catalog`.
    public init(_ catalog: NameCatalog) {
        self.catalog = catalog
    }

    /// Completes the word that `before` ends in; `after` is what follows the cursor.
    public func complete(before: String, after: String) -> Completion? {
        if let completion = completeDotCommand(before) { return completion }
        var tokens = SQLLexer.tokens(of: before)
        if tokens.last?.kind == .comment { return nil }
        if case .unfinished? = tokens.last?.kind, !isOpenName(tokens.last, in: before) {
            return nil
        }
        let typed = Self.word(at: tokens.last, in: before)
        if !typed.isEmpty { tokens.removeLast() }
        let names = candidates(after: tokens, statement: before + after)
        let plain = typed.first == "\"" ? String(typed.dropFirst()) : typed
        var seen: Set<String> = []
        let fitting = names.filter {
            $0.matches(plain) && (typed.first != "\"" || $0.isName) && seen.insert($0.text).inserted
        }
        // A blank with nothing typed would offer everything there is.
        if typed.isEmpty && fitting.count > 40 { return nil }
        let isUpper = typed.contains(where: \.isUppercase) && typed == typed.uppercased()
        return Completion(
            typed: typed,
            candidates: fitting.map { $0.written(quoted: typed.first == "\"", isUpper: isUpper) }
        )
    }

    /// Something that can be inserted.
    private struct Candidate {
        var text: String
        var isName: Bool

        func matches(_ typed: String) -> Bool {
            typed.isEmpty || text.lowercased().hasPrefix(typed.lowercased())
        }

        func written(quoted: Bool, isUpper: Bool) -> String {
            if isName { return Self.name(text, quoted: quoted) }
            return isUpper ? text.uppercased() : text
        }

        private static func name(_ name: String, quoted: Bool) -> String {
            let isPlain =
                name.first?.isLetter == true || name.first == "_"
                ? name.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "_" }
                : false
            if isPlain && !quoted && !SQLKeywords.reserved.contains(name.lowercased()) {
                return name
            }
            let doubled = name.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
            return "\"\(doubled)\""
        }
    }

    private func candidates(after tokens: [SQLToken], statement: String) -> [Candidate] {
        let previous = tokens.last
        if previous?.value == ".", tokens.count > 1 {
            return members(of: tokens[tokens.count - 2].value)
        }
        let tables = catalog.tables.map {
            Candidate(text: $0.name, isName: true)
        }
        if let word = previous, word.kind == .word, Self.beforeTables.contains(word.value) {
            let schemas = Set(catalog.tables.map(\.schema)).subtracting(["main"]).sorted()
            return tables + schemas.map { Candidate(text: $0, isName: true) }
        }
        let words = SQLKeywords.all.map { Candidate(text: $0, isName: false) }
        guard previous != nil else { return words }
        let named = Set(SQLLexer.tokens(of: statement).map { $0.value.lowercased() })
        let mentioned = catalog.tables.filter { named.contains($0.name.lowercased()) }
        let columns = (mentioned.isEmpty ? catalog.tables : mentioned).flatMap(\.columns)
        return columns.map { Candidate(text: $0, isName: true) } + tables + words
    }

    /// What can stand behind `name` and a dot: a table's columns, a schema's tables.
    private func members(of name: String) -> [Candidate] {
        let columns = catalog.tables.filter { $0.name.lowercased() == name.lowercased() }
            .flatMap(\.columns)
        let tables = catalog.tables.filter { $0.schema.lowercased() == name.lowercased() }
            .map(\.name)
        return (columns + tables).map { Candidate(text: $0, isName: true) }
    }

    private static let beforeTables: Set<String> = [
        "from", "join", "describe", "desc", "summarize", "table", "into", "update", "tables",
    ]

    private func completeDotCommand(_ before: String) -> Completion? {
        guard before.hasPrefix(".") else { return nil }
        let words = before.split(separator: " ", omittingEmptySubsequences: false)
        if words.count == 1 {
            let names = DotCommand.list.map(\.name).filter { $0.hasPrefix(before) }
            return Completion(typed: before, candidates: names)
        }
        guard words.count == 2 else { return nil }
        let typed = String(words[1])
        let choices =
            switch words[0] {
            case ".mode": OutputMode.allCases.map(\.rawValue)
            case ".timer": ["on", "off"]
            case ".schema": catalog.tables.map(\.name)
            default: [String]()
            }
        return Completion(typed: typed, candidates: choices.filter { $0.hasPrefix(typed) })
    }

    /// True when the text ends inside a name whose quotation mark is not closed yet.
    private func isOpenName(_ token: SQLToken?, in before: String) -> Bool {
        token?.value.first == "\""
    }

    /// The word that `before` ends in, empty behind a blank or an operator.
    private static func word(at token: SQLToken?, in before: String) -> String {
        guard let token, token.range.upperBound == before.utf8.count else { return "" }
        switch token.kind {
        case .word, .unfinished:
            return String(decoding: Array(before.utf8)[token.range], as: UTF8.self)
        default: return ""
        }
    }
}
