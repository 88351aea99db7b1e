/// One value of a result.
public indirect enum SQLValue: Equatable, Sendable {
    /// No value.
    case null
    /// True or false.
    case boolean(Bool)
    /// An integer of up to 64 bits.
    case integer(Int64)
    /// A signed integer of 128 bits.
    case hugeint(Int128)
    /// An unsigned integer of 64 or 128 bits.
    case unsigned(UInt128)
    /// An integer of any size, in decimal.
    case bignum(String)
    /// IEEE 754 binary32.
    case float(Float)
    /// IEEE 754 binary64.
    case double(Double)
    /// `unscaled` divided by ten to the power of `scale`.
    case decimal(unscaled: Int128, scale: Int)
    /// Text; also the values of enumerations.
    case text(String)
    /// Text that is JSON.
    case json(String)
    /// Bytes.
    case blob([UInt8])
    /// Zeros and ones, as text.
    case bits(String)
    /// 128 bits, the first hexadecimal digit uppermost.
    case uuid(UInt128)
    /// Days since 1970-01-01; `Int32.max` and its negative are the infinities.
    case date(Int32)
    /// Nanoseconds since midnight; `digits` behind the second are meant (6 or 9).
    case time(nanoseconds: Int64, digits: Int)
    /// Microseconds since midnight, seconds east of UTC.
    case timeWithZone(microseconds: Int64, offsetSeconds: Int)
    /// A moment without a time zone, since 1970-01-01T00:00:00.
    case timestamp(Int64, SQLTimestampUnit)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestampWithZone(Int64)
    /// A length of time.
    case interval(months: Int32, days: Int32, microseconds: Int64)
    /// Values of one type.
    case list([SQLValue])
    /// Named values.
    case structure([Member])
    /// Keys and values.
    case map([Entry])

    /// A named value of a structure.
    public struct Member: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: SQLValue
    }

    /// A key of a map and its value.
    public struct Entry: Equatable, Sendable {
        /// The key.
        public var key: SQLValue
        /// The value.
        public var value: SQLValue
    }
}

/// What a timestamp counts.
public enum SQLTimestampUnit: Equatable, Sendable {
    /// 1 s
    case seconds
    /// 10⁻³ s
    case milliseconds
    /// 10⁻⁶ s
    case microseconds
    /// 10⁻⁹ s
    case nanoseconds

    /// How many of them make a second.
    public var perSecond: Int64 {
        switch self {
        case .seconds: 1
        case .milliseconds: 1_000
        case .microseconds: 1_000_000
        case .nanoseconds: 1_000_000_000
        }
    }
}
