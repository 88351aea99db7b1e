extension SQLValue {
    /// The value as DuckDB writes it when it is cast to VARCHAR, in UTC; `NULL` for no value.
    public var text: String {
        switch self {
        case .null: "NULL"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .hugeint(let value): String(value)
        case .unsigned(let value): String(value)
        case .bignum(let value): value
        case .float(let value): SQLValue.number(value.description)
        case .double(let value): SQLValue.number(value.description)
        case .decimal(let unscaled, let scale): SQLValue.decimalText(unscaled, scale: scale)
        case .text(let value), .json(let value), .bits(let value): value
        case .blob(let bytes): SQLValue.blobText(bytes)
        case .uuid(let value): SQLValue.uuidText(value)
        case .date(let days): CalendarText.date(days)
        case .time(let nanoseconds, let digits):
            CalendarText.time(nanoseconds: nanoseconds, digits: digits)
        case .timeWithZone(let microseconds, let offset):
            CalendarText.time(nanoseconds: microseconds * 1_000, digits: 6)
                + CalendarText.offset(offset)
        case .timestamp(let count, let unit): CalendarText.timestamp(count, unit)
        case .timestampWithZone(let count):
            CalendarText.timestamp(count, .microseconds, zone: "+00")
        case .interval(let months, let days, let microseconds):
            CalendarText.interval(months: months, days: days, microseconds: microseconds)
        case .list(let values):
            "[\(values.map(\.nestedText).joined(separator: ", "))]"
        case .structure(let members):
            SQLValue.structureText(members)
        case .map(let entries):
            SQLValue.mapText(entries)
        }
    }

    /// As `text`, but texts that could be mistaken for structure stand in quotation marks, as
    /// DuckDB has it.
    private var nestedText: String {
        switch self {
        case .text(let value), .json(let value): SQLValue.quotedIfNeeded(value)
        case .null, .boolean, .integer, .hugeint, .unsigned, .bignum, .float, .double, .decimal,
            .list, .structure, .map:
            text
        default: SQLValue.quotedIfNeeded(text)
        }
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && value.first != " " && value.last != " "
            && value.lowercased() != "null"
            && !value.utf8.contains { special.contains($0) }
        return isPlain ? value : quoted(value)
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "'"
        for character in value.unicodeScalars {
            if character == "'" || character == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "'"
    }

    private static let special = Set("\"'()[]{},:;=\\".utf8)

    private static func mapText(_ entries: [Entry]) -> String {
        let parts = entries.map { "\($0.key.nestedText)=\($0.value.nestedText)" }
        return "{\(parts.joined(separator: ", "))}"
    }

    private static func structureText(_ members: [Member]) -> String {
        // A structure without names is a tuple.
        if members.allSatisfy(\.name.isEmpty) {
            return "(\(members.map(\.value.nestedText).joined(separator: ", ")))"
        }
        let parts = members.map { member in
            "\(SQLValue.quoted(member.name)): \(member.value.nestedText)"
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    /// Swift's shortest text of a number, spelled as DuckDB spells it: with an exponent below 10⁻⁴
    /// and from 10¹⁶ on, where Swift draws the line elsewhere for a Float.
    private static func number(_ text: String) -> String {
        if text == "-nan" { return "nan" }
        guard let mark = text.firstIndex(of: "e"),
            let exponent = Int(text[text.index(after: mark)...]),
            exponent >= -4, exponent < 16
        else { return text }
        let isNegative = text.hasPrefix("-")
        let digits = text[..<mark].filter(\.isNumber)
        let fixed: String
        if exponent < 0 {
            fixed = "0." + String(repeating: "0", count: -exponent - 1) + digits
        } else if digits.count <= exponent + 1 {
            let zeros = String(repeating: "0", count: exponent + 1 - digits.count)
            fixed = "\(digits)\(zeros).0"
        } else {
            fixed = "\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
        }
        return isNegative ? "-" + fixed : fixed
    }

    static func decimalText(_ unscaled: Int128, scale: Int) -> String {
        guard scale > 0 else { return String(unscaled) }
        var digits = String(unscaled.magnitude)
        if digits.count <= scale {
            digits = String(repeating: "0", count: scale + 1 - digits.count) + digits
        }
        let point = digits.index(digits.endIndex, offsetBy: -scale)
        return "\(unscaled < 0 ? "-" : "")\(digits[..<point]).\(digits[point...])"
    }

    static func blobText(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), 0..<0x20, 0x7F...:
                text += "\\x" + hexadecimal(UInt64(byte), digits: 2).uppercased()
            default:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text
    }

    static func uuidText(_ value: UInt128) -> String {
        let high = hexadecimal(UInt64(truncatingIfNeeded: value >> 64), digits: 16)
        let low = hexadecimal(UInt64(truncatingIfNeeded: value), digits: 16)
        let all = Array((high + low).utf8)
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map {
            String(decoding: all[$0], as: UTF8.self)
        }
        return parts.joined(separator: "-")
    }

    private static func hexadecimal(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
