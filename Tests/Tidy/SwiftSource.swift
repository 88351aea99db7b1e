/// A Swift file with its code and its comments told apart.
struct SwiftSource {
    let file: TextFile
    /// Lines in which comments and the insides of strings are blanks.
    let code: [String]
    /// Lines in which everything but comments is blanks.
    let comments: [String]

    init(_ file: TextFile) {
        self.file = file
        var lexer = SwiftLexer(file.text)
        lexer.run()
        code = Self.lines(lexer.code)
        comments = Self.lines(lexer.comments)
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Tells code, strings and comments of Swift apart, well enough for rules that look at words and
/// braces: nested comments, raw and multi-line strings, interpolation, raw identifiers. Regular
/// expression literals are not known.
struct SwiftLexer {
    private let bytes: [UInt8]
    private var at = 0
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        let blank = bytes.map { $0 == 0x0A ? $0 : 0x20 }
        code = blank
        comments = blank
    }

    mutating func run() {
        while at < bytes.count { step() }
    }

    private func has(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        return at + wanted.count <= bytes.count
            && bytes[at..<(at + wanted.count)].elementsEqual(wanted)
    }

    private mutating func keep(_ count: Int = 1) {
        for _ in 0..<count where at < bytes.count {
            code[at] = bytes[at]
            at += 1
        }
    }

    /// One element of code: a comment, a string, a raw identifier, or a byte.
    private mutating func step() {
        switch bytes[at] {
        case UInt8(ascii: "/") where has("//"):
            while at < bytes.count, bytes[at] != 0x0A { comment() }
        case UInt8(ascii: "/") where has("/*"): blockComment()
        case UInt8(ascii: "`"):
            keep()
            while at < bytes.count, bytes[at] != UInt8(ascii: "`"), bytes[at] != 0x0A { at += 1 }
            keep()
        case UInt8(ascii: "\""): string(hashes: 0)
        case UInt8(ascii: "#"):
            var hashes = 0
            while at + hashes < bytes.count, bytes[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
            let quoted = at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "\"")
            keep(hashes)
            if quoted { string(hashes: hashes) }
        default: keep()
        }
    }

    private mutating func comment() {
        guard at < bytes.count else { return }
        comments[at] = bytes[at]
        at += 1
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            let opens = has("/*")
            let closes = has("*/")
            if opens || closes {
                depth += opens ? 1 : -1
                comment()
            }
            comment()
        } while depth > 0 && at < bytes.count
    }

    /// A string from its first quote to its last. Its inside is blank but for what is interpolated.
    private mutating func string(hashes: Int) {
        let multiline = has("\"\"\"")
        let quotes = multiline ? 3 : 1
        keep(quotes)
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\""), ends(quotes: quotes, hashes: hashes) {
                keep(quotes + hashes)
                return
            }
            if !multiline, bytes[at] == 0x0A { return }
            guard bytes[at] == UInt8(ascii: "\\"), follows(hashes: hashes) else {
                at += 1
                continue
            }
            at += 1 + hashes
            if at < bytes.count, bytes[at] == UInt8(ascii: "(") {
                interpolation()
            } else {
                at += 1
            }
        }
    }

    private mutating func interpolation() {
        var depth = 0
        repeat {
            if bytes[at] == UInt8(ascii: "(") { depth += 1 }
            if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
            step()
        } while depth > 0 && at < bytes.count
    }

    private func ends(quotes: Int, hashes: Int) -> Bool {
        guard at + quotes + hashes <= bytes.count else { return false }
        return bytes[at..<(at + quotes)].allSatisfy { $0 == UInt8(ascii: "\"") }
            && bytes[(at + quotes)..<(at + quotes + hashes)].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func follows(hashes: Int) -> Bool {
        at + 1 + hashes <= bytes.count
            && bytes[(at + 1)..<(at + 1 + hashes)].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}
