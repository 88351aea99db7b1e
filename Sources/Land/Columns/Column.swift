public import ArrowData

/// One column that is being built, in Arrow's layout from the first value on.
///
/// It may lag behind the row count: the nulls it owes are added when the next value comes or the
/// batch is taken, so a sparse column costs nothing in the rows that lack it. A validity bitmap
/// exists only from the first null on.
@usableFromInline
internal struct Column: ~Copyable {
    @usableFromInline let kind: ColumnKind
    @usableFromInline let shape: DecimalShape
    /// Values so far, nulls included.
    @usableFromInline var count = 0
    @usableFromInline var nullCount = 0
    /// Bytes of text so far, or elements of a list. Text may include the beginning of a value that
    /// is not finished.
    @usableFromInline var textBytes = 0
    @usableFromInline var values: Block
    @usableFromInline var offsets: Block
    @usableFromInline var validity: Block
    /// Sizes that the blocks get when they first grow: what the batch before came to.
    private let sizes: (values: Int, offsets: Int, validity: Int)

    /// An empty column. It takes memory with its first value: most of the time somebody else is
    /// using what the last batch had.
    internal init(
        kind: ColumnKind,
        shape: DecimalShape,
        pool: BlockPool,
        like sizes: (values: Int, offsets: Int, validity: Int) = (512, 512, 0)
    ) {
        self.kind = kind
        self.shape = shape
        self.sizes = sizes
        values = pool.take(atLeast: 0)
        offsets = pool.take(atLeast: 0)
        validity = pool.take(atLeast: 0)
        if kind.hasOffsets { offsets.store(Int32(0), at: 0) }
    }

    /// An empty column that shall not have to grow more than once.
    private func successor(_ pool: BlockPool) -> Column {
        Column(
            kind: kind,
            shape: shape,
            pool: pool,
            like: (values.capacity, offsets.capacity, validity.capacity)
        )
    }
}

extension Column {
    /// Bytes of memory that it holds, used or not.
    internal var footprint: Int { values.capacity + offsets.capacity + validity.capacity }

    /// Adds a value of a fixed width.
    @inlinable
    @inline(__always)
    internal mutating func append<T: BitwiseCopyable>(_ value: T) {
        if (count &+ 1) &* MemoryLayout<T>.stride > values.capacity {
            growValues(
                toHold: (count &+ 1) &* MemoryLayout<T>.stride,
                keeping: count &* MemoryLayout<T>.stride
            )
        }
        values.store(value, at: count)
        finishValue()
    }

    /// Adds a truth value.
    @inlinable
    internal mutating func append(_ value: Bool) {
        if count >> 3 >= values.capacity {
            growValues(toHold: (count >> 3) &+ 1, keeping: (count &+ 7) >> 3)
        }
        Self.set(value, at: count, in: values)
        finishValue()
    }

    /// Adds bytes to the text that the next `finishText` completes.
    @inlinable
    @inline(__always)
    internal mutating func extendText(_ piece: RawSpan) {
        let end = textBytes &+ piece.byteCount
        if end > values.capacity { growValues(toHold: end, keeping: textBytes) }
        values.copy(piece, at: textBytes)
        textBytes = end
    }

    /// Makes room for `more` bytes of text.
    @inlinable
    @inline(__always)
    internal mutating func reserveText(_ more: Int) {
        let end = textBytes &+ more
        if end > values.capacity { growValues(toHold: end, keeping: textBytes) }
    }

    /// Where the next byte of text goes.
    @inlinable internal var textEnd: UnsafeMutableRawPointer {
        // SAFETY: the text so far lies inside the block.
        unsafe values.address(textBytes)
    }

    /// Adds one byte to the text that the next `finishText` completes.
    @inlinable
    @inline(__always)
    internal mutating func extendText(_ byte: UInt8) {
        if textBytes &+ 1 > values.capacity {
            growValues(toHold: textBytes &+ 1, keeping: textBytes)
        }
        values.store(byte, at: textBytes)
        textBytes &+= 1
    }

    /// Makes a value of the bytes added since the last one.
    @inlinable
    @inline(__always)
    internal mutating func finishText() {
        if (count &+ 2) &* 4 > offsets.capacity { growOffsets() }
        offsets.store(Int32(textBytes), at: count &+ 1)
        finishValue()
    }

    @inlinable
    @inline(__always)
    internal mutating func finishValue() {
        if nullCount > 0 { setValid(true) }
        count &+= 1
    }

    /// Adds nulls until there are `rows` values.
    @usableFromInline
    @inline(never)
    internal mutating func pad(to rows: Int) {
        guard rows > count else { return }
        if nullCount == 0 { beginValidity(rows) }
        for row in count..<rows { setValidity(false, at: row) }
        if kind.hasOffsets {
            while (rows &+ 1) &* 4 > offsets.capacity { growOffsets() }
            let end = Int32(textBytes)
            for row in count..<rows { offsets.store(end, at: row &+ 1) }
        } else if kind == .boolean {
            if (rows &+ 7) >> 3 > values.capacity {
                growValues(toHold: (rows &+ 7) >> 3, keeping: (count &+ 7) >> 3)
            }
            for row in count..<rows { Self.set(false, at: row, in: values) }
        } else if kind != .structure {
            let width = kind.valueBytes
            if rows &* width > values.capacity {
                growValues(toHold: rows &* width, keeping: count &* width)
            }
            values.fill(0, from: count &* width, count: (rows &- count) &* width)
        }
        nullCount &+= rows &- count
        count = rows
    }

    /// Takes away every value from the `rows`-th on, and text that was begun.
    internal mutating func cut(to rows: Int) {
        while count > rows {
            count -= 1
            if nullCount > 0, !isValid(count) { nullCount -= 1 }
        }
        if kind.hasOffsets { textBytes = Int(offsets.load(count, as: Int32.self)) }
    }
}

extension Column {
    /// Gives the finished column away and begins a new one of the same size.
    internal mutating func take(pool: BlockPool) -> ArrowColumn {
        let next = successor(pool)
        let done = exchange(with: next)
        return done.finished()
    }

    private mutating func exchange(with other: consuming Column) -> Column {
        let old = self
        self = other
        return old
    }

    /// Gives a finished column of columns away, made of `children`, and begins a new one.
    internal mutating func take(pool: BlockPool, children: [ArrowColumn]) -> ArrowColumn {
        let next = successor(pool)
        let done = exchange(with: next)
        return done.finished(children)
    }

    private consuming func finished(_ children: [ArrowColumn]) -> ArrowColumn {
        let (length, nulls) = (count, nullCount)
        switch kind {
        case .structure:
            return ArrowColumn(
                structOf: children,
                length: length,
                nullCount: nulls,
                validity: validity
            )
        case .list:
            return ArrowColumn(
                listOf: children[0],
                type: .list,
                length: length,
                nullCount: nulls,
                validity: validity,
                offsets: offsets
            )
        case .map:
            return ArrowColumn(
                listOf: ArrowColumn(structOf: children, length: textBytes),
                type: .map,
                length: length,
                nullCount: nulls,
                validity: validity,
                offsets: offsets
            )
        default: preconditionFailure("no column of columns")
        }
    }

    private consuming func finished() -> ArrowColumn {
        let (type, length, nulls, bytes) = (kind.arrowType(shape), count, nullCount, textBytes)
        let hasOffsets = kind.hasOffsets
        if hasOffsets {
            return ArrowColumn(
                type: type,
                length: length,
                nullCount: nulls,
                validity: validity,
                offsets: offsets,
                values: values,
                valueBytes: bytes
            )
        }
        return ArrowColumn(
            type: type,
            length: length,
            nullCount: nulls,
            validity: validity,
            values: values
        )
    }
}

extension Column {
    @inlinable
    internal static func set(_ bit: Bool, at index: Int, in block: borrowing Block) {
        let mask = UInt8(1) &<< UInt8(truncatingIfNeeded: index & 7)
        let old = block.load(index >> 3, as: UInt8.self)
        block.store(bit ? old | mask : old & ~mask, at: index >> 3)
    }

    private func isValid(_ index: Int) -> Bool {
        validity.load(index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1 == 1
    }

    /// Sets the bit of the value that is being added.
    @usableFromInline
    internal mutating func setValid(_ isValid: Bool) { setValidity(isValid, at: count) }

    private mutating func setValidity(_ isValid: Bool, at index: Int) {
        if index >> 3 >= validity.capacity {
            validity.grow(
                toHold: max((index >> 3) + 1, sizes.validity),
                keeping: validity.capacity
            )
        }
        Self.set(isValid, at: index, in: validity)
    }

    /// Makes the bitmap that says that every value so far is there.
    private mutating func beginValidity(_ rows: Int) {
        let bytes = (rows + 7) / 8
        if bytes > validity.capacity {
            validity.grow(toHold: max(bytes, sizes.validity), keeping: 0)
        }
        validity.fill(0xFF, from: 0, count: bytes)
    }

    @usableFromInline
    @inline(never)
    internal mutating func growValues(toHold bytes: Int, keeping kept: Int) {
        values.grow(toHold: max(bytes, sizes.values), keeping: kept)
    }

    @usableFromInline
    @inline(never)
    internal mutating func growOffsets() {
        offsets.grow(toHold: sizes.offsets, keeping: (count &+ 1) &* 4)
    }
}
