/// Looks for names of files where names of tables belong: DuckDB would read the files.
enum TablePositions {
    /// True when `name`, which is not in the catalog, could be a file's.
    static func looksLikeFile(_ name: String) -> Bool {
        !name.utf8.allSatisfy { byte in
            byte >= 0x80 || harmlessMarks.contains(byte)
                || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
                || ((byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z"))
        }
    }

    private static let harmlessMarks = Set("_- $\"".utf8)

    /// True when no constant or quoted name in a table's position could be a file's. For statements
    /// about which DuckDB itself does not tell.
    static func holdNoFile(_ sql: String) -> Bool {
        let tokens = SQLLexer.tokens(of: sql).filter { $0.kind != .comment }
        // Whether a comma parts tables, for every open parenthesis.
        var listsTables = [false]
        var previous = ""
        for token in tokens {
            switch token.kind {
            case .text, .quotedName:
                let isTablesPlace =
                    beforeTable.contains(previous) || (previous == "," && listsTables.last == true)
                if isTablesPlace && looksLikeFile(token.value) { return false }
                previous = "'"
                continue
            case .symbol where token.value == "(":
                listsTables.append(false)
            case .symbol where token.value == ")":
                if listsTables.count > 1 { listsTables.removeLast() }
            case .word where token.value == "from" || token.value == "using":
                listsTables[listsTables.count - 1] = true
            case .word where endsTables.contains(token.value):
                listsTables[listsTables.count - 1] = false
            default: break
            }
            previous = token.value
        }
        return true
    }

    private static let beforeTable: Set<String> = [
        "from", "join", "into", "update", "using", "table", "describe", "desc", "show", "summarize",
        "pivot", "unpivot",
    ]

    private static let endsTables: Set<String> = [
        "select", "where", "group", "order", "having", "limit", "qualify", "window", "union",
        "except",
        "intersect", "set", "values", "returning",
    ]
}
