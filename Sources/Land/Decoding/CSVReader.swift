internal import Bytes

/// Reads the rows of a CSV text (RFC 4180) one by one, and gives each as a JSON object.
///
/// A field without quotation marks that is spelled like a JSON number, `true` or `false` is one; an
/// empty one is no field at all; everything else is a string. Lines end with LF or CRLF, lines
/// without a character are skipped.
internal struct CSVReader: ~Copyable {
    private let format: CSVFormat
    /// `"name":` of every column, as JSON.
    private var names: [[UInt8]] = []
    /// The header row that `names` are of; the next record has probably the same.
    private var header: [UInt8] = []
    private var position = 0
    /// The row that `next` went to.
    private(set) var object = ByteBuffer()
    private var field: [UInt8] = []

    init(_ format: CSVFormat) {
        self.format = format
        names = (format.columns ?? []).map { Self.key(Array($0.utf8)) }
    }

    /// Begins with the text in `value`, and reads its header row if it has one.
    mutating func begin(_ value: RawSpan) throws(JSONFault) {
        position = 0
        let cursor = JSONCursor(value)
        if cursor.end >= 3, cursor.byte(0) == 0xEF, cursor.byte(1) == 0xBB, cursor.byte(2) == 0xBF {
            position = 3
        }
        if format.columns == nil { try readHeader(cursor) }
    }

    /// Moves to the next row: where it stands; nil behind the last one.
    mutating func next(in value: RawSpan) throws(JSONFault) -> Range<Int>? {
        let cursor = JSONCursor(value)
        skipLineEnds(cursor)
        let start = position
        guard start < cursor.end else { return nil }
        object.removeAll()
        var index = 0
        var isLast = false
        while !isLast {
            guard index < names.count else { throw JSONFault(.fieldCount, at: start) }
            isLast = try convertField(cursor, index)
            index += 1
        }
        guard index == names.count else { throw JSONFault(.fieldCount, at: start) }
        if object.isEmpty { object.append(UInt8(ascii: "{")) }
        object.append(UInt8(ascii: "}"))
        return start..<position
    }

    private mutating func skipLineEnds(_ cursor: borrowing JSONCursor) {
        while position < cursor.end, Self.isLineEnd(cursor.byte(position)) { position &+= 1 }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private mutating func readHeader(_ cursor: borrowing JSONCursor) throws(JSONFault) {
        skipLineEnds(cursor)
        let start = position
        if isKnownHeader(cursor) {
            position = start + header.count
            return
        }
        names = []
        var isLast = false
        while !isLast {
            field.removeAll(keepingCapacity: true)
            (_, isLast) = try readField(cursor)
            names.append(Self.key(field))
        }
        header = [UInt8](copying: cursor.bytes(start, position))
    }

    /// True when the text goes on with the header row that was read last, whole lines of it.
    private func isKnownHeader(_ cursor: borrowing JSONCursor) -> Bool {
        guard header.last == 0x0A, header.count <= cursor.end - position else { return false }
        for index in header.indices where cursor.byte(position + index) != header[index] {
            return false
        }
        return true
    }

    /// Adds the next field to the object; true when the row ends with it.
    private mutating func convertField(
        _ cursor: borrowing JSONCursor,
        _ index: Int
    ) throws(JSONFault) -> Bool {
        field.removeAll(keepingCapacity: true)
        let (isQuoted, isLast) = try readField(cursor)
        if field.isEmpty, !isQuoted { return isLast }
        object.append(object.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        object.append(names[index])
        if !isQuoted, Self.isBare(field) {
            object.append(field)
        } else {
            Self.append(string: field, to: &object)
        }
        return isLast
    }

    /// Reads a field into `field` and moves behind the delimiter or the line's end.
    private mutating func readField(
        _ cursor: borrowing JSONCursor
    ) throws(JSONFault) -> (isQuoted: Bool, isLast: Bool) {
        let isQuoted = position < cursor.end && cursor.byte(position) == format.quote
        if isQuoted { try readQuoted(cursor) }
        while position < cursor.end {
            let byte = cursor.byte(position)
            if byte == format.delimiter {
                position &+= 1
                return (isQuoted, false)
            }
            if Self.isLineEnd(byte) {
                let isPair =
                    byte == 0x0D && position + 1 < cursor.end && cursor.byte(position + 1) == 0x0A
                position &+= isPair ? 2 : 1
                return (isQuoted, true)
            }
            // Neither a quotation mark inside a plain field nor text behind a quoted one.
            if isQuoted || byte == format.quote { throw JSONFault(.misplacedQuote, at: position) }
            field.append(byte)
            position &+= 1
        }
        return (isQuoted, true)
    }

    private mutating func readQuoted(_ cursor: borrowing JSONCursor) throws(JSONFault) {
        position &+= 1
        while position < cursor.end {
            let byte = cursor.byte(position)
            position &+= 1
            if byte == format.quote {
                guard position < cursor.end, cursor.byte(position) == format.quote else { return }
                position &+= 1
            }
            field.append(byte)
        }
        throw JSONFault(.truncated, at: cursor.end)
    }

    /// True when the text means the same in JSON without quotation marks.
    private static func isBare(_ text: [UInt8]) -> Bool {
        // SAFETY: the array outlives the cursor.
        unsafe text.span.bytes.isBareJSON
    }

    private static func key(_ name: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer()
        append(string: name, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        return [UInt8](copying: buffer.bytes)
    }

    private static func append(string text: [UInt8], to buffer: inout ByteBuffer) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0..<0x20:
                buffer.append(utf8: byte < 0x10 ? "\\u000" : "\\u001")
                let digit = byte & 0xF
                buffer.append(digit < 10 ? digit + UInt8(ascii: "0") : digit + 0x57)
            default:
                buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }
}

extension RawSpan {
    /// True when the bytes are a JSON number, `true` or `false`, and nothing else.
    fileprivate var isBareJSON: Bool {
        var cursor = JSONCursor(self)
        switch cursor.next {
        case UInt8(ascii: "t"): guard (try? cursor.skipLiteral(.true)) != nil else { return false }
        case UInt8(ascii: "f"): guard (try? cursor.skipLiteral(.false)) != nil else { return false }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard (try? cursor.scanNumber()) != nil else { return false }
        default: return false
        }
        return cursor.position == cursor.end
    }
}
