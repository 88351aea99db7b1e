extension ByteBuffer {
    /// Appends one byte.
    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        // SAFETY: `reserve` made room for one byte.
        unsafe base.storeBytes(of: byte, toByteOffset: filled, as: UInt8.self)
        filled &+= 1
    }

    /// Appends an integer, most significant byte first.
    @inlinable
    public mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        // SAFETY: `reserve` made room; the store may be unaligned, which storeBytes allows for
        // trivial types.
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: filled, as: T.self)
        filled &+= MemoryLayout<T>.size
    }

    /// Appends an integer, least significant byte first.
    @inlinable
    public mutating func appendLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        // SAFETY: as in `append`.
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: filled, as: T.self)
        filled &+= MemoryLayout<T>.size
    }

    /// Appends an unsigned LEB128 number (Kafka's unsigned varint).
    @inlinable
    public mutating func appendUnsignedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a zig-zag LEB128 number (Kafka's varint and varlong, Avro's int and long).
    @inlinable
    public mutating func appendVarint(_ value: Int64) {
        appendUnsignedVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Appends a copy of `span`.
    @inlinable
    public mutating func append(_ span: RawSpan) {
        let length = span.byteCount
        guard length > 0 else { return }
        reserve(length)
        // SAFETY: `reserve` made room for `length` bytes; the source is another block, so they do
        // not overlap.
        unsafe span.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe (base + filled).copyMemory(from: start, byteCount: length)
            }
        }
        filled &+= length
    }

    /// Appends the UTF-8 bytes of `text`, without a length.
    @inlinable
    public mutating func append(utf8 text: String) {
        // SAFETY: the span is used only for the copy.
        unsafe append(text.utf8.span.bytes)
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        // SAFETY: the span is used only for the copy.
        unsafe append(bytes.span.bytes)
    }

    /// Appends `count` zero bytes.
    @inlinable
    public mutating func appendZeros(_ count: Int) {
        reserve(count)
        // SAFETY: `reserve` made room for `count` bytes.
        unsafe (base + filled).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        filled &+= count
    }

    /// Lets `body` write up to `capacity` bytes behind the last one; it returns how many it wrote.
    ///
    /// For system calls and C libraries that fill a block they are given.
    @inlinable
    public mutating func appendUninitialized<E: Error>(
        capacity: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        reserve(capacity)
        // SAFETY: the range lies inside the block; the pointer does not outlive the call.
        let written = try unsafe body(
            UnsafeMutableRawBufferPointer(start: base + filled, count: capacity)
        )
        precondition(written >= 0 && written <= capacity, "more bytes written than there was room")
        filled &+= written
    }

    /// Overwrites an integer that was appended before, most significant byte first.
    @inlinable
    public mutating func overwrite<T: FixedWidthInteger & BitwiseCopyable>(
        _ value: T,
        at offset: Int
    ) {
        precondition(
            offset >= 0 && offset &+ MemoryLayout<T>.size <= filled,
            "overwriting beyond the bytes written"
        )
        // SAFETY: checked just above.
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }
}

extension ByteBuffer {
    /// Moves everything from `offset` on by `distance` bytes: apart to make a gap before it, which
    /// holds old bytes until it is overwritten, or together over the bytes before it.
    ///
    /// For a length of variable size that stands before what it counts.
    public mutating func moveTail(from offset: Int, by distance: Int) {
        precondition(
            offset >= 0 && offset <= filled && offset + distance >= 0,
            "moving bytes that were not written"
        )
        if distance == 0 { return }
        if distance > 0 { reserve(distance) }
        // SAFETY: both ranges lie inside the block, which was just made large enough; memmove
        // allows the overlap.
        unsafe (base + offset + distance).copyMemory(
            from: base + offset,
            byteCount: filled - offset
        )
        filled += distance
    }
}
