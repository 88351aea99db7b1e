internal import Bytes
internal import CDuckDB

/// A column of one chunk, in DuckDB's memory: valid as long as the chunk, which owns every vector
/// of its columns.
@safe
struct ColumnVector {
    let type: SQLType
    private let data: UnsafeMutableRawPointer?
    private let validity: UnsafeMutablePointer<UInt64>?
    private let children: [ColumnVector]

    /// A view of `vector`, whose chunk the caller keeps alive and whose type it vouches for.
    @unsafe
    init(_ vector: c_duckdb_vector?, type: SQLType) {
        // SAFETY: children belong to the same chunk as their parent.
        self.type = type
        unsafe data = unsafe c_duckdb_vector_get_data(vector)
        unsafe validity = unsafe c_duckdb_vector_get_validity(vector)
        switch type {
        case .list(let element):
            children = [unsafe ColumnVector(c_duckdb_list_vector_get_child(vector), type: element)]
        case .array(let element, _):
            children = [unsafe ColumnVector(c_duckdb_array_vector_get_child(vector), type: element)]
        case .map(let key, let value):
            let entries = unsafe c_duckdb_list_vector_get_child(vector)
            children = [
                unsafe ColumnVector(c_duckdb_struct_vector_get_child(entries, 0), type: key),
                unsafe ColumnVector(c_duckdb_struct_vector_get_child(entries, 1), type: value),
            ]
        case .structure(let members):
            children = members.enumerated().map { index, member in
                let child = unsafe c_duckdb_struct_vector_get_child(vector, UInt64(index))
                return unsafe ColumnVector(child, type: member.type)
            }
        case .union(let members):
            // The first child is the tag, which says which of the others holds the value.
            children = ([.utinyint] + members.map(\.type)).enumerated().map { index, type in
                let child = unsafe c_duckdb_struct_vector_get_child(vector, UInt64(index))
                return unsafe ColumnVector(child, type: type)
            }
        default:
            children = []
        }
    }

    /// True when the row holds no value.
    func isNull(_ row: Int) -> Bool {
        // SAFETY: a validity mask has a bit for every row of the vector; none means that every row
        // is valid.
        guard let mask = unsafe validity else { return false }
        return unsafe mask[row / 64] & (1 << UInt64(row % 64)) == 0
    }

    /// The value at `row`, which must be below the vector's size.
    func value(_ row: Int) -> SQLValue {
        if isNull(row) { return .null }
        switch type {
        case .null, .other: return .null
        case .boolean: return .boolean(load(row, UInt8.self) != 0)
        case .tinyint: return .integer(Int64(load(row, Int8.self)))
        case .smallint: return .integer(Int64(load(row, Int16.self)))
        case .integer: return .integer(Int64(load(row, Int32.self)))
        case .bigint: return .integer(load(row, Int64.self))
        case .utinyint: return .integer(Int64(load(row, UInt8.self)))
        case .usmallint: return .integer(Int64(load(row, UInt16.self)))
        case .uinteger: return .integer(Int64(load(row, UInt32.self)))
        case .ubigint: return .unsigned(UInt128(load(row, UInt64.self)))
        case .hugeint: return .hugeint(load(row, Int128.self))
        case .uhugeint: return .unsigned(load(row, UInt128.self))
        case .float: return .float(load(row, Float.self))
        case .double: return .double(load(row, Double.self))
        case .decimal(_, let scale, let bits):
            return .decimal(unscaled: signed(row, bits: bits), scale: scale)
        case .uuid:
            // DuckDB stores the bits as a signed number with the top bit turned over, so that they
            // sort.
            return .uuid(load(row, UInt128.self) ^ (1 << 127))
        case .varchar, .json, .blob, .bit, .bignum: return ofBytes(row)
        case .date, .time, .timeNanoseconds, .timeWithZone, .timestamp, .timestampSeconds,
            .timestampMilliseconds, .timestampNanoseconds, .timestampWithZone, .interval:
            return temporal(row)
        case .enumeration(let words, let bits):
            let index = Int(signed(row, bits: bits, isUnsigned: true))
            return index < words.count ? .text(words[index]) : .null
        case .list, .array, .map, .structure, .union: return nested(row)
        }
    }

    /// Lets `body` read the bytes of a VARCHAR, JSON or BLOB at `row`, which is not null.
    func withBytes<Result>(_ row: Int, _ body: (RawSpan) -> Result) -> Result {
        // SAFETY: the vector holds 16-byte strings; up to 12 bytes stand in the entry itself,
        // longer ones behind its pointer, in memory of the same chunk.
        guard let data = unsafe data else { return body(RawSpan()) }
        let entry = unsafe data + row * MemoryLayout<c_duckdb_string>.stride
        let length = unsafe Int(entry.load(as: UInt32.self))
        if length <= 12 {
            return unsafe body(RawSpan(_unsafeStart: entry + 4, byteCount: length))
        }
        guard let start = unsafe entry.load(fromByteOffset: 8, as: UnsafeRawPointer?.self) else {
            return body(RawSpan())
        }
        return unsafe body(RawSpan(_unsafeStart: start, byteCount: length))
    }

    private func load<T: BitwiseCopyable>(_ row: Int, _ type: T.Type) -> T {
        // SAFETY: the vector holds values of the size of `T`, as the type says, and `row` is below
        // its size. Only a vector that holds nothing at all has no data.
        guard let data = unsafe data else { preconditionFailure("a vector without data was read") }
        return unsafe data.loadUnaligned(fromByteOffset: row * MemoryLayout<T>.stride, as: T.self)
    }

    private func signed(_ row: Int, bits: Int, isUnsigned: Bool = false) -> Int128 {
        switch bits {
        case 8: isUnsigned ? Int128(load(row, UInt8.self)) : Int128(load(row, Int8.self))
        case 16: isUnsigned ? Int128(load(row, UInt16.self)) : Int128(load(row, Int16.self))
        case 32: isUnsigned ? Int128(load(row, UInt32.self)) : Int128(load(row, Int32.self))
        case 64: Int128(load(row, Int64.self))
        default: load(row, Int128.self)
        }
    }

    private func ofBytes(_ row: Int) -> SQLValue {
        withBytes(row) { bytes in
            switch type {
            case .json: .json(String(repairingUTF8: bytes))
            case .blob: .blob(Array(copying: bytes))
            case .bit: .bits(BitString.text(bytes))
            case .bignum: .bignum(BigNumber.text(bytes))
            default: .text(String(repairingUTF8: bytes))
            }
        }
    }

    private func temporal(_ row: Int) -> SQLValue {
        switch type {
        case .date: return .date(load(row, Int32.self))
        case .time: return .time(nanoseconds: load(row, Int64.self) &* 1_000, digits: 6)
        case .timeNanoseconds: return .time(nanoseconds: load(row, Int64.self), digits: 9)
        case .timeWithZone:
            // 40 bits of microseconds, then 24 bits that count down from the easternmost offset,
            // 15:59:59.
            let bits = load(row, UInt64.self)
            return .timeWithZone(
                microseconds: Int64(bits >> 24),
                offsetSeconds: 57_599 - Int(bits & 0xFF_FFFF)
            )
        case .timestampSeconds: return .timestamp(load(row, Int64.self), .seconds)
        case .timestampMilliseconds: return .timestamp(load(row, Int64.self), .milliseconds)
        case .timestampNanoseconds: return .timestamp(load(row, Int64.self), .nanoseconds)
        case .timestampWithZone: return .timestampWithZone(load(row, Int64.self))
        case .interval:
            let value = load(row, c_duckdb_interval.self)
            return .interval(months: value.months, days: value.days, microseconds: value.micros)
        default: return .timestamp(load(row, Int64.self), .microseconds)
        }
    }

    private func nested(_ row: Int) -> SQLValue {
        switch type {
        case .array(_, let count):
            return .list((0..<count).map { children[0].value(row * count + $0) })
        case .structure(let members):
            let values = zip(members, children).map { member, child in
                SQLValue.Member(name: member.name, value: child.value(row))
            }
            return .structure(values)
        case .union(let members):
            let tag = Int(children[0].load(row, UInt8.self))
            return tag < members.count ? children[tag + 1].value(row) : .null
        default:
            let entry = load(row, c_duckdb_list_entry.self)
            let rows = Int(entry.offset)..<Int(entry.offset + entry.length)
            if case .map = type {
                return .map(
                    rows.map {
                        SQLValue.Entry(key: children[0].value($0), value: children[1].value($0))
                    }
                )
            }
            return .list(rows.map { children[0].value($0) })
        }
    }
}
