/// A declaration's place in its file.
struct DeclarationRange: Equatable {
    var name: String
    /// Line of the declaring word, from 1.
    var first: Int
    /// Line of the closing brace.
    var last: Int
}

extension SwiftSource {
    /// All functions and initialisers with a body.
    var functions: [DeclarationRange] { ranges(of: ["func", "init", "deinit"]) }

    /// All types and extensions.
    var types: [DeclarationRange] { ranges(of: ["struct", "class", "enum", "actor", "extension"]) }

    /// Declarations with a body, found by matching braces.
    private func ranges(of words: Set<String>) -> [DeclarationRange] {
        let bytes = Array(code.joined(separator: "\n").utf8)
        var found: [DeclarationRange] = []
        var line = 1
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x0A { line += 1 }
            guard isStart(at, bytes) else {
                at += 1
                continue
            }
            let word = name(at, bytes)
            if words.contains(word), let body = body(after: at + word.utf8.count, bytes) {
                let inside = bytes[at..<body.upperBound].count { $0 == 0x0A }
                let label = word == "func" ? functionName(at + 4, bytes) : word
                found.append(DeclarationRange(name: label, first: line, last: line + inside))
            }
            at += word.utf8.count
        }
        return found
    }

    /// Functions longer than `linesMax`.
    func longFunctions(linesMax: Int = 70) -> [Violation] {
        functions.filter { $0.last - $0.first + 1 > linesMax }.map {
            Violation(
                path: file.path,
                line: $0.first,
                message: "\($0.name) has \($0.last - $0.first + 1) lines; \(linesMax) are the "
                    + "limit: give its parts names"
            )
        }
    }

    private func isStart(_ at: Int, _ bytes: [UInt8]) -> Bool {
        // `.init(` is a call, `Self.init` too.
        Words.isName(bytes[at])
            && (at == 0 || !(Words.isName(bytes[at - 1]) || bytes[at - 1] == UInt8(ascii: ".")))
    }

    private func name(_ start: Int, _ bytes: [UInt8]) -> String {
        String(decoding: bytes[start...].prefix(while: Words.isName), as: UTF8.self)
    }

    private func functionName(_ start: Int, _ bytes: [UInt8]) -> String {
        let rest = bytes[start...].drop { $0 == 0x20 || $0 == UInt8(ascii: "`") }
        return String(decoding: rest.prefix { $0 != UInt8(ascii: "(") }, as: UTF8.self)
    }

    /// The body behind a declaration that ends at `start`; nil for a requirement of a protocol.
    private func body(after start: Int, _ bytes: [UInt8]) -> Range<Int>? {
        var at = start
        var parentheses = 0
        var sawParameters = false
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "("):
                parentheses += 1
                sawParameters = true
            case UInt8(ascii: ")"): parentheses -= 1
            case UInt8(ascii: "{") where parentheses == 0:
                return end(of: at, bytes).map { at..<$0 }
            case UInt8(ascii: "}") where parentheses == 0: return nil
            case 0x0A where parentheses == 0 && sawParameters:
                if endsDeclaration(at + 1, bytes) { return nil }
            default: break
            }
            if parentheses < 0 { return nil }
            at += 1
        }
        return nil
    }

    /// True when the line that begins at `start` does not go on with a declaration begun before.
    private func endsDeclaration(_ start: Int, _ bytes: [UInt8]) -> Bool {
        let line = bytes[start...].prefix { $0 != 0x0A }.drop { $0 == 0x20 }
        guard let first = line.first else { return true }
        if [UInt8(ascii: "{"), UInt8(ascii: "-"), UInt8(ascii: ")")].contains(first) {
            return false
        }
        let word = String(decoding: line.prefix(while: Words.isName), as: UTF8.self)
        return !["where", "throws", "async", "rethrows"].contains(word)
    }

    private func end(of brace: Int, _ bytes: [UInt8]) -> Int? {
        var depth = 0
        for at in brace..<bytes.count {
            if bytes[at] == UInt8(ascii: "{") { depth += 1 }
            if bytes[at] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return at }
        }
        return nil
    }
}
