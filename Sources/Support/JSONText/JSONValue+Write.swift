public import Bytes

/// How JSON is laid out.
public enum JSONLayout: Sendable {
    /// No white space at all.
    case compact
    /// Two spaces per level, one member or element per line.
    case pretty
}

extension JSONValue {
    /// The JSON text.
    public func text(_ layout: JSONLayout = .compact) -> String {
        var buffer = ByteBuffer(capacity: 256)
        write(to: &buffer, layout)
        return String(repairingUTF8: buffer.bytes)
    }

    /// Appends the JSON text to `buffer`.
    public func write(to buffer: inout ByteBuffer, _ layout: JSONLayout = .compact) {
        write(to: &buffer, layout, indent: 0)
    }

    private func write(to buffer: inout ByteBuffer, _ layout: JSONLayout, indent: Int) {
        switch self {
        case .null: buffer.append(utf8: "null")
        case .bool(let truth): buffer.append(utf8: truth ? "true" : "false")
        case .integer(let number): buffer.appendJSON(integer: number)
        case .double(let number):
            buffer.append(utf8: number.isFinite ? number.description : "null")
        case .decimal(let text): buffer.append(utf8: text)
        case .string(let text): buffer.appendJSON(string: text)
        case .array(let elements):
            guard !elements.isEmpty else { return buffer.append(utf8: "[]") }
            buffer.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                Self.separate(&buffer, layout, indent: indent + 1, isFirst: index == 0)
                element.write(to: &buffer, layout, indent: indent + 1)
            }
            Self.close(&buffer, layout, indent: indent, UInt8(ascii: "]"))
        case .object(let object):
            guard !object.isEmpty else { return buffer.append(utf8: "{}") }
            buffer.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                Self.separate(&buffer, layout, indent: indent + 1, isFirst: index == 0)
                buffer.appendJSON(string: member.key)
                buffer.append(utf8: layout == .pretty ? ": " : ":")
                member.value.write(to: &buffer, layout, indent: indent + 1)
            }
            Self.close(&buffer, layout, indent: indent, UInt8(ascii: "}"))
        }
    }

    private static func separate(
        _ buffer: inout ByteBuffer,
        _ layout: JSONLayout,
        indent: Int,
        isFirst: Bool
    ) {
        if !isFirst { buffer.append(UInt8(ascii: ",")) }
        if layout == .pretty { newLine(&buffer, indent: indent) }
    }

    private static func close(
        _ buffer: inout ByteBuffer,
        _ layout: JSONLayout,
        indent: Int,
        _ bracket: UInt8
    ) {
        if layout == .pretty { newLine(&buffer, indent: indent) }
        buffer.append(bracket)
    }

    private static func newLine(_ buffer: inout ByteBuffer, indent: Int) {
        buffer.append(UInt8(ascii: "\n"))
        for _ in 0..<(2 * indent) { buffer.append(UInt8(ascii: " ")) }
    }
}

extension ByteBuffer {
    /// Appends `string` in quotation marks, escaping only what JSON demands.
    public mutating func appendJSON(string: String) {
        append(UInt8(ascii: "\""))
        for byte in string.utf8 { appendJSONByte(byte) }
        append(UInt8(ascii: "\""))
    }

    /// Appends bytes that are UTF-8 text in quotation marks, escaping only what JSON demands.
    public mutating func appendJSON(utf8 text: RawSpan) {
        append(UInt8(ascii: "\""))
        for index in 0..<text.byteCount {
            // SAFETY: the index is below the span's byte count.
            appendJSONByte(unsafe text.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self))
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends `integer` in decimal.
    public mutating func appendJSON(integer: Int64) {
        append(utf8: String(integer))
    }

    @inline(__always)
    private mutating func appendJSONByte(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case 0x20...: append(byte)
        case 0x0A: append(utf8: "\\n")
        case 0x0D: append(utf8: "\\r")
        case 0x09: append(utf8: "\\t")
        default:
            append(utf8: "\\u00")
            for digit in [byte >> 4, byte & 15] {
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
