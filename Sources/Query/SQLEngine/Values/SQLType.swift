internal import CDuckDB

/// The type of a column or of a value inside one.
public indirect enum SQLType: Equatable, Sendable {
    /// True or false.
    case boolean
    /// Signed integers of 8 to 128 bits.
    case tinyint, smallint, integer, bigint, hugeint
    /// Unsigned integers of 8 to 128 bits.
    case utinyint, usmallint, uinteger, ubigint, uhugeint
    /// An integer of any size.
    case bignum
    /// IEEE 754 numbers of 32 and 64 bits.
    case float, double
    /// Exact number with `scale` digits behind the point; `bits` is how DuckDB stores it.
    case decimal(width: Int, scale: Int, bits: Int)
    /// UTF-8 text.
    case varchar
    /// Text that is JSON.
    case json
    /// Bytes.
    case blob
    /// A string of bits.
    case bit
    /// 128 bits.
    case uuid
    /// Days.
    case date
    /// Time of day in microseconds, in nanoseconds, and with an offset from UTC.
    case time, timeNanoseconds, timeWithZone
    /// A moment on the calendar, in microseconds or in the unit named.
    case timestamp, timestampSeconds, timestampMilliseconds, timestampNanoseconds
    /// A moment of the world, in microseconds.
    case timestampWithZone
    /// Months, days and microseconds.
    case interval
    /// One of a list of texts; `bits` is the size of the number stored.
    case enumeration([String], bits: Int)
    /// Any number of values.
    case list(SQLType)
    /// A fixed number of values.
    case array(SQLType, count: Int)
    /// Named values.
    case structure([Member])
    /// Keys and values.
    case map(key: SQLType, value: SQLType)
    /// One of several named values.
    case union([Member])
    /// The type of a bare NULL.
    case null
    /// A type whose values DuckDB's C API does not give out; `number` is DuckDB's own.
    case other(number: Int)

    /// A named part of a structure or union.
    public struct Member: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its type.
        public var type: SQLType
    }

    /// True when values line up best on the right.
    public var isNumeric: Bool {
        switch self {
        case .tinyint, .smallint, .integer, .bigint, .hugeint, .utinyint, .usmallint, .uinteger,
            .ubigint, .uhugeint, .bignum, .float, .double, .decimal:
            true
        default: false
        }
    }

    /// True when no value of the type, at any depth, is out of reach.
    var isReadable: Bool {
        switch self {
        case .other: false
        case .list(let element), .array(let element, _): element.isReadable
        case .structure(let members), .union(let members): members.allSatisfy(\.type.isReadable)
        case .map(let key, let value): key.isReadable && value.isReadable
        default: true
        }
    }
}

extension SQLType {
    /// Reads DuckDB's description of a type and destroys it.
    @unsafe
    init(consuming handle: c_duckdb_type?) {
        // SAFETY: the caller gives the description away; it is destroyed here and nowhere else.
        var handle = unsafe handle
        defer { unsafe c_duckdb_destroy_logical_type(&handle) }
        self = unsafe SQLType.read(handle)
    }

    @unsafe
    private static func read(_ handle: c_duckdb_type?) -> SQLType {
        // SAFETY: the description is alive during the call; descriptions of parts are destroyed by
        // `init(consuming:)`.
        let number = unsafe Int(c_duckdb_get_type_id(handle))
        switch number {
        case Int(c_duckdb_type_varchar):
            return unsafe text(c_duckdb_logical_type_get_alias(handle)) == "JSON" ? .json : .varchar
        case Int(c_duckdb_type_decimal):
            let storage = unsafe Int(c_duckdb_decimal_internal_type(handle))
            return .decimal(
                width: unsafe Int(c_duckdb_decimal_width(handle)),
                scale: unsafe Int(c_duckdb_decimal_scale(handle)),
                bits: bits(ofStorage: storage)
            )
        case Int(c_duckdb_type_enum):
            let count = unsafe UInt64(c_duckdb_enum_dictionary_size(handle))
            let storage = unsafe Int(c_duckdb_enum_internal_type(handle))
            let words = (0..<count).map { unsafe text(c_duckdb_enum_dictionary_value(handle, $0)) }
            return .enumeration(words.map { $0 ?? "" }, bits: bits(ofStorage: storage))
        case Int(c_duckdb_type_list):
            return .list(unsafe SQLType(consuming: c_duckdb_list_type_child_type(handle)))
        case Int(c_duckdb_type_array):
            return .array(
                unsafe SQLType(consuming: c_duckdb_array_type_child_type(handle)),
                count: unsafe Int(c_duckdb_array_type_array_size(handle))
            )
        case Int(c_duckdb_type_map):
            return .map(
                key: unsafe SQLType(consuming: c_duckdb_map_type_key_type(handle)),
                value: unsafe SQLType(consuming: c_duckdb_map_type_value_type(handle))
            )
        case Int(c_duckdb_type_struct):
            let members = (0..<(unsafe c_duckdb_struct_type_child_count(handle))).map { index in
                Member(
                    name: unsafe text(c_duckdb_struct_type_child_name(handle, index)) ?? "",
                    type: unsafe SQLType(consuming: c_duckdb_struct_type_child_type(handle, index))
                )
            }
            return .structure(members)
        case Int(c_duckdb_type_union):
            let members = (0..<(unsafe c_duckdb_union_type_member_count(handle))).map { index in
                Member(
                    name: unsafe text(c_duckdb_union_type_member_name(handle, index)) ?? "",
                    type: unsafe SQLType(consuming: c_duckdb_union_type_member_type(handle, index))
                )
            }
            return .union(members)
        default:
            return simple[number] ?? .other(number: number)
        }
    }

    private static let simple: [Int: SQLType] = [
        Int(c_duckdb_type_boolean): .boolean, Int(c_duckdb_type_tinyint): .tinyint,
        Int(c_duckdb_type_smallint): .smallint, Int(c_duckdb_type_integer): .integer,
        Int(c_duckdb_type_bigint): .bigint, Int(c_duckdb_type_utinyint): .utinyint,
        Int(c_duckdb_type_usmallint): .usmallint, Int(c_duckdb_type_uinteger): .uinteger,
        Int(c_duckdb_type_ubigint): .ubigint, Int(c_duckdb_type_float): .float,
        Int(c_duckdb_type_double): .double, Int(c_duckdb_type_timestamp): .timestamp,
        Int(c_duckdb_type_date): .date, Int(c_duckdb_type_time): .time,
        Int(c_duckdb_type_interval): .interval, Int(c_duckdb_type_hugeint): .hugeint,
        Int(c_duckdb_type_uhugeint): .uhugeint, Int(c_duckdb_type_blob): .blob,
        Int(c_duckdb_type_timestamp_s): .timestampSeconds,
        Int(c_duckdb_type_timestamp_ms): .timestampMilliseconds,
        Int(c_duckdb_type_timestamp_ns): .timestampNanoseconds,
        Int(c_duckdb_type_timestamp_tz): .timestampWithZone, Int(c_duckdb_type_uuid): .uuid,
        Int(c_duckdb_type_bit): .bit, Int(c_duckdb_type_time_tz): .timeWithZone,
        Int(c_duckdb_type_time_ns): .timeNanoseconds, Int(c_duckdb_type_bignum): .bignum,
        Int(c_duckdb_type_null): .null,
    ]

    /// Size of the integers that stand for decimals and enumerations.
    private static func bits(ofStorage number: Int) -> Int {
        switch number {
        case Int(c_duckdb_type_utinyint), Int(c_duckdb_type_tinyint): 8
        case Int(c_duckdb_type_usmallint), Int(c_duckdb_type_smallint): 16
        case Int(c_duckdb_type_uinteger), Int(c_duckdb_type_integer): 32
        case Int(c_duckdb_type_bigint): 64
        default: 128
        }
    }

    /// Copies a text of DuckDB's and frees it.
    @unsafe
    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String? {
        // SAFETY: DuckDB gives the text away; it is copied and freed here.
        guard let pointer = unsafe pointer else { return nil }
        defer { unsafe c_duckdb_free(pointer) }
        return unsafe String(cString: pointer)
    }
}
