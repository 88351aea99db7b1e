internal import CArrow

// A column's memory as it lies there, for code that goes over all of it.

extension ArrowColumnView {
    /// False when it is certain that no value is null.
    public var mayHaveNulls: Bool {
        // SAFETY: every array has a first buffer, which may be null.
        unsafe array.pointee.null_count != 0 && array.pointee.buffers[0] != nil
    }

    /// The values of a column of fixed width, one after the other; those of nulls are unspecified.
    public var fixedValues: RawSpan {
        @_lifetime(copy self)
        get {
            guard let width = field.type.valueBytes else {
                preconditionFailure("\(field.name) has no fixed width")
            }
            return memory(1, from: offset * width, byteCount: count * width)
        }
    }

    /// Where the values of a `utf8` or `binary` column begin in `textBytes`: `count + 1` 32-bit
    /// numbers in the machine's byte order, the last of which is where the last value ends.
    public var textOffsets: RawSpan {
        @_lifetime(copy self)
        get {
            precondition(field.type == .utf8 || field.type == .binary, "\(field.name) has no bytes")
            return memory(1, from: offset * 4, byteCount: (count + 1) * 4)
        }
    }

    /// What `textOffsets` point into.
    public var textBytes: RawSpan {
        @_lifetime(copy self)
        get {
            let offsets = textOffsets
            guard offsets.byteCount > 0 else { return memory(2, from: 0, byteCount: 0) }
            // SAFETY: the load is checked against the span's bounds.
            let end = unsafe offsets.unsafeLoadUnaligned(fromByteOffset: count * 4, as: Int32.self)
            return memory(2, from: 0, byteCount: Int(end))
        }
    }

    /// Which of the eight rows from `row` on have a value, the first in the lowest bit. Rows beyond
    /// the last have none.
    public func validity(ofEightFrom row: Int) -> UInt8 {
        if !mayHaveNulls { return mask(from: row) }
        return bits(ofEightFrom: row, in: 0)
    }

    /// Eight values of a `boolean` column from `row` on, the first in the lowest bit.
    public func booleans(ofEightFrom row: Int) -> UInt8 {
        precondition(field.type == .boolean, "\(field.name) is no boolean")
        return bits(ofEightFrom: row, in: 1)
    }

    /// A bit for each of the eight rows from `row` on that the column has.
    private func mask(from row: Int) -> UInt8 {
        precondition(row >= 0 && row < count, "no such row")
        return count - row >= 8 ? 0xFF : UInt8(1) << UInt8(count - row) - 1
    }

    private func bits(ofEightFrom row: Int, in number: Int) -> UInt8 {
        let mask = mask(from: row)
        guard let bitmap = unsafe buffer(number) else { return 0 }
        let first = offset + row
        let last = offset + min(row + 7, count - 1)
        // SAFETY: a bitmap has a bit for every row, so the bytes of the first and the last row that
        // are asked for are there.
        let low = unsafe UInt16(bitmap.load(fromByteOffset: first >> 3, as: UInt8.self))
        let high =
            first >> 3 == last >> 3
            ? 0 : unsafe UInt16(bitmap.load(fromByteOffset: last >> 3, as: UInt8.self))
        return UInt8(truncatingIfNeeded: (high << 8 | low) >> UInt16(first & 7)) & mask
    }

    @_lifetime(copy self)
    private func memory(_ number: Int, from start: Int, byteCount: Int) -> RawSpan {
        // SAFETY: callers ask for what the type's buffer holds for this many rows; it lives as long
        // as the batch that this view borrows.
        guard byteCount > 0, let base = unsafe buffer(number) else {
            return unsafe _overrideLifetime(RawSpan(), copying: self)
        }
        let span = unsafe RawSpan(_unsafeStart: base + start, byteCount: byteCount)
        return unsafe _overrideLifetime(span, copying: self)
    }
}
