public import Bytes

/// Avro's binary encoding.
extension ByteBuffer {
    /// Appends an `int` or a `long`.
    public mutating func appendAvro(_ value: Int64) { appendVarint(value) }

    /// Appends a `boolean`.
    public mutating func appendAvro(_ value: Bool) { append(UInt8(value ? 1 : 0)) }

    /// Appends a `float`.
    public mutating func appendAvro(_ value: Float) { appendLittleEndian(value.bitPattern) }

    /// Appends a `double`.
    public mutating func appendAvro(_ value: Double) { appendLittleEndian(value.bitPattern) }

    /// Appends a `string`.
    public mutating func appendAvro(_ text: String) {
        appendVarint(Int64(text.utf8.count))
        append(utf8: text)
    }

    /// Appends `bytes`.
    public mutating func appendAvro(_ bytes: [UInt8]) {
        appendVarint(Int64(bytes.count))
        append(bytes)
    }
}
