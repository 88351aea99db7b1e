internal import ArrowData
internal import Bytes
public import Columns
public import IcebergModel

/// Values that stand as plain text outside JSON: keys, headers, constants, casts.
///
/// Text columns take UTF-8, binary columns any bytes. For the other types the text is spelled as in
/// JSON, times as JSON strings have them, all without quotation marks; no text at all is null.
public enum ScalarText {
    /// Appends the value that `text` spells to `column` of the open row.
    ///
    /// - Returns: why the column cannot take it; then it is as before.
    public static func append(
        _ text: RawSpan,
        to column: Int,
        of columns: inout ColumnSet
    ) -> DecodeIssue.Reason? {
        let kind = columns.kind(column)
        if kind == .binary || kind == .string {
            guard kind == .binary || JSONCursor(text).isUTF8 else { return .invalidUTF8 }
            columns.append(bytes: text, to: column)
            return nil
        }
        if text.byteCount == 0 { return nil }
        var cursor = JSONCursor(text)
        switch kind {
        case .date, .timestamp, .timestamptz:
            return appendTime(cursor, kind, to: column, of: &columns)
        case .boolean:
            guard isWhole(.true, cursor) || isWhole(.false, cursor) else { return .wrongType }
        default:
            var probe = JSONCursor(text)
            guard JSONRowDecoder.isNumber(probe.next), (try? probe.scanNumber()) != nil,
                probe.position == probe.end
            else { return .wrongType }
        }
        do throws(JSONFault) {
            try JSONRowDecoder.decodeValue(&cursor, into: &columns, column)
        } catch { return error.reason }
        return nil
    }

    /// True when `text` spells a value of `type`.
    public static func spells(_ text: String, _ type: IcebergType) -> Bool {
        let schema = Schema(fields: [.optional(1, "value", type)])
        guard let layout = try? ColumnLayout(schema) else { return false }
        var columns = ColumnSet(layout: layout, pool: BlockPool())
        // SAFETY: the span lives during the call.
        return unsafe append(text.utf8.span.bytes, to: 0, of: &columns) == nil
            && columns.hasValue(0)
    }

    private static func appendTime(
        _ cursor: borrowing JSONCursor,
        _ kind: ColumnKind,
        to column: Int,
        of columns: inout ColumnSet
    ) -> DecodeIssue.Reason? {
        let whole = JSONString(start: 0, end: cursor.end, hasEscapes: false)
        var text = TimeText(cursor, whole)
        if kind == .date {
            guard let days = text.date(), text.isAtEnd else { return .invalidTime }
            columns.append(int: days, to: column)
            return nil
        }
        if let micros = text.timestamp(hasZone: kind == .timestamptz) {
            columns.append(long: micros, to: column)
            return nil
        }
        var probe = copy cursor
        guard kind == .timestamptz, JSONRowDecoder.isNumber(probe.next),
            let number = try? probe.scanNumber(), probe.position == probe.end,
            let milliseconds = number.int64
        else { return .invalidTime }
        let (micros, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1000)
        if isTooLarge { return .outOfRange }
        columns.append(long: micros, to: column)
        return nil
    }

    private static func isWhole(
        _ literal: JSONCursor.Literal,
        _ cursor: borrowing JSONCursor
    ) -> Bool {
        var probe = copy cursor
        guard (try? probe.skipLiteral(literal)) != nil else { return false }
        return probe.position == probe.end
    }
}

extension JSONCursor {
    /// True when all its bytes are UTF-8.
    internal var isUTF8: Bool {
        var position = 0
        while position < end {
            if position &+ 8 <= end, word(position) & 0x8080_8080_8080_8080 == 0 {
                position &+= 8
            } else if byte(position) < 0x80 {
                position &+= 1
            } else if let next = try? sequenceEnd(at: position) {
                position = next
            } else {
                return false
            }
        }
        return true
    }
}
