/// Single-value serialization (specification, appendix D): how bounds are written.
extension IcebergValue {
    /// The value's bytes.
    public var singleValueBytes: [UInt8] {
        switch self {
        case .boolean(let value): [value ? 1 : 0]
        case .int(let value), .date(let value): Self.littleEndian(value)
        case .long(let value), .time(let value), .timestamp(let value), .timestamptz(let value):
            Self.littleEndian(value)
        case .float(let value): Self.littleEndian(value.bitPattern)
        case .double(let value): Self.littleEndian(value.bitPattern)
        case .decimal(let unscaled, _): Self.minimalBigEndian(unscaled)
        case .string(let value): Array(value.utf8)
        case .uuid(let bytes), .fixed(let bytes), .binary(let bytes): bytes
        }
    }

    /// The value of `type` with these bytes; nil when they cannot be one.
    ///
    /// Bounds written before a column was widened keep the narrower form: the length decides.
    public init?(singleValueBytes bytes: [UInt8], type: IcebergType) {
        switch type {
        case .boolean:
            guard bytes.count == 1 else { return nil }
            self = .boolean(bytes[0] != 0)
        case .int:
            guard let value: Int32 = Self.integer(bytes) else { return nil }
            self = .int(value)
        case .date:
            guard let value: Int32 = Self.integer(bytes) else { return nil }
            self = .date(value)
        case .long:
            guard let value = Self.widened(bytes) else { return nil }
            self = .long(value)
        case .time:
            guard let value: Int64 = Self.integer(bytes) else { return nil }
            self = .time(value)
        case .timestamp:
            guard let value: Int64 = Self.integer(bytes) else { return nil }
            self = .timestamp(value)
        case .timestamptz:
            guard let value: Int64 = Self.integer(bytes) else { return nil }
            self = .timestamptz(value)
        case .float:
            guard let bits: UInt32 = Self.integer(bytes) else { return nil }
            self = .float(Float(bitPattern: bits))
        case .double:
            if let bits: UInt64 = Self.integer(bytes) {
                self = .double(Double(bitPattern: bits))
            } else if let bits: UInt32 = Self.integer(bytes) {
                self = .double(Double(Float(bitPattern: bits)))
            } else {
                return nil
            }
        case .decimal(_, let scale):
            guard let value = Self.unscaled(bytes) else { return nil }
            self = .decimal(unscaled: value, scale: scale)
        case .string:
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            self = .string(text)
        case .uuid:
            guard bytes.count == 16 else { return nil }
            self = .uuid(bytes)
        case .fixed(let length):
            guard bytes.count == length else { return nil }
            self = .fixed(bytes)
        case .binary:
            self = .binary(bytes)
        case .struct, .list, .map:
            return nil
        }
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: 0, to: value.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func integer<T: FixedWidthInteger>(_ bytes: [UInt8]) -> T? {
        guard bytes.count == T.bitWidth / 8 else { return nil }
        return bytes.reversed().reduce(T.zero) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    private static func widened(_ bytes: [UInt8]) -> Int64? {
        if let value: Int64 = integer(bytes) { return value }
        if let value: Int32 = integer(bytes) { return Int64(value) }
        return nil
    }

    /// Two's complement, most significant byte first, no byte more than needed.
    internal static func minimalBigEndian(_ value: Int128) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while true {
            let byte = UInt8(truncatingIfNeeded: rest)
            bytes.append(byte)
            rest >>= 8
            if rest == 0 && byte < 0x80 || rest == -1 && byte >= 0x80 { break }
        }
        return bytes.reversed()
    }

    internal static func unscaled(_ bytes: [UInt8]) -> Int128? {
        guard let first = bytes.first, bytes.count <= 16 else { return nil }
        let start: Int128 = first >= 0x80 ? -1 : 0
        return bytes.reduce(start) { $0 << 8 | Int128($1) }
    }
}
