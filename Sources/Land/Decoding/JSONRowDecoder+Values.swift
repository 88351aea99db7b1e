internal import Columns
internal import IcebergModel

// One value into one column. The cursor stands at the value, or at white space before it.

extension JSONRowDecoder {
    @inline(__always)
    internal static func decodeValue(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        var first = cursor.next
        if first <= 0x20 {
            cursor.skipWhitespace()
            first = cursor.next
        }
        if first == UInt8(ascii: "n") {
            let start = cursor.position
            try cursor.skipLiteral(.null)
            if columns.hasRequired, columns.layout.columns[column].field.required {
                throw JSONFault(.missingField, at: start)
            }
            columns.appendNull(to: column)
            return
        }
        switch columns.kind(column) {
        case .string:
            if first == UInt8(ascii: "\"") {
                cursor.position &+= 1
                try appendText(&cursor, into: &columns, column)
            } else {
                try appendRaw(&cursor, into: &columns, column)
            }
        case .long:
            if let value = cursor.scanSmallInteger() {
                columns.append(long: value, to: column)
            } else {
                columns.append(long: try unusualLong(&cursor, first), to: column)
            }
        case .double:
            if let value = cursor.scanSmallDecimal() {
                columns.append(double: value, to: column)
            } else {
                columns.append(double: try unusualDouble(&cursor, first), to: column)
            }
        default:
            try decodeRare(&cursor, first, into: &columns, column)
        }
    }

    @inline(never)
    private static func unusualLong(
        _ cursor: inout JSONCursor,
        _ first: UInt8
    ) throws(JSONFault) -> Int64 {
        guard isNumber(first) else { throw mismatch(&cursor) }
        let number = try cursor.scanNumber()
        guard let value = number.int64 else { throw misfit(number) }
        return value
    }

    @inline(never)
    private static func unusualDouble(
        _ cursor: inout JSONCursor,
        _ first: UInt8
    ) throws(JSONFault) -> Double {
        guard isNumber(first) else { throw mismatch(&cursor) }
        let number = try cursor.scanNumber()
        guard let value = number.double(in: cursor) else {
            throw JSONFault(.outOfRange, at: number.start)
        }
        return value
    }

    @inline(never)
    private static func decodeRare(
        _ cursor: inout JSONCursor,
        _ first: UInt8,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        switch columns.kind(column) {
        case .boolean:
            guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else {
                throw mismatch(&cursor)
            }
            try cursor.skipLiteral(first == UInt8(ascii: "t") ? .true : .false)
            columns.append(boolean: first == UInt8(ascii: "t"), to: column)
        case .int:
            guard isNumber(first) else { throw mismatch(&cursor) }
            let number = try cursor.scanNumber()
            guard let value = number.int64.flatMap(Int32.init(exactly:)) else {
                throw misfit(number)
            }
            columns.append(int: value, to: column)
        case .float:
            guard isNumber(first) else { throw mismatch(&cursor) }
            let number = try cursor.scanNumber()
            guard let value = number.double(in: cursor).map({ Float($0) }), value.isFinite else {
                throw JSONFault(.outOfRange, at: number.start)
            }
            columns.append(float: value, to: column)
        case .date, .timestamp, .timestamptz:
            try appendTime(&cursor, first, into: &columns, column)
        case .decimal:
            try appendDecimal(&cursor, first, into: &columns, column)
        case .binary:
            guard first == UInt8(ascii: "\"") else { throw mismatch(&cursor) }
            try appendBase64(&cursor, into: &columns, column)
        case .string, .long, .double:
            preconditionFailure("handled by decodeValue")
        case .structure, .list, .map:
            preconditionFailure("handled by decodeDeep")
        }
    }

    @inline(__always)
    internal static func isNumber(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") <= 9 || byte == UInt8(ascii: "-")
    }

    /// A value of another kind than the column takes: wrong, if it is a value at all.
    @inline(never)
    internal static func mismatch(_ cursor: inout JSONCursor) -> JSONFault {
        let start = cursor.position
        do throws(JSONFault) { try cursor.skipValue(depth: 1) } catch { return error }
        return JSONFault(.wrongType, at: start)
    }

    /// A number that an integer column cannot take.
    @inline(never)
    private static func misfit(_ number: JSONNumber) -> JSONFault {
        JSONFault(number.isInteger ? .outOfRange : .wrongType, at: number.start)
    }

    /// A string as the column's text.
    @inline(__always)
    internal static func appendText(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        if copyPlainText(&cursor, into: &columns, column) { return }
        let string = try cursor.scanString()
        if string.hasEscapes {
            appendUnescaped(cursor, string, into: &columns, column)
        } else {
            columns.append(bytes: cursor.bytes(string.start, string.end), to: column)
        }
    }

    /// Scans and copies a string of plain ASCII in one go. False, and nothing has happened, if it
    /// is another string, or so near the record's end that sixteen bytes cannot be looked at.
    @inline(__always)
    private static func copyPlainText(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) -> Bool {
        let start = cursor.position
        let last = cursor.end &- 16
        guard start <= last else { return false }
        var place = start
        // SAFETY: every store writes 16 bytes that the record has, at the same distance from the
        // text's beginning, so all lie within what is reserved: the rest of the record.
        let isDone = unsafe columns.appendUninitialized(
            capacity: cursor.end &- start,
            to: column
        ) { text in
            while true {
                let chunk = cursor.chunk(place)
                unsafe text.storeBytes(
                    of: chunk,
                    toByteOffset: place &- start,
                    as: SIMD16<Int8>.self
                )
                let length = cursor.plainLength(at: place)
                if length < 16 {
                    place &+= length
                    return cursor.byte(place) == UInt8(ascii: "\"") ? place &- start : -1
                }
                if place == last { return -1 }
                // The last chunk overlaps the one before it rather than reach beyond the record.
                place = min(place &+ 16, last)
            }
        }
        if isDone { cursor.position = place &+ 1 }
        return isDone
    }

    @inline(never)
    private static func appendUnescaped(
        _ cursor: borrowing JSONCursor,
        _ string: JSONString,
        into columns: inout ColumnSet,
        _ column: Int
    ) {
        cursor.unescape(string) { piece in
            columns.extendBytes(piece, in: column)
        } _: { byte in
            columns.extendBytes(byte, in: column)
        }
        columns.finishBytes(in: column)
    }

    /// Any other value as its JSON text.
    @inline(never)
    private static func appendRaw(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        let start = cursor.position
        try cursor.skipValue(depth: 1)
        columns.append(bytes: cursor.bytes(start, cursor.position), to: column)
    }

    /// A string of base64 (RFC 4648, section 4, with padding) as the column's bytes.
    private static func appendBase64(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        let start = cursor.position
        cursor.position &+= 1
        let string = try cursor.scanString()
        let text = cursor.unescaped(string)
        guard let bytes = Base64.decode(text) else { throw JSONFault(.invalidBase64, at: start) }
        for byte in bytes { columns.extendBytes(byte, in: column) }
        columns.finishBytes(in: column)
    }

    /// An exact number, or a string that is one: many producers write decimals as strings, so that
    /// no reader makes doubles of them.
    private static func appendDecimal(
        _ cursor: inout JSONCursor,
        _ first: UInt8,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        let start = cursor.position
        let isText = first == UInt8(ascii: "\"")
        guard isText || isNumber(first) else { throw mismatch(&cursor) }
        if isText {
            var whole = copy cursor
            whole.position &+= 1
            let string = try whole.scanString()
            cursor.position &+= 1
            guard isNumber(cursor.next), let number = try? cursor.scanNumber(),
                number.end == string.end
            else { throw JSONFault(.wrongType, at: start) }
            try append(number, cursor, at: start, to: column, of: &columns)
            cursor.position = whole.position
        } else {
            let number = try cursor.scanNumber()
            try append(number, cursor, at: start, to: column, of: &columns)
        }
    }

    private static func append(
        _ number: JSONNumber,
        _ cursor: borrowing JSONCursor,
        at start: Int,
        to column: Int,
        of columns: inout ColumnSet
    ) throws(JSONFault) {
        let shape = columns.decimalShape(column)
        let value = DecimalText.unscaled(
            cursor,
            number,
            precision: shape.precision,
            scale: shape.scale
        )
        guard let value else { throw JSONFault(.outOfRange, at: start) }
        columns.append(unscaled: value, to: column)
    }

    /// A date or time, by the rules of the column's type.
    private static func appendTime(
        _ cursor: inout JSONCursor,
        _ first: UInt8,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) {
        let start = cursor.position
        let kind = columns.kind(column)
        if isNumber(first), kind == .timestamptz {
            let number = try cursor.scanNumber()
            guard let milliseconds = number.int64 else { throw misfit(number) }
            let (micros, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1000)
            if isTooLarge { throw JSONFault(.outOfRange, at: start) }
            columns.append(long: micros, to: column)
            return
        }
        guard first == UInt8(ascii: "\"") else { throw mismatch(&cursor) }
        cursor.position &+= 1
        let string = try cursor.scanString()
        guard !string.hasEscapes else { throw JSONFault(.invalidTime, at: start) }
        var text = TimeText(cursor, string)
        switch kind {
        case .date:
            guard let days = text.date(), text.isAtEnd else {
                throw JSONFault(.invalidTime, at: start)
            }
            columns.append(int: days, to: column)
        default:
            guard let micros = text.timestamp(hasZone: kind == .timestamptz) else {
                throw JSONFault(.invalidTime, at: start)
            }
            columns.append(long: micros, to: column)
        }
    }
}
