/// A column's type (Iceberg specification, "Schemas and Data Types").
///
/// `struct`, `list` and `map` carry the ids of what they contain, because ids, not names, identify
/// data.
public indirect enum IcebergType: Hashable, Sendable {
    /// True or false.
    case boolean
    /// 32-bit signed integer.
    case int
    /// 64-bit signed integer.
    case long
    /// IEEE 754 binary32.
    case float
    /// IEEE 754 binary64.
    case double
    /// Exact number: `precision` digits (at most 38), `scale` of them behind the point.
    case decimal(precision: Int, scale: Int)
    /// Days since 1970-01-01.
    case date
    /// Microseconds since midnight.
    case time
    /// Microseconds since 1970-01-01T00:00, without a time zone.
    case timestamp
    /// Microseconds since 1970-01-01T00:00Z.
    case timestamptz
    /// UTF-8 text.
    case string
    /// 16 bytes.
    case uuid
    /// Exactly `length` bytes.
    case fixed(length: Int)
    /// Any number of bytes.
    case binary
    /// Named fields.
    case `struct`([NestedField])
    /// Values of one type.
    case list(ListType)
    /// Keys and values.
    case map(MapType)

    /// True for types without fields of their own.
    public var isPrimitive: Bool {
        switch self {
        case .struct, .list, .map: false
        default: true
        }
    }

    /// True when values of both types are the same, whatever ids are inside them.
    public func isSame(as other: IcebergType) -> Bool {
        switch (self, other) {
        case (.struct(let left), .struct(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy {
                    $0.name == $1.name && $0.required == $1.required && $0.type.isSame(as: $1.type)
                }
        case (.list(let left), .list(let right)):
            left.element.isSame(as: right.element)
        case (.map(let left), .map(let right)):
            left.key.isSame(as: right.key) && left.value.isSame(as: right.value)
        default:
            self == other
        }
    }

    /// The fields directly inside: a struct's own, a list's `element`, a map's `key` and `value`.
    public var children: [NestedField] {
        switch self {
        case .struct(let fields):
            fields
        case .list(let list):
            [list.elementField]
        case .map(let map):
            [map.keyField, map.valueField]
        default:
            []
        }
    }
}

/// A list's element with its id.
public struct ListType: Hashable, Sendable {
    /// Field id of the elements.
    public var elementID: Int
    /// True when no element is null.
    public var elementRequired: Bool
    /// Type of the elements.
    public var element: IcebergType

    /// A list type.
    public init(elementID: Int, elementRequired: Bool, element: IcebergType) {
        self.elementID = elementID
        self.elementRequired = elementRequired
        self.element = element
    }

    /// The elements as a field, named as the specification names them.
    public var elementField: NestedField {
        NestedField(id: elementID, name: "element", required: elementRequired, type: element)
    }
}

/// A map's key and value with their ids.
public struct MapType: Hashable, Sendable {
    /// Field id of the keys.
    public var keyID: Int
    /// Type of the keys, which are never null.
    public var key: IcebergType
    /// Field id of the values.
    public var valueID: Int
    /// True when no value is null.
    public var valueRequired: Bool
    /// Type of the values.
    public var value: IcebergType

    /// A map type.
    public init(
        keyID: Int,
        key: IcebergType,
        valueID: Int,
        valueRequired: Bool,
        value: IcebergType
    ) {
        self.keyID = keyID
        self.key = key
        self.valueID = valueID
        self.valueRequired = valueRequired
        self.value = value
    }

    /// The keys as a field.
    public var keyField: NestedField {
        NestedField(id: keyID, name: "key", required: true, type: key)
    }

    /// The values as a field.
    public var valueField: NestedField {
        NestedField(id: valueID, name: "value", required: valueRequired, type: value)
    }
}

/// A named, typed, numbered part of a schema.
public struct NestedField: Hashable, Sendable {
    /// Identifies the data for ever; never used again for something else.
    public var id: Int
    /// Name within the struct; may hold any character.
    public var name: String
    /// True when no value is null.
    public var required: Bool
    /// Type of the values.
    public var type: IcebergType
    /// What it means, for people.
    public var doc: String?

    /// A field.
    public init(id: Int, name: String, required: Bool, type: IcebergType, doc: String? = nil) {
        self.id = id
        self.name = name
        self.required = required
        self.type = type
        self.doc = doc
    }

    /// A field that may be null.
    public static func optional(
        _ id: Int,
        _ name: String,
        _ type: IcebergType,
        doc: String? = nil
    ) -> NestedField {
        NestedField(id: id, name: name, required: false, type: type, doc: doc)
    }

    /// A field that is never null.
    public static func required(
        _ id: Int,
        _ name: String,
        _ type: IcebergType,
        doc: String? = nil
    ) -> NestedField {
        NestedField(id: id, name: name, required: true, type: type, doc: doc)
    }
}
