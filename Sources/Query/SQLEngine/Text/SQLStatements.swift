/// A SQL text cut into its statements.
public struct SQLStatements: Equatable, Sendable {
    /// The statements that are ended by a semicolon, in order, without it; comments are kept.
    public var complete: [String] = []
    /// What follows the last semicolon; empty when that is only white space and comments.
    public var rest = ""
    /// True when `rest` ends inside a quotation or a comment.
    public var restIsUnfinished = false

    /// Every statement, the one without a semicolon included.
    public var all: [String] { rest.isEmpty ? complete : complete + [rest] }

    /// Cuts `sql` at its semicolons, as the grammar sees them.
    public init(_ sql: String) {
        let bytes = Array(sql.utf8)
        var start = 0
        var hasContent = false
        for token in SQLLexer.tokens(of: sql) {
            switch token.kind {
            case .comment: continue
            case .end:
                if hasContent { complete.append(Self.text(bytes[start..<token.range.lowerBound])) }
                start = token.range.upperBound
                hasContent = false
            case .unfinished:
                hasContent = true
                restIsUnfinished = true
            default: hasContent = true
            }
        }
        if hasContent { rest = Self.text(bytes[start...]) }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
