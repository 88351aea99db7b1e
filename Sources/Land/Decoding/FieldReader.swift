internal import Bytes

/// Reads the keys of one table of names from records; shared by the row decoder and predicates.
internal struct FieldReader {
    var table = KeyTable()

    /// Moves from behind `{` or a comma to a field's value and returns the field's key.
    ///
    /// `unknown` is the number that names get which are not in the table yet.
    @inline(__always)
    mutating func key(
        _ cursor: inout JSONCursor,
        after previous: Int,
        unknown: Int
    ) throws(JSONFault) -> Int {
        let guess = table.predicted(&cursor, after: previous)
        if guess >= 0 { return guess }
        return try readKey(&cursor, after: previous, unknown: unknown)
    }

    @inline(never)
    private mutating func readKey(
        _ cursor: inout JSONCursor,
        after previous: Int,
        unknown: Int
    ) throws(JSONFault) -> Int {
        let glueStart = cursor.position
        cursor.skipWhitespace()
        guard cursor.next == UInt8(ascii: "\"") else { throw cursor.unexpected() }
        cursor.position &+= 1
        let string = try cursor.scanString()
        let name =
            string.hasEscapes
            ? cursor.unescaped(string) : [UInt8](copying: cursor.bytes(string.start, string.end))
        cursor.skipWhitespace()
        guard cursor.next == UInt8(ascii: ":") else { throw cursor.unexpected() }
        cursor.position &+= 1
        cursor.skipWhitespace()
        var key = table.find(name)
        if key < 0 { key = table.add(name: name, number: unknown) }
        table.learn(key, after: previous, glue: cursor.bytes(glueStart, cursor.position))
        return key
    }

    /// After a value: true when another field follows, false behind the object's end.
    @inline(__always)
    static func continues(_ cursor: inout JSONCursor) throws(JSONFault) -> Bool {
        if cursor.next == UInt8(ascii: ",") {
            cursor.position &+= 1
            return true
        }
        cursor.skipWhitespace()
        let byte = cursor.next
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else {
            throw cursor.unexpected()
        }
        cursor.position &+= 1
        return byte == UInt8(ascii: ",")
    }

    /// Moves to the first field of the record's object; false when it has none.
    @inline(__always)
    static func begin(_ cursor: inout JSONCursor) throws(JSONFault) -> Bool {
        cursor.skipWhitespace()
        guard cursor.next == UInt8(ascii: "{") else {
            let isEmpty = cursor.position == cursor.end
            throw JSONFault(isEmpty ? .empty : .notAnObject, at: cursor.position)
        }
        cursor.position &+= 1
        if cursor.next == UInt8(ascii: "\"") { return true }
        cursor.skipWhitespace()
        if cursor.next != UInt8(ascii: "}") { return true }
        cursor.position &+= 1
        return false
    }
}
