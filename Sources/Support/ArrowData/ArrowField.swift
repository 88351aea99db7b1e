/// The column types Millrace moves through Arrow.
public enum ArrowType: Hashable, Sendable {
    /// One bit a value.
    case boolean
    /// Signed 32-bit integers.
    case int32
    /// Signed 64-bit integers.
    case int64
    /// IEEE 754 binary32.
    case float32
    /// IEEE 754 binary64.
    case float64
    /// UTF-8 text with 32-bit offsets.
    case utf8
    /// Bytes with 32-bit offsets.
    case binary
    /// Days since 1970-01-01 in 32 bits.
    case date32
    /// Microseconds since 1970-01-01 in 64 bits; `isUTC` when they count from midnight in UTC, else
    /// local time.
    case timestampMicros(isUTC: Bool)
    /// Exact numbers of at most `precision` digits, `scale` of them behind the point, in 128 bits.
    case decimal128(precision: Int, scale: Int)
    /// Named children.
    case `struct`
    /// Lists with 32-bit offsets; one child.
    case list
    /// Maps with 32-bit offsets; one child, a struct of key and value without nulls of its own.
    case map
    /// Anything else, by its format string in the C Data Interface.
    case other(String)

    /// The type's format string (Arrow C Data Interface, "Data type description").
    public var format: String {
        switch self {
        case .boolean: "b"
        case .int32: "i"
        case .int64: "l"
        case .float32: "f"
        case .float64: "g"
        case .utf8: "u"
        case .binary: "z"
        case .date32: "tdD"
        case .timestampMicros(let isUTC): isUTC ? "tsu:UTC" : "tsu:"
        case .decimal128(let precision, let scale): "d:\(precision),\(scale)"
        case .struct: "+s"
        case .list: "+l"
        case .map: "+m"
        case .other(let format): format
        }
    }

    /// The type with that format string.
    public init(format: String) {
        switch format {
        case "b": self = .boolean
        case "i": self = .int32
        case "l": self = .int64
        case "f": self = .float32
        case "g": self = .float64
        case "u": self = .utf8
        case "z": self = .binary
        case "tdD": self = .date32
        case "tsu:": self = .timestampMicros(isUTC: false)
        // With any zone the values are instants; the zone is only for showing them.
        case _ where format.hasPrefix("tsu:"): self = .timestampMicros(isUTC: true)
        case "+s": self = .struct
        case "+l": self = .list
        case "+m": self = .map
        default: self = Self.decimal(format: format) ?? .other(format)
        }
    }

    /// `d:precision,scale` or `d:precision,scale,128`.
    private static func decimal(format: String) -> ArrowType? {
        guard format.hasPrefix("d:") else { return nil }
        let digits = format.dropFirst(2).split(separator: ",").map { Int($0) }
        guard digits.count == 2 || (digits.count == 3 && digits[2] == 128),
            let precision = digits[0], let scale = digits[1]
        else {
            return nil
        }
        return .decimal128(precision: precision, scale: scale)
    }

    /// Bytes of one value of a fixed width; nil for bits, text, bytes and structs.
    public var valueBytes: Int? {
        switch self {
        case .int32, .float32, .date32: 4
        case .int64, .float64, .timestampMicros: 8
        case .decimal128: 16
        default: nil
        }
    }
}

/// What a file may assume of a column's values when it chooses how to store them. Never a matter of
/// correctness.
public enum ArrowStorage: Hashable, Sendable {
    /// Values may well repeat: a dictionary is tried first.
    case general
    /// Hardly a value repeats, so a dictionary is wasted work.
    case distinct
    /// Integers of which each is a little above the one before, such as offsets and times.
    case rising
}

/// A column's name, type and Iceberg field id.
public struct ArrowField: Hashable, Sendable {
    /// The metadata key that Arrow's Parquet writer takes field ids from and its reader puts them
    /// under.
    internal static let fieldIDKey = "PARQUET:field_id"

    /// Name, any characters.
    public var name: String
    /// Type of the values.
    public var type: ArrowType
    /// False when no value is null.
    public var isNullable: Bool
    /// The Iceberg field id, if any.
    public var fieldID: Int?
    /// A struct's fields, a list's element, a map's entries.
    public var children: [ArrowField]
    /// How the values are best stored.
    public var storage: ArrowStorage

    /// A field.
    public init(
        name: String,
        type: ArrowType,
        isNullable: Bool,
        fieldID: Int? = nil,
        children: [ArrowField] = [],
        storage: ArrowStorage = .general
    ) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.fieldID = fieldID
        self.children = children
        self.storage = storage
    }

    /// True for fields that are made of others.
    public var isNested: Bool { type == .struct || type == .list || type == .map }

    /// The fields without fields of their own, depth first: what Parquet calls columns.
    public var leaves: [ArrowField] {
        isNested ? children.flatMap(\.leaves) : [self]
    }
}
