public import Bytes
internal import JSONText

extension SQLValue {
    /// Appends the value as JSON.
    ///
    /// Numbers of every size stay numbers, exactly; NaN and the infinities, which JSON lacks,
    /// become texts. Dates and times are ISO 8601 texts, moments of the world end in `Z`; bytes are
    /// base64; a map becomes an object when its keys are texts, else an array of `{"key", "value"}`
    /// objects; intervals are texts as DuckDB writes them.
    public func appendJSON(to buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.append(utf8: "null")
        case .boolean(let value): buffer.append(utf8: value ? "true" : "false")
        case .integer, .hugeint, .unsigned, .bignum, .decimal: buffer.append(utf8: text)
        case .float(let value): SQLValue.append(text, isFinite: value.isFinite, to: &buffer)
        case .double(let value): SQLValue.append(text, isFinite: value.isFinite, to: &buffer)
        case .text(let value): buffer.appendJSON(string: value)
        case .json(let value): SQLValue.append(json: value, to: &buffer)
        case .blob(let bytes): buffer.appendJSON(string: Base64.text(bytes))
        case .bits, .uuid, .date, .time, .timeWithZone, .interval:
            buffer.appendJSON(string: text)
        case .timestamp(let count, let unit):
            buffer.appendJSON(string: CalendarText.timestamp(count, unit, separator: "T"))
        case .timestampWithZone(let count):
            let moment = CalendarText.timestamp(count, .microseconds, separator: "T", zone: "Z")
            buffer.appendJSON(string: moment)
        case .list(let values):
            buffer.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                value.appendJSON(to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .structure(let members): SQLValue.append(members, to: &buffer)
        case .map(let entries): SQLValue.append(entries, to: &buffer)
        }
    }

    private static func append(_ number: String, isFinite: Bool, to buffer: inout ByteBuffer) {
        if isFinite {
            buffer.append(utf8: number)
        } else {
            buffer.appendJSON(string: number)
        }
    }

    /// A JSON value on one line, so that NDJSON stays NDJSON; text that is not JSON after all
    /// becomes a text.
    private static func append(json: String, to buffer: inout ByteBuffer) {
        if !json.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            buffer.append(utf8: json)
        } else if let value = try? JSONValue.parse(json) {
            value.write(to: &buffer)
        } else {
            buffer.appendJSON(string: json)
        }
    }

    private static func append(_ members: [Member], to buffer: inout ByteBuffer) {
        buffer.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.appendJSON(string: member.name)
            buffer.append(UInt8(ascii: ":"))
            member.value.appendJSON(to: &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    private static func append(_ entries: [Entry], to buffer: inout ByteBuffer) {
        let names: [Member?] = entries.map { entry in
            if case .text(let key) = entry.key {
                Member(name: key, value: entry.value)
            } else {
                nil
            }
        }
        let members = names.compactMap { $0 }
        if members.count == entries.count { return append(members, to: &buffer) }
        buffer.append(UInt8(ascii: "["))
        for (index, entry) in entries.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            append(
                [Member(name: "key", value: entry.key), Member(name: "value", value: entry.value)],
                to: &buffer
            )
        }
        buffer.append(UInt8(ascii: "]"))
    }
}

/// RFC 4648, with padding.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 {
                let byte = index < group.count ? group[start + index] : 0
                bits = bits << 8 | UInt32(byte)
            }
            for place in 0..<4 {
                let isPadding = place > group.count
                let digit = Int(bits >> UInt32(18 - 6 * place) & 63)
                output.append(isPadding ? UInt8(ascii: "=") : alphabet[digit])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
