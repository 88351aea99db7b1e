/// One value of a primitive type: a partition value, a bound, something to hash.
public enum IcebergValue: Hashable, Sendable {
    /// A boolean.
    case boolean(Bool)
    /// An int.
    case int(Int32)
    /// A long.
    case long(Int64)
    /// A float.
    case float(Float)
    /// A double.
    case double(Double)
    /// The number `unscaled` / 10^`scale`.
    case decimal(unscaled: Int128, scale: Int)
    /// Days since 1970-01-01.
    case date(Int32)
    /// Microseconds since midnight.
    case time(Int64)
    /// Microseconds since 1970-01-01T00:00.
    case timestamp(Int64)
    /// Microseconds since 1970-01-01T00:00Z.
    case timestamptz(Int64)
    /// Text.
    case string(String)
    /// 16 bytes, most significant first.
    case uuid([UInt8])
    /// Bytes of a fixed length.
    case fixed([UInt8])
    /// Bytes.
    case binary([UInt8])

    /// True for the floating-point values that are not numbers: they are counted, but never a
    /// bound.
    public var isNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .double(let value): value.isNaN
        default: false
        }
    }

    /// The same value as a member of `type`, where that loses nothing: int as date (a day partition
    /// may be written as either), int as long, float as double. Nil when it cannot be one.
    public func converted(to type: IcebergType) -> IcebergValue? {
        switch (self, type) {
        case (.boolean, .boolean), (.int, .int), (.long, .long), (.float, .float),
            (.double, .double), (.date, .date), (.time, .time), (.timestamp, .timestamp),
            (.timestamptz, .timestamptz), (.string, .string), (.uuid, .uuid), (.fixed, .fixed),
            (.binary, .binary):
            self
        case (.decimal(_, let scale), .decimal(_, let wanted)):
            scale == wanted ? self : nil
        case (.int(let value), .long): .long(Int64(value))
        case (.int(let days), .date): .date(days)
        case (.date(let days), .int): .int(days)
        case (.float(let value), .double): .double(Double(value))
        case (.timestamp(let micros), .timestamptz): .timestamptz(micros)
        case (.timestamptz(let micros), .timestamp): .timestamp(micros)
        case (.fixed(let bytes), .uuid): bytes.count == 16 ? .uuid(bytes) : nil
        case (.binary(let bytes), .fixed(let length)): bytes.count == length ? .fixed(bytes) : nil
        case (.fixed(let bytes), .binary): .binary(bytes)
        default: nil
        }
    }

    /// Whether this value comes before `other` of the same type in the order of bounds.
    ///
    /// Text and bytes compare byte by byte; -0.0 comes before 0.0 (specification, "Manifests").
    /// Values of different types have no order: false.
    public func precedes(_ other: IcebergValue) -> Bool {
        switch (self, other) {
        case (.boolean(let left), .boolean(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.long(let left), .long(let right)): left < right
        case (.float(let left), .float(let right)):
            left < right || (left == right && left.sign == .minus && right.sign == .plus)
        case (.double(let left), .double(let right)):
            left < right || (left == right && left.sign == .minus && right.sign == .plus)
        case (.decimal(let left, _), .decimal(let right, _)): left < right
        case (.date(let left), .date(let right)): left < right
        case (.time(let left), .time(let right)): left < right
        case (.timestamp(let left), .timestamp(let right)): left < right
        case (.timestamptz(let left), .timestamptz(let right)): left < right
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.uuid(let left), .uuid(let right)), (.fixed(let left), .fixed(let right)),
            (.binary(let left), .binary(let right)):
            left.lexicographicallyPrecedes(right)
        default: false
        }
    }
}
