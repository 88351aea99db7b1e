/// Finds where a statement asks for a table as it was, and writes it so that DuckDB understands it.
///
/// DuckDB knows the clause but not for views, and knows one of its forms alone. Here are all that
/// engines over Iceberg have: `t FOR VERSION AS OF 5` and `FOR TIMESTAMP AS OF '…'` (also
/// `SYSTEM_VERSION`, `SYSTEM_TIME`), Spark's without `FOR`, and DuckDB's own `t AT (VERSION => 5)`
/// and `AT (TIMESTAMP => …)`. Everything outside of such clauses stays byte for byte as it is.
struct TimeTravel: Equatable {
    /// One table as it was.
    struct Reference: Equatable {
        /// The table's name as written, catalog and schema first, without quotation marks; words in
        /// lower case.
        let name: [String]
        let wanted: Wanted
    }

    /// What stands in the clause.
    enum Wanted: Equatable {
        /// A snapshot's id.
        case snapshot(Int64)
        /// The name of a branch or tag.
        case name(String)
        /// Seconds since 1970-01-01T00:00Z.
        case seconds(String)
        /// An expression of SQL for a moment.
        case moment(String)
    }

    /// What the statement asks for, in order.
    private(set) var references: [Reference] = []
    /// The statement with the name of a temporary view (`view(_:)`) in the place of each.
    private(set) var sql: String

    /// The view that stands in the place of a reference.
    static func view(_ index: Int) -> String { "past_\(index + 1)" }

    private let tokens: [SQLToken]

    /// Looks through `sql`. A clause that cannot be right is an error.
    init(_ sql: String) throws(SQLError) {
        self.sql = sql
        tokens = SQLLexer.tokens(of: sql).filter { $0.kind != .comment }
        var places: [(range: Range<Int>, text: String)] = []
        let bytes = Array(sql.utf8)
        func source(_ range: Range<Int>) -> String {
            String(decoding: bytes[range], as: UTF8.self)
        }
        var index = 0
        while index < tokens.count {
            guard let clause = clause(at: index), let first = nameStart(before: index) else {
                index += 1
                continue
            }
            let operand = try operand(of: clause, source)
            let name = tokens[first..<index].filter { $0.value != "." || $0.kind != .symbol }
            references.append(Reference(name: name.map(\.value), wanted: operand.wanted))
            let last = tokens[operand.next - 1]
            var text = "temp.\(Self.view(references.count - 1))"
            let opener = tokens[first - 1].value
            if !Self.takesNoAlias.contains(opener), !isAlias(operand.next) {
                text += " AS \(source(tokens[index - 1].range))"
            }
            places.append((tokens[first].range.lowerBound..<last.range.upperBound, text))
            index = operand.next
        }
        if places.isEmpty { return }
        try Self.checkVerb(tokens)
        var rewritten = ""
        var end = 0
        for (range, text) in places {
            rewritten += source(end..<range.lowerBound) + text
            end = range.upperBound
        }
        self.sql = rewritten + source(end..<bytes.count)
    }

    /// A temporary view would outlive what it shows.
    private static func checkVerb(_ tokens: [SQLToken]) throws(SQLError) {
        let kinds: Set<String> = ["view", "macro", "function"]
        guard tokens.first?.value == "create",
            tokens.prefix(5).contains(where: { $0.kind == .word && kinds.contains($0.value) })
        else { return }
        throw .refused(
            reason: """
                a view or macro shows tables as they are; keep the rows of an earlier snapshot \
                with CREATE TEMP TABLE … AS SELECT
                """
        )
    }

    // The clause

    private enum Axis { case version, moment }

    private struct Clause {
        let axis: Axis
        /// Where its operand begins.
        let operand: Int
        /// True for `AT (… => …)`, which ends with a parenthesis.
        let isInParentheses: Bool
    }

    private static let axes: [String: Axis] = [
        "version": .version, "system_version": .version, "timestamp": .moment,
        "system_time": .moment,
    ]

    private func word(_ index: Int) -> String? {
        index < tokens.count && tokens[index].kind == .word ? tokens[index].value : nil
    }

    private func isSymbol(_ index: Int, _ value: String) -> Bool {
        index < tokens.count && tokens[index].kind == .symbol && tokens[index].value == value
    }

    private func clause(at index: Int) -> Clause? {
        if word(index) == "at", isSymbol(index + 1, "("), isSymbol(index + 3, "="),
            isSymbol(index + 4, ">"), let axis = Self.axes[word(index + 2) ?? ""]
        {
            return Clause(axis: axis, operand: index + 5, isInParentheses: true)
        }
        let start = word(index) == "for" ? index + 1 : index
        guard let axis = Self.axes[word(start) ?? ""], word(start + 1) == "as",
            word(start + 2) == "of"
        else { return nil }
        return Clause(axis: axis, operand: start + 3, isInParentheses: false)
    }

    /// Where the table's name before a clause begins; nil when no table's name stands there, as in
    /// `SELECT version AS of`.
    private func nameStart(before end: Int) -> Int? {
        func isName(_ index: Int) -> Bool {
            guard index >= 0 else { return false }
            if tokens[index].kind == .quotedName { return true }
            return tokens[index].kind == .word && !SQLWords.reserved.contains(tokens[index].value)
        }
        var first = end - 1
        guard isName(first) else { return nil }
        while isSymbol(first - 1, "."), isName(first - 2) { first -= 2 }
        guard first > 0 else { return nil }
        let opener = tokens[first - 1]
        return opener.kind != .text && opener.kind != .quotedName
            && Self.openers.contains(opener.value) ? first : nil
    }

    /// What stands before the name of a table.
    private static let openers: Set<String> = [
        "from", "join", "using", ",", "(", "table", "describe", "desc", "show", "summarize",
        "pivot", "unpivot", "into", "update",
    ]

    private static let takesNoAlias: Set<String> = [
        "table", "describe", "desc", "show", "summarize", "into", "update",
    ]

    /// True when a name for the table follows.
    private func isAlias(_ index: Int) -> Bool {
        guard index < tokens.count else { return false }
        switch tokens[index].kind {
        case .quotedName, .text: return true
        case .word:
            let word = tokens[index].value
            return word == "as" || !SQLWords.reserved.contains(word)
        default: return false
        }
    }

    // The operand

    private func operand(
        of clause: Clause,
        _ source: (Range<Int>) -> String
    ) throws(SQLError) -> (wanted: Wanted, next: Int) {
        let wanted: Wanted
        var next = clause.operand
        switch clause.axis {
        case .version:
            guard next < tokens.count, let version = Self.version(tokens[next]) else {
                throw .statement(
                    .syntax,
                    message: """
                        a version is a snapshot's id, or the name of a branch or tag in single \
                        quotation marks: FOR VERSION AS OF 8264150293, FOR VERSION AS OF 'main'
                        """
                )
            }
            wanted = version
            next += 1
        case .moment:
            let parser = MomentExpression(tokens)
            guard let end = parser.end(from: next) else {
                throw .statement(
                    .syntax,
                    message: """
                        a moment is written '2026-11-20 12:00:00', or as an expression without \
                        columns: FOR TIMESTAMP AS OF now() - INTERVAL 1 HOUR
                        """
                )
            }
            let text = source(tokens[next].range.lowerBound..<tokens[end - 1].range.upperBound)
            let isNumber = end == next + 1 && tokens[next].kind == .number
            wanted = isNumber ? .seconds(text) : .moment(text)
            next = end
        }
        if clause.isInParentheses {
            guard isSymbol(next, ")") else {
                throw .statement(
                    .syntax,
                    message: "AT (VERSION => …) and AT (TIMESTAMP => …) end with a parenthesis"
                )
            }
            next += 1
        }
        return (wanted, next)
    }

    private static func version(_ token: SQLToken) -> Wanted? {
        switch token.kind {
        case .number: Int64(token.value).map { .snapshot($0) }
        case .text: .name(token.value)
        default: nil
        }
    }
}

/// Words that cannot be a table's name or alias without quotation marks.
enum SQLWords {
    /// DuckDB's keywords of the kinds `reserved` and `type_function`.
    static let reserved: Set<String> = [
        "all", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof",
        "asymmetric", "at", "authorization", "binary", "both", "by", "case", "cast", "check",
        "collate", "collation", "column", "columns", "concurrently", "constraint", "create",
        "cross", "default", "deferrable", "desc", "describe", "distinct", "do", "else", "end",
        "except", "false", "fetch", "for", "foreign", "freeze", "from", "full", "generated", "glob",
        "group", "having", "ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull",
        "join", "lambda", "lateral", "leading", "left", "like", "limit", "map", "natural", "not",
        "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "pivot",
        "pivot_longer", "pivot_wider", "placing", "positional", "primary", "qualify", "references",
        "returning", "right", "select", "semi", "show", "similar", "some", "struct", "summarize",
        "symmetric", "table", "tablesample", "then", "to", "trailing", "true", "try_cast", "union",
        "unique", "unpack", "unpivot", "using", "variadic", "verbose", "when", "where", "window",
        "with",
    ]
}
