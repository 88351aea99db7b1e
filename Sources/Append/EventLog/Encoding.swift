internal import Bytes
internal import Clocks

// How identifiers and short texts stand in the log's own files.

extension ByteBuffer {
    /// Appends sixteen bytes.
    internal mutating func append(_ id: UUID16) {
        append(id.high)
        append(id.low)
    }

    /// Appends a text with its length in front, u16. Longer texts must have been refused before.
    internal mutating func appendShortText(_ text: String) {
        append(UInt16(text.utf8.count))
        append(utf8: text)
    }
}

extension ByteReader {
    /// Reads sixteen bytes.
    @_lifetime(self: copy self)
    internal mutating func readUUID() throws(ByteError) -> UUID16 {
        let high = try read(UInt64.self)
        return UUID16(high: high, low: try read(UInt64.self))
    }

    /// Reads a text behind its u16 length.
    @_lifetime(self: copy self)
    internal mutating func readShortText() throws(ByteError) -> String {
        try readText(Int(try read(UInt16.self)))
    }
}
