internal import Columns
internal import IcebergModel

// Values of struct, list and map columns.

extension JSONRowDecoder {
    /// One value into one column of any kind. The cursor stands at the value, or at white space
    /// before it; `depth` levels are open around it.
    internal mutating func decodeDeep(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int,
        _ key: KeyPlace,
        depth: Int
    ) throws(JSONFault) {
        cursor.skipWhitespace()
        let start = cursor.position
        if cursor.next == UInt8(ascii: "n") {
            try cursor.skipLiteral(.null)
            if columns.layout.columns[column].field.required {
                throw JSONFault(.missingField, at: start)
            }
            columns.appendNull(to: column)
            return
        }
        let kind = columns.kind(column)
        guard kind.isNested else {
            do throws(JSONFault) {
                try Self.decodeValue(&cursor, into: &columns, column)
            } catch {
                try recover(from: error, &cursor, at: start, into: &columns, column, key)
            }
            return
        }
        guard depth <= DecodeLimits.depthMax else { throw JSONFault(.tooDeep, at: start) }
        let wanted = kind == .list ? UInt8(ascii: "[") : UInt8(ascii: "{")
        guard cursor.next == wanted else {
            let fault = Self.mismatch(&cursor)
            return try recover(from: fault, &cursor, at: start, into: &columns, column, key)
        }
        switch kind {
        case .structure: try decodeStruct(&cursor, into: &columns, column, depth: depth)
        case .list: try decodeList(&cursor, into: &columns, column, key, depth: depth)
        default: try decodeMap(&cursor, into: &columns, column, key, depth: depth)
        }
    }

    private mutating func decodeStruct(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int,
        depth: Int
    ) throws(JSONFault) {
        let level = structLevel(of: column, columns.layout)
        levels[level].begin()
        let place = columns.beginStruct(column)
        var key = -1
        do throws(JSONFault) {
            guard try FieldReader.begin(&cursor) else {
                try finishStruct(column, level, at: cursor.position, of: &columns, place)
                return
            }
            repeat {
                key = try levels[level].reader.key(&cursor, after: key, unknown: Code.unknown)
                let number = Int(levels[level].reader.table.keys[key].number)
                if number == Code.unknown {
                    try decodeUnknownField(&cursor, level, key, columns)
                    continue
                }
                let child = number >= 0 ? number : Code.column(number)
                if columns.hasValue(child) {
                    throw JSONFault(.duplicateField, at: cursor.position)
                }
                let keyPlace = KeyPlace(level: level, key: key)
                try decodeDeep(&cursor, into: &columns, child, keyPlace, depth: depth + 1)
            } while try FieldReader.continues(&cursor)
            key = -1
            try finishStruct(column, level, at: cursor.position, of: &columns, place)
        } catch {
            if key >= 0 { faultPath.append(levels[level].reader.table.name(key)) }
            throw error
        }
    }

    private func finishStruct(
        _ column: Int,
        _ level: Int,
        at offset: Int,
        of columns: inout ColumnSet,
        _ place: ColumnSet.Place
    ) throws(JSONFault) {
        if levels[level].hasRequired {
            for child in columns.layout.columns[column].children
            where columns.layout.columns[child].field.required && !columns.hasValue(child) {
                throw JSONFault(.missingField, at: offset)
            }
        }
        columns.endStruct(column, place)
    }

    /// A field that a struct column lacks.
    private mutating func decodeUnknownField(
        _ cursor: inout JSONCursor,
        _ level: Int,
        _ key: Int,
        _ columns: borrowing ColumnSet
    ) throws(JSONFault) {
        let start = cursor.position
        if levels[level].reader.table.mark(key, record: levels[level].object) {
            throw JSONFault(.duplicateField, at: start)
        }
        let parent = columns.layout.columns[levels[level].column].field.id
        let name = levels[level].reader.table.name(key)
        try note(unknown: name, parentID: parent, doc: nil, &cursor, at: start, columns)
    }

    private mutating func decodeList(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int,
        _ key: KeyPlace,
        depth: Int
    ) throws(JSONFault) {
        let place = columns.beginList(column)
        cursor.position &+= 1
        cursor.skipWhitespace()
        if cursor.next == UInt8(ascii: "]") {
            cursor.position &+= 1
        } else {
            repeat {
                columns.beginElement(of: column)
                // What is inside a column stands right behind it.
                try decodeDeep(&cursor, into: &columns, column + 1, key.inside, depth: depth + 1)
            } while try cursor.continuesArray()
        }
        columns.endList(column, place)
    }

    private mutating func decodeMap(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int,
        _ key: KeyPlace,
        depth: Int
    ) throws(JSONFault) {
        let start = cursor.position
        let place = columns.beginList(column)
        if try FieldReader.begin(&cursor) {
            repeat {
                cursor.skipWhitespace()
                guard cursor.next == UInt8(ascii: "\"") else { throw cursor.unexpected() }
                columns.beginElement(of: column)
                cursor.position &+= 1
                try Self.appendText(&cursor, into: &columns, column + 1)
                cursor.skipWhitespace()
                guard cursor.next == UInt8(ascii: ":") else { throw cursor.unexpected() }
                cursor.position &+= 1
                try decodeDeep(&cursor, into: &columns, column + 2, key.inside, depth: depth + 1)
            } while try FieldReader.continues(&cursor)
        }
        try checkKeys(of: column, at: start, columns)
        columns.endList(column, place)
    }

    /// Throws when a key stands twice in the open map.
    private func checkKeys(
        of map: Int,
        at start: Int,
        _ columns: borrowing ColumnSet
    ) throws(JSONFault) {
        let keys = columns.openKeys(of: map)
        guard keys.range.count <= DecodeLimits.entriesMax else {
            throw JSONFault(.tooManyFields, at: start)
        }
        for later in keys.range {
            for earlier in keys.range.lowerBound..<later
            where columns.isEqual(keys, earlier, later) {
                throw JSONFault(.duplicateField, at: start)
            }
        }
    }

    /// The names of a struct column's fields, made when it is met first.
    private mutating func structLevel(of column: Int, _ layout: ColumnLayout) -> Int {
        if structLevels.isEmpty {
            structLevels = Array(repeating: -1, count: layout.columns.count)
        }
        if structLevels[column] < 0 {
            structLevels[column] = levels.count
            levels.append(NestedKeys(layout, column: column))
        }
        return structLevels[column]
    }
}

/// Where the key of a value is remembered.
internal struct KeyPlace {
    /// The top of the record, or a place among the decoder's levels.
    var level: Int
    var key: Int

    static let top = -1
    /// An element of a list or map, which has no name of its own.
    static let none = -2

    /// The place of values inside the value.
    var inside: KeyPlace { KeyPlace(level: Self.none, key: -1) }
}
