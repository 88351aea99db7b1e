/// Why bytes could not be read as what they should be.
public enum ByteError: Error, Equatable, Sendable {
    /// `needed` bytes were expected at `offset`, `available` are there.
    case truncated(offset: Int, needed: Int, available: Int)
    /// A variable-length number at `offset` is longer than its type allows.
    case varintTooLong(offset: Int)
    /// A length or count at `offset` is negative or above `limit`.
    case lengthOutOfRange(offset: Int, length: Int, limit: Int)
    /// The bytes at `offset` are not UTF-8.
    case notUTF8(offset: Int)
}

/// A cursor over bytes that somebody else owns. Nothing is copied until a copying method is called.
///
/// Every read checks its bounds once and moves the cursor only when it succeeds.
public struct ByteReader: ~Escapable {
    /// All bytes, also those already read.
    public let span: RawSpan
    @usableFromInline internal var position: Int

    /// A cursor at the first byte of `span`.
    @inlinable
    @_lifetime(copy span)
    public init(_ span: RawSpan) {
        self.span = span
        self.position = 0
    }

    /// Position of the next byte to read.
    @inlinable public var offset: Int { position }
    /// Bytes not read yet.
    @inlinable public var remaining: Int { span.byteCount &- position }
    /// True when every byte has been read.
    @inlinable public var isAtEnd: Bool { position == span.byteCount }

    @inlinable
    internal func require(_ needed: Int) throws(ByteError) {
        if needed < 0 || remaining < needed {
            throw .truncated(offset: position, needed: needed, available: remaining)
        }
    }

    /// Reads an integer, most significant byte first.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type = T.self
    ) throws(ByteError) -> T {
        try require(MemoryLayout<T>.size)
        // SAFETY: `require` checked that the whole integer lies inside the span.
        let value = unsafe span.unsafeLoadUnaligned(fromByteOffset: position, as: T.self)
        position &+= MemoryLayout<T>.size
        return T(bigEndian: value)
    }

    /// Reads an integer, least significant byte first.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func readLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type = T.self
    ) throws(ByteError) -> T {
        try read(T.self).byteSwapped
    }

    /// Reads an unsigned LEB128 number of at most 64 bits.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUnsignedVarint() throws(ByteError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var cursor = position
        while true {
            guard cursor < span.byteCount else {
                throw .truncated(offset: cursor, needed: 1, available: 0)
            }
            // SAFETY: checked just above.
            let byte = unsafe span.unsafeLoad(fromUncheckedByteOffset: cursor, as: UInt8.self)
            cursor &+= 1
            if shift == 63 && byte > 1 { throw .varintTooLong(offset: position) }
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { break }
            shift &+= 7
        }
        position = cursor
        return value
    }

    /// Reads a zig-zag LEB128 number (Kafka's varint and varlong, Avro's int and long).
    @inlinable
    @_lifetime(self: copy self)
    public mutating func readVarint() throws(ByteError) -> Int64 {
        let raw = try readUnsignedVarint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A view of the next `count` bytes.
    @inlinable
    @_lifetime(copy self)
    public mutating func readBytes(_ count: Int) throws(ByteError) -> RawSpan {
        try require(count)
        let view = span.extracting(position..<(position &+ count))
        position &+= count
        return view
    }

    /// Moves over `count` bytes.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(ByteError) {
        try require(count)
        position &+= count
    }

    /// Reads `count` bytes as UTF-8 text. Copies.
    @_lifetime(self: copy self)
    public mutating func readText(_ count: Int) throws(ByteError) -> String {
        let start = position
        let view = try readBytes(count)
        guard let text = String(validatingUTF8: view) else { throw .notUTF8(offset: start) }
        return text
    }
}

extension String {
    /// The text of `span`, or nil when it is not UTF-8. Copies.
    public init?(validatingUTF8 span: RawSpan) {
        // SAFETY: the pointer is used only inside the closure; validation reads `span` alone.
        let text = unsafe span.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
        guard let text else { return nil }
        self = text
    }

    /// The text of `span`, with U+FFFD for what is not UTF-8. For messages to people. Copies.
    public init(repairingUTF8 span: RawSpan) {
        // SAFETY: the pointer is used only inside the closure.
        self = unsafe span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension Array where Element == UInt8 {
    /// A copy of the bytes of `span`.
    public init(copying span: RawSpan) {
        // SAFETY: the pointer is used only inside the closure.
        self = unsafe span.withUnsafeBytes { unsafe Array($0) }
    }
}

extension [UInt8] {
    /// A view of the array's bytes.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: `UInt8` has no padding, so every byte of the array is initialised.
            unsafe span.bytes
        }
    }
}
