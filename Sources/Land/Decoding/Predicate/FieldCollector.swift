internal import Bytes

/// Picks the values of named fields out of a record, without looking at more of it than it must.
internal struct FieldCollector {
    private var fields = FieldReader()
    private let named: Int
    /// The values that the last record had, in the order of the names; those behind the place where
    /// collecting stopped are missing.
    private(set) var values: [FieldValue]

    /// Picks the fields called `names`, all different.
    init(_ names: [String]) {
        named = names.count
        for (number, name) in names.enumerated() {
            _ = fields.table.add(name: name.utf8, number: number)
        }
        values = Array(repeating: .missing, count: named)
    }

    /// Collects until every field was found, the record ends, or `goesOn` says no to a value.
    ///
    /// - Returns: false when `goesOn` said no.
    @inline(__always)
    mutating func collect(
        _ cursor: inout JSONCursor,
        _ goesOn: (Int, FieldValue, borrowing JSONCursor) -> Bool
    ) throws(JSONFault) -> Bool {
        if fields.table.keys.count > named &+ DecodeLimits.rememberedMax {
            fields.table.truncate(to: named)
        }
        for index in 0..<named { values[index] = .missing }
        guard try FieldReader.begin(&cursor) else { return true }
        var key = -1
        var left = named
        var unknown = 0
        repeat {
            let known = fields.table.keys.count
            key = try fields.key(&cursor, after: key, unknown: -1)
            if fields.table.keys.count > known {
                unknown &+= 1
                if unknown > DecodeLimits.fieldsMax {
                    throw JSONFault(.tooManyFields, at: cursor.position)
                }
            }
            if cursor.next <= 0x20 { cursor.skipWhitespace() }
            let number = Int(fields.table.keys[key].number)
            guard number >= 0, values[number] == .missing else {
                try cursor.skipValue(depth: 1)
                continue
            }
            values[number] = try FieldValue(&cursor)
            if !goesOn(number, values[number], cursor) { return false }
            left &-= 1
            if left == 0 { return true }
        } while try FieldReader.continues(&cursor)
        return true
    }
}

/// A field's value as a predicate sees it; texts stay in the record.
internal enum FieldValue: Equatable {
    case missing
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    case text(start: Int, end: Int, hasEscapes: Bool)
    /// An object or array, which compares with nothing, or a number beyond every double.
    case other

    init(_ cursor: inout JSONCursor) throws(JSONFault) {
        switch cursor.next {
        case UInt8(ascii: "\""):
            cursor.position &+= 1
            let string = try cursor.scanString()
            self = .text(start: string.start, end: string.end, hasEscapes: string.hasEscapes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try cursor.scanNumber()
            if let integer = number.int64 {
                self = .integer(integer)
            } else {
                self = number.double(in: cursor).map { .double($0) } ?? .other
            }
        case let first:
            try cursor.skipValue(depth: 1)
            switch first {
            case UInt8(ascii: "t"): self = .boolean(true)
            case UInt8(ascii: "f"): self = .boolean(false)
            case UInt8(ascii: "n"): self = .null
            default: self = .other
            }
        }
    }

    /// Gives `body` the bytes of a text; nil for other values.
    func withText<Result>(
        _ cursor: borrowing JSONCursor,
        _ body: (RawSpan) -> Result
    ) -> Result? {
        guard case .text(let start, let end, let hasEscapes) = self else { return nil }
        if !hasEscapes { return body(cursor.bytes(start, end)) }
        let text = cursor.unescaped(JSONString(start: start, end: end, hasEscapes: true))
        // SAFETY: the array outlives the call.
        return unsafe body(text.span.bytes)
    }

    /// True for a text that `test` likes.
    func isText(_ cursor: borrowing JSONCursor, _ test: (RawSpan) -> Bool) -> Bool {
        withText(cursor, test) ?? false
    }
}
