/// Gives a line its bytes, with the line end.
enum LineForm: Sendable {
    case text(colours: Bool)
    case json

    /// Longer messages and values are cut, so that one line stays one small write.
    static let valueBytesMax = 8192

    func bytes(of line: LogLine, milliseconds: Int64) -> [UInt8] {
        var out = [UInt8]()
        out.reserveCapacity(256)
        switch self {
        case .text(let colours): Self.appendText(line, milliseconds, colours, to: &out)
        case .json: Self.appendJSON(line, milliseconds, to: &out)
        }
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private static func appendText(
        _ line: LogLine,
        _ milliseconds: Int64,
        _ colours: Bool,
        to out: inout [UInt8]
    ) {
        func styled(_ code: String, _ text: String) {
            out += (colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text).utf8
        }
        styled("2", isoTime(milliseconds))
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
        _ milliseconds: Int64,
        to out: inout [UInt8]
    ) {
        func text(_ value: String) {
            out.append(UInt8(ascii: "\""))
            appendEscaped(cut(value), to: &out, quote: true)
            out.append(UInt8(ascii: "\""))
        }
        out += "{\"time\":\"".utf8
        out += isoTime(milliseconds).utf8
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

/// A time as `2026-11-21T14:33:00.000Z`.
///
/// The arithmetic is that of the proleptic Gregorian calendar with the year beginning in March, so
/// that the leap day is the last of its year.
func isoTime(_ milliseconds: Int64) -> String {
    func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let day = remainder < 0 ? quotient - 1 : quotient
    let rest = remainder < 0 ? remainder + 86_400_000 : remainder
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * ofYear + 2) / 153
    let dayOfMonth = ofYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
        + "T\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2))"
        + ":\(padded(rest / 1000 % 60, 2)).\(padded(rest % 1000, 3))Z"
}
