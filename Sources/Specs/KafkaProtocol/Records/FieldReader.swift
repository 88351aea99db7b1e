/// Reads a record's fields one after the other and lets the reader of the record ask once, at the
/// end, whether all of them could be read.
///
/// A record has seven numbers; asking after each whether it lies inside the record would cost more
/// than reading it. So numbers are read as long as they lie inside the *span*, the position only
/// ever grows, and a field that cannot be read moves it beyond every end. A position that is still
/// inside the record therefore says that everything before it was.
@usableFromInline
internal struct FieldReader: ~Escapable {
    @usableFromInline let span: RawSpan
    @usableFromInline var position: Int
    /// The last position from which eight bytes can be loaded at once.
    @usableFromInline let lastWord: Int

    /// Where the position is put when a field cannot be read: far from the end of anything, and
    /// far enough from overflow for any number of lengths to be added.
    @inlinable static var nowhere: Int { 1 << 62 }

    /// A reader at `start`, which must not be negative.
    @inlinable
    @inline(__always)
    @_lifetime(copy span)
    init(_ span: RawSpan, from start: Int) {
        self.span = span
        position = start
        lastWord = span.byteCount &- 8
    }

    /// A zig-zag number of at most 32 bits.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func int32() -> Int {
        let raw = unsigned(bits: 32)
        return Int(truncatingIfNeeded: raw >> 1) ^ -Int(truncatingIfNeeded: raw & 1)
    }

    /// A zig-zag number of at most 64 bits.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func int64() -> Int64 {
        let raw = unsigned(bits: 64)
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A LEB128 number: one and two bytes here, longer ones and the span's last bytes elsewhere.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func unsigned(bits: Int) -> UInt64 {
        if position <= lastWord {
            // SAFETY: `position` is never negative, and eight bytes from it lie inside the span.
            let raw = unsafe span.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position,
                as: UInt16.self
            )
            let pair = UInt64(UInt16(littleEndian: raw))
            if pair & 0x80 == 0 {
                position &+= 1
                return pair & 0x7f
            }
            if pair & 0x8000 == 0 {
                position &+= 2
                return pair & 0x7f | (pair >> 1) & 0x3f80
            }
        }
        let (value, next) = Self.long(span, from: position, bits: bits)
        position = next
        return value
    }

    /// A number of up to `bits` bits and the position after it, which is `nowhere` if there is
    /// none.
    @usableFromInline
    @inline(never)
    static func long(_ span: RawSpan, from start: Int, bits: Int) -> (UInt64, next: Int) {
        var value: UInt64 = 0
        var shift = 0
        var cursor = start
        while cursor < span.byteCount, shift < bits {
            // SAFETY: `cursor` is not negative and lies inside the span.
            let byte = unsafe span.unsafeLoad(fromUncheckedByteOffset: cursor, as: UInt8.self)
            cursor &+= 1
            let room = bits - shift
            if room < 7, byte >> UInt8(room) != 0 { break }
            value |= UInt64(byte & 0x7f) &<< UInt64(shift)
            if byte < 0x80 { return (value, cursor) }
            shift += 7
        }
        return (0, nowhere)
    }

    /// Moves over `count` bytes; -1 stands for a field that is null and has none.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skipField(_ count: Int) {
        position &+= max(count, 0)
    }
}
