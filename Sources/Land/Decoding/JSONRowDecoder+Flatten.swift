internal import Columns
internal import IcebergModel

// Objects whose fields become columns of the table: `{"a": {"b": 1}}` fills the column `a_b`.

extension JSONRowDecoder {
    /// An object in a field that is to be flattened. The cursor stands at its brace.
    internal mutating func decodeFlat(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ level: Int,
        depth: Int
    ) throws(JSONFault) {
        guard depth <= DecodeLimits.depthMax else {
            throw JSONFault(.tooDeep, at: cursor.position)
        }
        levels[level].begin()
        guard try FieldReader.begin(&cursor) else { return }
        var key = -1
        do throws(JSONFault) {
            repeat {
                key = try levels[level].reader.key(&cursor, after: key, unknown: Code.unknown)
                let place = KeyPlace(level: level, key: key)
                var number = Int(levels[level].reader.table.keys[key].number)
                if number == Code.unknown {
                    if levels[level].reader.table.mark(key, record: levels[level].object) {
                        throw JSONFault(.duplicateField, at: cursor.position)
                    }
                    number = try bind(place, columns.layout, at: cursor.position)
                }
                try decode(&cursor, into: &columns, number, place, depth: depth)
            } while try FieldReader.continues(&cursor)
        } catch {
            if key >= 0 { faultPath.append(levels[level].reader.table.name(key)) }
            throw error
        }
    }

    /// A field of a flattened object.
    private mutating func decode(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ number: Int,
        _ place: KeyPlace,
        depth: Int
    ) throws(JSONFault) {
        if number != Code.unknown {
            let column = number >= 0 ? number : Code.column(number)
            if columns.hasValue(column) { throw JSONFault(.duplicateField, at: cursor.position) }
            try decodeDeep(&cursor, into: &columns, column, place, depth: depth + 1)
            return
        }
        cursor.skipWhitespace()
        if cursor.next == UInt8(ascii: "{") {
            let level = flatLevel(of: place)
            try decodeFlat(&cursor, into: &columns, level, depth: depth + 1)
            return
        }
        let (name, path) = flatName(of: place)
        try note(
            unknown: name,
            parentID: nil,
            doc: Self.flatDocument(path),
            &cursor,
            at: cursor.position,
            columns
        )
    }

    /// The column that a flattened field goes into, if the table has one; it is remembered.
    private mutating func bind(
        _ place: KeyPlace,
        _ layout: ColumnLayout,
        at offset: Int
    ) throws(JSONFault) -> Int {
        let (name, path) = flatName(of: place)
        if takenColumns.contains(name), plan.columnsByField[path] != name {
            throw JSONFault(.shadowedField, at: offset)
        }
        guard let column = layout.number(ofColumn: name) else { return Code.unknown }
        let field = layout.columns[column].field
        guard !Self.isFlat(field) || field.doc == Self.flatDocument(path) else {
            throw JSONFault(.collidingField, at: offset)
        }
        let number = layout.columns[column].kind.isNested ? Code.nested(column) : column
        levels[place.level].reader.table.renumber(place.key, to: number)
        return number
    }

    /// The level of the object in the field at `place`.
    internal mutating func flatLevel(of place: KeyPlace) -> Int {
        let (name, path) = flatName(of: place)
        if let level = flatLevels[path] { return level }
        levels.append(NestedKeys(path: path, prefix: name + "_"))
        flatLevels[path] = levels.count - 1
        return levels.count - 1
    }

    /// The name of the column for the field at `place`, and the way to it.
    private func flatName(of place: KeyPlace) -> (name: String, path: String) {
        if place.level == KeyPlace.top {
            let name = fields.table.name(place.key)
            return (name, name)
        }
        let level = levels[place.level]
        let name = level.reader.table.name(place.key)
        let path = "\(level.path).\(name)"
        return (plan.columnsByField[path] ?? level.prefix + name, path)
    }

    /// What a column's documentation says of where its values come from; it makes sure that no
    /// other field's values get into it, also after a restart.
    internal static func flatDocument(_ path: String) -> String { "\(flatMark)\(path)" }

    /// True when the column was made of a flattened field.
    internal static func isFlat(_ field: NestedField) -> Bool {
        field.doc?.hasPrefix(flatMark) ?? false
    }

    private static let flatMark = "flattened from "
}
