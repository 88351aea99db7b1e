internal import Bytes

/// Rows as RFC 4180 has them: fields parted by commas, lines ended by CR LF, quotation marks where
/// they are needed.
///
/// NULL is an empty field; an empty text stands in quotation marks, so that the two can be told
/// apart.
struct CSVOutput {
    private let columns: [SQLColumn]

    init(_ columns: [SQLColumn]) {
        self.columns = columns
    }

    func begin(into buffer: inout ByteBuffer) {
        for (index, column) in columns.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            Self.append(column.name, to: &buffer)
        }
        buffer.append(utf8: "\r\n")
    }

    func write(_ chunk: SQLChunk, into buffer: inout ByteBuffer) {
        for row in 0..<chunk.rowCount {
            for (index, vector) in chunk.vectors.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                if vector.isNull(row) { continue }
                if vector.type == .varchar {
                    vector.withBytes(row) { Self.append($0, to: &buffer) }
                } else {
                    Self.append(vector.value(row).text, to: &buffer)
                }
            }
            buffer.append(utf8: "\r\n")
        }
    }

    private static func append(_ text: String, to buffer: inout ByteBuffer) {
        // SAFETY: the span is used only inside the call, which `text` outlives.
        unsafe append(text.utf8.span.bytes, to: &buffer)
    }

    private static func append(_ text: RawSpan, to buffer: inout ByteBuffer) {
        guard needsQuotes(text) else { return buffer.append(text) }
        buffer.append(UInt8(ascii: "\""))
        for index in 0..<text.byteCount {
            let byte = text.byte(at: index)
            if byte == UInt8(ascii: "\"") { buffer.append(byte) }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private static func needsQuotes(_ text: RawSpan) -> Bool {
        let count = text.byteCount
        if count == 0 || text.byte(at: 0) == 0x20 || text.byte(at: count - 1) == 0x20 {
            return true
        }
        for index in 0..<count {
            switch text.byte(at: index) {
            case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: return true
            default: continue
            }
        }
        return false
    }
}
