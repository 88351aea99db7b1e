public import ArrowData
public import IcebergModel

/// How a column's values are kept in memory: one case per type that rows can be built of.
public enum ColumnKind: UInt8, Hashable, Sendable {
    /// True or false.
    case boolean
    /// 32-bit integers.
    case int
    /// 64-bit integers.
    case long
    /// Single precision.
    case float
    /// Double precision.
    case double
    /// UTF-8 text.
    case string
    /// Bytes.
    case binary
    /// Days since 1970-01-01.
    case date
    /// Microseconds since 1970-01-01T00:00 without a time zone.
    case timestamp
    /// Microseconds since 1970-01-01T00:00Z.
    case timestamptz
    /// Exact numbers; how many digits stands in `DecimalShape`.
    case decimal
    /// Named columns under one name.
    case structure
    /// Values of one column, any number a row.
    case list
    /// Pairs of two columns' values, any number a row.
    case map

    /// The kind for `type`, or nil when rows of it cannot be built.
    public init?(_ type: IcebergType) {
        switch type {
        case .boolean: self = .boolean
        case .int: self = .int
        case .long: self = .long
        case .float: self = .float
        case .double: self = .double
        case .string: self = .string
        case .binary: self = .binary
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .timestamptz: self = .timestamptz
        case .decimal: self = .decimal
        case .struct: self = .structure
        case .list: self = .list
        case .map: self = .map
        case .time, .uuid, .fixed: return nil
        }
    }

    /// The Arrow type of such a column; `shape` is that of decimals.
    public func arrowType(_ shape: DecimalShape = DecimalShape()) -> ArrowType {
        switch self {
        case .boolean: .boolean
        case .int: .int32
        case .long: .int64
        case .float: .float32
        case .double: .float64
        case .string: .utf8
        case .binary: .binary
        case .date: .date32
        case .timestamp: .timestampMicros(isUTC: false)
        case .timestamptz: .timestampMicros(isUTC: true)
        case .decimal: .decimal128(precision: shape.precision, scale: shape.scale)
        case .structure: .struct
        case .list: .list
        case .map: .map
        }
    }

    /// Bytes of one value; 0 for bits, text and bytes.
    @inlinable
    internal var valueBytes: Int {
        switch self {
        case .int, .float, .date: 4
        case .long, .double, .timestamp, .timestamptz: 8
        case .decimal: 16
        case .boolean, .string, .binary, .structure, .list, .map: 0
        }
    }

    @inlinable
    @inline(__always)
    internal var isText: Bool { self == .string || self == .binary }

    /// True when a value has a place in other memory: text, or the elements of a list.
    internal var hasOffsets: Bool { isText || hasElements }

    /// True when a value is any number of values of the columns inside.
    internal var hasElements: Bool { self == .list || self == .map }

    /// True when values are in columns of their own.
    public var isNested: Bool { self == .structure || hasElements }
}

/// How many digits the numbers of a decimal column have.
public struct DecimalShape: Hashable, Sendable {
    /// Digits in all, at most 38; 0 for columns that are no decimals.
    public let precision: Int
    /// Those of them that stand behind the point.
    public let scale: Int

    /// No decimal.
    public init() {
        precision = 0
        scale = 0
    }

    /// The shape of `type`.
    public init(_ type: IcebergType) {
        if case .decimal(let precision, let scale) = type {
            self.precision = precision
            self.scale = scale
        } else {
            self.precision = 0
            self.scale = 0
        }
    }
}
