internal import IcebergModel

/// Which type a column would have for a value, by the rule of README.md.
internal enum TypeInference {
    /// Columns are nested that deep at most; what is deeper is text.
    static let depthMax = 16

    /// Moves over a value and says which type a column for it would have; nil for null, and with
    /// `isDeep` for objects and arrays with nothing but nulls in them.
    static func infer(
        _ cursor: inout JSONCursor,
        isDeep: Bool,
        depth: Int = 1
    ) throws(JSONFault) -> IcebergType? {
        if cursor.next <= 0x20 { cursor.skipWhitespace() }
        switch cursor.next {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try cursor.scanNumber()
            if number.int64 != nil { return .long }
            guard number.double(in: cursor) != nil else {
                throw JSONFault(.outOfRange, at: number.start)
            }
            return .double
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            try cursor.skipValue(depth: depth)
            return .boolean
        case UInt8(ascii: "n"):
            try cursor.skipValue(depth: depth)
            return nil
        case UInt8(ascii: "{") where isDeep && depth <= depthMax:
            return try object(&cursor, depth: depth + 1)
        case UInt8(ascii: "[") where isDeep && depth <= depthMax:
            return try array(&cursor, depth: depth + 1)
        default:
            try cursor.skipValue(depth: depth)
            return .string
        }
    }

    private static func object(
        _ cursor: inout JSONCursor,
        depth: Int
    ) throws(JSONFault) -> IcebergType? {
        var fields: [NestedField] = []
        var names: Set<String> = []
        guard try FieldReader.begin(&cursor) else { return nil }
        repeat {
            cursor.skipWhitespace()
            let start = cursor.position
            guard cursor.next == UInt8(ascii: "\"") else { throw cursor.unexpected() }
            cursor.position &+= 1
            let name = cursor.text(try cursor.scanString())
            cursor.skipWhitespace()
            guard cursor.next == UInt8(ascii: ":") else { throw cursor.unexpected() }
            cursor.position &+= 1
            guard names.insert(name).inserted else { throw JSONFault(.duplicateField, at: start) }
            guard names.count <= DecodeLimits.fieldsMax else {
                throw JSONFault(.tooManyFields, at: start)
            }
            guard let type = try infer(&cursor, isDeep: true, depth: depth) else { continue }
            guard DecodeLimits.isUsable(name) else {
                throw JSONFault(.unusableFieldName, at: start)
            }
            fields.append(.optional(0, name, type))
        } while try FieldReader.continues(&cursor)
        return fields.isEmpty ? nil : .struct(fields)
    }

    private static func array(
        _ cursor: inout JSONCursor,
        depth: Int
    ) throws(JSONFault) -> IcebergType? {
        var element: IcebergType?
        cursor.position &+= 1
        cursor.skipWhitespace()
        if cursor.next == UInt8(ascii: "]") {
            cursor.position &+= 1
            return nil
        }
        repeat {
            element = merged(element, try infer(&cursor, isDeep: true, depth: depth))
        } while try cursor.continuesArray()
        return element.map {
            .list(ListType(elementID: 0, elementRequired: false, element: $0))
        }
    }

    /// A type that values of both go into: text, if nothing better is common to them.
    static func merged(_ one: IcebergType?, _ other: IcebergType?) -> IcebergType? {
        guard let one, let other else { return one ?? other }
        switch (one, other) {
        case _ where one == other:
            return one
        case (.long, .double), (.double, .long):
            return .double
        case (.struct(var fields), .struct(let more)):
            for field in more {
                if let index = fields.firstIndex(where: { $0.name == field.name }) {
                    fields[index].type =
                        merged(fields[index].type, field.type) ?? fields[index].type
                } else {
                    fields.append(field)
                }
            }
            return .struct(fields)
        case (.list(var list), .list(let more)):
            list.element = merged(list.element, more.element) ?? list.element
            return .list(list)
        default:
            return .string
        }
    }

    /// Columns that hold values in a column of `type`.
    static func valueCount(_ type: IcebergType) -> Int {
        type.isPrimitive ? 1 : type.children.reduce(0) { $0 + valueCount($1.type) }
    }
}

extension JSONCursor {
    /// After an array's element: true when another follows, false behind the array's end.
    @_lifetime(self: copy self)
    internal mutating func continuesArray() throws(JSONFault) -> Bool {
        skipWhitespace()
        let byte = next
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else { throw unexpected() }
        position &+= 1
        if byte == UInt8(ascii: "]") { return false }
        skipWhitespace()
        return true
    }
}

extension DecodeLimits {
    /// True when a column can have that name.
    internal static func isUsable(_ name: String) -> Bool {
        (1...nameBytesMax).contains(name.utf8.count) && !name.utf8.contains(0)
    }
}
