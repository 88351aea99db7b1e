import Clocks

/// Gives a line its bytes, with the line end.
enum LineForm: Sendable {
    case text(colours: Bool)
    case json

    /// Longer messages and values are cut, so that one line stays one small write.
    static let valueBytesMax = 8192

    func bytes(of line: LogLine, time: Timestamp) -> [UInt8] {
        var out = [UInt8]()
        out.reserveCapacity(256)
        switch self {
        case .text(let colours): Self.appendText(line, time, colours, to: &out)
        case .json: Self.appendJSON(line, time, to: &out)
        }
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private static func appendText(
        _ line: LogLine,
        _ time: Timestamp,
        _ colours: Bool,
        to out: inout [UInt8]
    ) {
        func styled(_ code: String, _ text: String) {
            out += (colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text).utf8
        }
        styled("2", time.iso8601)
        out.append(UInt8(ascii: " "))
        switch line.level {
        case .debug: styled("2", "debug  ")
        case .info: styled("32", "info   ")
        case .warning: styled("33", "warning")
        case .error: styled("31", "error  ")
        }
        out.append(UInt8(ascii: " "))
        styled("1", line.component)
        out += ": ".utf8
        appendEscaped(cut(line.message), to: &out, quote: false)
        for field in line.fields {
            out.append(UInt8(ascii: " "))
            styled("2", "\(field.key)=")
            switch field.value {
            case .text(let text):
                let quoted = needsQuotes(text)
                if quoted { out.append(UInt8(ascii: "\"")) }
                appendEscaped(cut(text), to: &out, quote: quoted)
                if quoted { out.append(UInt8(ascii: "\"")) }
            default: out += field.value.plain.utf8
            }
        }
    }

    private static func appendJSON(
        _ line: LogLine,
        _ time: Timestamp,
        to out: inout [UInt8]
    ) {
        func text(_ value: String) {
            out.append(UInt8(ascii: "\""))
            appendEscaped(cut(value), to: &out, quote: true)
            out.append(UInt8(ascii: "\""))
        }
        out += "{\"time\":\"".utf8
        out += time.iso8601.utf8
        out += "\",\"level\":\"\(line.level.name)\",\"component\":".utf8
        text(line.component)
        out += ",\"message\":".utf8
        text(line.message)
        for field in line.fields {
            out.append(UInt8(ascii: ","))
            text(reserved.contains(field.key) ? field.key + "_" : field.key)
            out.append(UInt8(ascii: ":"))
            switch field.value {
            case .text(let value): text(value)
            case .real(let number) where !number.isFinite: text(number.description)
            default: out += field.value.plain.utf8
            }
        }
        out.append(UInt8(ascii: "}"))
    }

    /// A field must not take the place of what every line has.
    private static let reserved: Set<String> = ["time", "level", "component", "message"]

    private static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty || text.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "\"") }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > valueBytesMax else { return text }
        // Decoding repairs a character that the cut goes through.
        return String(decoding: text.utf8.prefix(valueBytesMax), as: UTF8.self) + "…"
    }

    /// Control characters become escapes in both forms: a value that came from outside can neither
    /// start a line of its own nor steer a terminal. That includes the C1 controls (U+0080 to
    /// U+009F) and DEL.
    private static func appendEscaped(_ text: String, to out: inout [UInt8], quote: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A: out += "\\n".utf8
            case 0x0D: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20, 0x7F..<0xA0: appendHexadecimal(scalar.value, to: &out)
            case 0x22 where quote: out += "\\\"".utf8
            case 0x5C where quote: out += "\\\\".utf8
            default: out += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
    }

    private static func appendHexadecimal(_ value: UInt32, to out: inout [UInt8]) {
        let digits = String(value, radix: 16)
        out += "\\u".utf8
        out += String(repeating: "0", count: 4 - digits.count).utf8
        out += digits.utf8
    }
}
