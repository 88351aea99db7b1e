public import JSONText

/// An Avro schema with every attribute it was written with.
///
/// Attributes that Avro itself does not define, such as Iceberg's `field-id` and `element-id`, are
/// kept: Iceberg finds data by them.
public struct AvroSchema: Hashable, Sendable {
    /// What kind of value it describes.
    public indirect enum Kind: Hashable, Sendable {
        /// No value.
        case null
        /// True or false.
        case boolean
        /// 32 bits, zig-zag.
        case int
        /// 64 bits, zig-zag.
        case long
        /// IEEE 754 binary32, little-endian.
        case float
        /// IEEE 754 binary64, little-endian.
        case double
        /// Bytes behind their length.
        case bytes
        /// UTF-8 behind its length.
        case string
        /// Fields, one after the other.
        case record(name: String, fields: [AvroField])
        /// One of a set of names, written as its number.
        case enumeration(name: String, symbols: [String])
        /// Blocks of items.
        case array(items: AvroSchema)
        /// Blocks of text keys and values.
        case map(values: AvroSchema)
        /// One of several, behind its number.
        case union([AvroSchema])
        /// Exactly `size` bytes.
        case fixed(name: String, size: Int)
    }

    /// What kind of value it describes.
    public var kind: Kind
    /// Everything else the schema says: `logicalType`, `precision`, `element-id`, …
    public var attributes: [String: AvroAttribute]

    /// A schema.
    public init(_ kind: Kind, attributes: [String: AvroAttribute] = [:]) {
        self.kind = kind
        self.attributes = attributes
    }

    /// A union of null and `schema`: how Iceberg writes what may be missing.
    public static func optional(_ schema: AvroSchema) -> AvroSchema {
        AvroSchema(.union([AvroSchema(.null), schema]))
    }

    /// The fields, if this is a record.
    public var fields: [AvroField]? {
        if case .record(_, let fields) = kind { fields } else { nil }
    }

    /// The other branch when this is a union of null and one more; otherwise the schema itself.
    public var withoutNull: AvroSchema {
        guard case .union(let branches) = kind, branches.count == 2 else { return self }
        if branches[0].kind == .null { return branches[1] }
        if branches[1].kind == .null { return branches[0] }
        return self
    }

    /// The text attribute `logicalType`.
    public var logicalType: String? {
        if case .string(let name)? = attributes["logicalType"] { name } else { nil }
    }
}

/// One field of a record.
public struct AvroField: Hashable, Sendable {
    /// Name: letters, digits and underscores.
    public var name: String
    /// What its values are.
    public var schema: AvroSchema
    /// The value for readers of data written without the field.
    public var defaultValue: AvroAttribute?
    /// What it means, for people.
    public var doc: String?
    /// Everything else the field says: `field-id`, `order`, …
    public var attributes: [String: AvroAttribute]

    /// A field.
    public init(
        _ name: String,
        _ schema: AvroSchema,
        defaultValue: AvroAttribute? = nil,
        doc: String? = nil,
        attributes: [String: AvroAttribute] = [:]
    ) {
        self.name = name
        self.schema = schema
        self.defaultValue = defaultValue
        self.doc = doc
        self.attributes = attributes
    }

    /// Iceberg's attribute `field-id`.
    public var fieldID: Int? {
        if case .integer(let id)? = attributes["field-id"] { Int(id) } else { nil }
    }
}

/// The value of an attribute: JSON that can be compared and hashed.
public enum AvroAttribute: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Text.
    case string(String)
    /// Any other JSON, as text.
    case json(String)

    /// The attribute of that JSON value.
    public init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let truth): self = .bool(truth)
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        default: self = .json(value.text())
        }
    }

    /// The attribute as JSON.
    public var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let truth): .bool(truth)
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        // The text came from a JSON value, so it parses; were it not JSON it would be kept as a
        // string.
        case .json(let text): (try? JSONValue.parse(text)) ?? .string(text)
        }
    }
}
