internal import Bytes

/// A cursor that reads Avro's binary encoding. Who uses it walks the writer's schema.
public struct AvroDecoder: ~Escapable {
    /// Items of zero bytes (null, empty records) a block may announce; other items are bounded by
    /// the bytes left.
    private static let emptyItemsMax = 65_536

    private var reader: ByteReader

    /// A cursor at the first byte of `span`.
    @_lifetime(copy span)
    public init(_ span: RawSpan) {
        reader = ByteReader(span)
    }

    /// True when every byte has been read.
    public var isAtEnd: Bool { reader.isAtEnd }
    /// Position of the next byte.
    public var offset: Int { reader.offset }

    /// Reads a `long`.
    @_lifetime(self: copy self)
    public mutating func readLong() throws(AvroError) -> Int64 {
        do { return try reader.readVarint() } catch { throw .malformed(error) }
    }

    /// Reads an `int`.
    @_lifetime(self: copy self)
    public mutating func readInt() throws(AvroError) -> Int32 {
        let value = try readLong()
        guard let int = Int32(exactly: value) else {
            throw .unexpectedValue(reason: "\(value) is no int")
        }
        return int
    }

    /// Reads a `boolean`.
    @_lifetime(self: copy self)
    public mutating func readBoolean() throws(AvroError) -> Bool {
        let byte: UInt8
        do { byte = try reader.read(UInt8.self) } catch { throw .malformed(error) }
        guard byte < 2 else { throw .unexpectedValue(reason: "\(byte) is no boolean") }
        return byte == 1
    }

    /// Reads a `float`.
    @_lifetime(self: copy self)
    public mutating func readFloat() throws(AvroError) -> Float {
        do {
            return Float(bitPattern: try reader.readLittleEndian(UInt32.self))
        } catch { throw .malformed(error) }
    }

    /// Reads a `double`.
    @_lifetime(self: copy self)
    public mutating func readDouble() throws(AvroError) -> Double {
        do {
            return Double(bitPattern: try reader.readLittleEndian(UInt64.self))
        } catch { throw .malformed(error) }
    }

    /// Reads `bytes`. Copies.
    @_lifetime(self: copy self)
    public mutating func readBytes() throws(AvroError) -> [UInt8] {
        let length = try readLength()
        do { return Array(copying: try reader.readBytes(length)) } catch { throw .malformed(error) }
    }

    /// Reads a `fixed` of `size` bytes. Copies.
    @_lifetime(self: copy self)
    public mutating func readFixed(_ size: Int) throws(AvroError) -> [UInt8] {
        do { return Array(copying: try reader.readBytes(size)) } catch { throw .malformed(error) }
    }

    /// Reads a `string`. Copies.
    @_lifetime(self: copy self)
    public mutating func readString() throws(AvroError) -> String {
        let length = try readLength()
        do { return try reader.readText(length) } catch { throw .malformed(error) }
    }

    @_lifetime(self: copy self)
    private mutating func readLength() throws(AvroError) -> Int {
        let length = try readLong()
        guard length >= 0, length <= Int64(reader.remaining) else {
            throw .malformed(
                .lengthOutOfRange(
                    offset: reader.offset,
                    length: Int(truncatingIfNeeded: length),
                    limit: reader.remaining
                )
            )
        }
        return Int(length)
    }

    /// Reads the number of a union's branch, of which there are `count`.
    @_lifetime(self: copy self)
    public mutating func readBranch(of count: Int) throws(AvroError) -> Int {
        let branch = try readLong()
        guard branch >= 0, branch < Int64(count) else {
            throw .unexpectedValue(reason: "a union of \(count) has no branch \(branch)")
        }
        return Int(branch)
    }

    /// Reads how many items of an array or map follow before the next count; 0 ends it.
    @_lifetime(self: copy self)
    public mutating func readItemCount() throws(AvroError) -> Int {
        var count = try readLong()
        if count < 0 {
            // A negative count is followed by the block's size in bytes, for readers that skip.
            _ = try readLong()
            count = count == Int64.min ? Int64.max : -count
        }
        let limit = reader.remaining + Self.emptyItemsMax
        guard count <= Int64(limit) else {
            throw .malformed(
                .lengthOutOfRange(
                    offset: reader.offset,
                    length: Int(truncatingIfNeeded: count),
                    limit: limit
                )
            )
        }
        return Int(count)
    }

    /// Moves over one value of `schema`.
    @_lifetime(self: copy self)
    public mutating func skip(_ schema: AvroSchema) throws(AvroError) {
        switch schema.kind {
        case .null: break
        case .boolean: _ = try readBoolean()
        case .int, .long, .enumeration: _ = try readLong()
        case .float: try skipBytes(4)
        case .double: try skipBytes(8)
        case .bytes, .string: try skipBytes(try readLength())
        case .fixed(_, let size): try skipBytes(size)
        case .record(_, let fields):
            for field in fields { try skip(field.schema) }
        case .union(let branches):
            try skip(branches[try readBranch(of: branches.count)])
        case .array(let items):
            while true {
                let count = try readItemCount()
                if count == 0 { break }
                for _ in 0..<count { try skip(items) }
            }
        case .map(let values):
            while true {
                let count = try readItemCount()
                if count == 0 { break }
                for _ in 0..<count {
                    try skipBytes(try readLength())
                    try skip(values)
                }
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipBytes(_ count: Int) throws(AvroError) {
        do { try reader.skip(count) } catch { throw .malformed(error) }
    }
}
