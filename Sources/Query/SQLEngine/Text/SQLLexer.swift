/// One piece of a SQL text.
public struct SQLToken: Equatable, Sendable {
    /// What it is.
    public enum Kind: Equatable, Sendable {
        /// A keyword or a name without quotation marks.
        case word
        /// A name in quotation marks.
        case quotedName
        /// A text constant, also with dollar signs.
        case text
        /// A number.
        case number
        /// Any other single character.
        case symbol
        /// The semicolon that ends a statement.
        case end
        /// A comment.
        case comment
        /// Something begun and not ended: a text, a name, a comment.
        case unfinished
    }

    /// What it is.
    public var kind: Kind
    /// Where it stands, in bytes of UTF-8.
    public var range: Range<Int>
    /// The word in lower case, the name or constant without its quotation marks, else the
    /// characters themselves.
    public var value: String
}

/// Cuts SQL text into tokens as PostgreSQL's grammar, and so DuckDB's, does.
///
/// It is used to find where statements end, for the guard, and to complete names. It never decides
/// alone that a statement is harmless: DuckDB's own limits stand behind the guard.
public struct SQLLexer {
    private let bytes: [UInt8]
    private var position = 0

    /// A lexer at the start of `sql`.
    public init(_ sql: String) {
        bytes = Array(sql.utf8)
    }

    /// All tokens but white space.
    public static func tokens(of sql: String) -> [SQLToken] {
        var lexer = SQLLexer(sql)
        var tokens: [SQLToken] = []
        while let token = lexer.next() { tokens.append(token) }
        return tokens
    }

    /// The next token; nil at the end.
    public mutating func next() -> SQLToken? {
        while position < bytes.count {
            let length = spaceLength(at: position)
            if length == 0 { break }
            position += length
        }
        guard position < bytes.count else { return nil }
        let start = position
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: ";"):
            position += 1
            return token(.end, from: start)
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
            while position < bytes.count, !Self.endsLine(bytes[position]) { position += 1 }
            return token(.comment, from: start)
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
            return blockComment()
        case UInt8(ascii: "'"):
            return quoted(.text, by: byte, from: start, escapes: false)
        case UInt8(ascii: "\""):
            return quoted(.quotedName, by: byte, from: start, escapes: false)
        case UInt8(ascii: "e") where peek(1) == UInt8(ascii: "'"),
            UInt8(ascii: "E") where peek(1) == UInt8(ascii: "'"):
            position += 1
            return quoted(.text, by: UInt8(ascii: "'"), from: start, escapes: true)
        case UInt8(ascii: "$"):
            return dollarQuoted() ?? symbol()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number()
        case _ where Self.startsName(byte):
            while position < bytes.count, Self.continuesName(bytes[position]),
                spaceLength(at: position) == 0
            {
                position += 1
            }
            return token(.word, from: start)
        default:
            return symbol()
        }
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    private func token(_ kind: SQLToken.Kind, from start: Int) -> SQLToken {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return SQLToken(
            kind: kind,
            range: start..<position,
            value: kind == .word ? text.lowercased() : text
        )
    }

    private mutating func symbol() -> SQLToken {
        let start = position
        position += 1
        return token(.symbol, from: start)
    }

    private mutating func number() -> SQLToken {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            let afterExponent =
                position > start && (bytes[position - 1] | 0x20) == UInt8(ascii: "e")
            guard
                Self.continuesName(byte) || byte == UInt8(ascii: ".") || (isSign && afterExponent)
            else { break }
            position += 1
        }
        return token(.number, from: start)
    }

    private mutating func blockComment() -> SQLToken {
        let start = position
        var depth = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if bytes[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
                if depth == 0 { return token(.comment, from: start) }
            } else {
                position += 1
            }
        }
        return token(.unfinished, from: start)
    }

    private mutating func quoted(
        _ kind: SQLToken.Kind,
        by mark: UInt8,
        from start: Int,
        escapes: Bool
    ) -> SQLToken {
        position += 1
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            if byte == mark {
                if peek(1) == mark {
                    content.append(mark)
                    position += 2
                    continue
                }
                position += 1
                let value = String(decoding: content, as: UTF8.self)
                return SQLToken(kind: kind, range: start..<position, value: value)
            }
            if escapes, byte == UInt8(ascii: "\\"), let next = peek(1) {
                content.append(next)
                position += 2
                continue
            }
            content.append(byte)
            position += 1
        }
        return token(.unfinished, from: start)
    }

    /// `$tag$ … $tag$`; nil when the dollar sign begins a parameter or nothing.
    private mutating func dollarQuoted() -> SQLToken? {
        let start = position
        var tagEnd = position + 1
        while tagEnd < bytes.count, Self.continuesTag(bytes[tagEnd], isFirst: tagEnd == start + 1) {
            tagEnd += 1
        }
        guard tagEnd < bytes.count, bytes[tagEnd] == UInt8(ascii: "$") else { return nil }
        let tag = Array(bytes[start...tagEnd])
        var cursor = tagEnd + 1
        while cursor + tag.count <= bytes.count {
            if bytes[cursor] == UInt8(ascii: "$"),
                bytes[cursor..<(cursor + tag.count)].elementsEqual(tag)
            {
                position = cursor + tag.count
                let value = String(decoding: bytes[(tagEnd + 1)..<cursor], as: UTF8.self)
                return SQLToken(kind: .text, range: start..<position, value: value)
            }
            cursor += 1
        }
        position = bytes.count
        return token(.unfinished, from: start)
    }

    /// Bytes of the white space at `index`, 0 when there is none. DuckDB counts Unicode's spaces,
    /// also the invisible ones, so they must part words here too.
    private func spaceLength(at index: Int) -> Int {
        let byte = bytes[index]
        if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) { return 1 }
        guard byte >= 0xC2, index + 1 < bytes.count else { return 0 }
        let second = bytes[index + 1]
        if byte == 0xC2 { return second == 0xA0 || second == 0x85 ? 2 : 0 }
        guard index + 2 < bytes.count else { return 0 }
        switch (byte, second, bytes[index + 2]) {
        case (0xE1, 0x9A, 0x80), (0xE3, 0x80, 0x80), (0xEF, 0xBB, 0xBF): return 3
        case (0xE2, 0x80, 0x80...0x8F), (0xE2, 0x80, 0xA8...0xAF), (0xE2, 0x81, 0x9F...0xA4):
            return 3
        default: return 0
        }
    }

    private static func endsLine(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    private static func startsName(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
            || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }

    private static func continuesTag(_ byte: UInt8, isFirst: Bool) -> Bool {
        startsName(byte) || (!isFirst && isDigit(byte))
    }
}
