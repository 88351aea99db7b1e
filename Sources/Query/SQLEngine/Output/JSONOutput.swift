internal import Bytes
internal import JSONText

/// Rows as JSON objects, one a line, with or without an array around them.
struct JSONOutput {
    private let isArray: Bool
    /// `{"first":`, `,"second":`, …
    private let keys: [String]
    private var isFirstRow = true

    init(_ columns: [SQLColumn], isArray: Bool) {
        self.isArray = isArray
        let names = ColumnNames.distinct(columns.map(\.name), caseMatters: true)
        keys = names.enumerated().map { index, name in
            var key = ByteBuffer(capacity: 32)
            key.append(UInt8(ascii: index == 0 ? "{" : ","))
            key.appendJSON(string: name)
            key.append(UInt8(ascii: ":"))
            return String(repairingUTF8: key.bytes)
        }
    }

    func begin(into buffer: inout ByteBuffer) {
        if isArray { buffer.append(UInt8(ascii: "[")) }
    }

    mutating func write(_ chunk: SQLChunk, into buffer: inout ByteBuffer) {
        for row in 0..<chunk.rowCount {
            if isArray { buffer.append(utf8: isFirstRow ? "\n" : ",\n") }
            isFirstRow = false
            for (key, vector) in zip(keys, chunk.vectors) {
                buffer.append(utf8: key)
                if vector.type == .varchar, !vector.isNull(row) {
                    vector.withBytes(row) { buffer.appendJSON(utf8: $0) }
                } else {
                    vector.value(row).appendJSON(to: &buffer)
                }
            }
            buffer.append(utf8: keys.isEmpty ? "{}" : "}")
            if !isArray { buffer.append(UInt8(ascii: "\n")) }
        }
    }

    func finish(into buffer: inout ByteBuffer) {
        if isArray { buffer.append(utf8: isFirstRow ? "]\n" : "\n]\n") }
    }
}
