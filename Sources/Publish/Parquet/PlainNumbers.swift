internal import ArrowData
internal import Bytes

/// The smallest and the greatest integer of a column chunk.
internal struct IntegerRange {
    private(set) var least = Int64.max
    private(set) var greatest = Int64.min

    var isEmpty: Bool { least > greatest }

    @inline(__always)
    mutating func add(_ value: Int64) {
        if value < least { least = value }
        if value > greatest { greatest = value }
    }
}

/// Numbers of a column as Parquet's plain values, which are Arrow's without the nulls.
internal enum PlainNumbers {
    /// Appends the values of `rows`.
    static func append(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        to output: inout ByteBuffer
    ) {
        let width = column.field.type.valueBytes ?? 0
        let values = column.fixedValues
        if !column.mayHaveNulls {
            output.append(values.extracting(rows.lowerBound * width..<rows.upperBound * width))
        } else if width == 4 {
            column.forEachValue(in: rows) { row in
                output.appendLittleEndian(load(values, row, as: UInt32.self))
            }
        } else {
            column.forEachValue(in: rows) { row in
                output.appendLittleEndian(load(values, row, as: UInt64.self))
            }
        }
    }

    /// Puts the numbers of the values of `rows` into `indices`.
    static func appendIndices(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        of dictionary: inout NumberDictionary,
        to indices: inout IndexBuffer
    ) {
        let values = column.fixedValues
        if column.field.type.valueBytes == 4 {
            column.forEachValue(in: rows) { row in
                indices.append(
                    dictionary.index(of: UInt64(load(values, row, as: UInt32.self)))
                )
            }
        } else {
            column.forEachValue(in: rows) { row in
                indices.append(dictionary.index(of: load(values, row, as: UInt64.self)))
            }
        }
    }

    /// Takes note of the values of `rows`.
    static func note(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        integers: inout IntegerRange,
        floats: inout FloatingRange
    ) {
        let values = column.fixedValues
        // Ranges of one's own, so that the loops keep them in registers.
        var (whole, floating) = (integers, floats)
        switch column.field.type {
        case .int32, .date32:
            column.forEachValue(in: rows) { whole.add(Int64(load(values, $0, as: Int32.self))) }
        case .int64, .timestampMicros:
            column.forEachValue(in: rows) { whole.add(load(values, $0, as: Int64.self)) }
        case .float32:
            column.forEachValue(in: rows) { row in
                floating.add(Double(Float(bitPattern: load(values, row, as: UInt32.self))))
            }
        case .float64:
            column.forEachValue(in: rows) { row in
                floating.add(Double(bitPattern: load(values, row, as: UInt64.self)))
            }
        default: break
        }
        (integers, floats) = (whole, floating)
    }

    /// Appends the truth values of `rows`, eight to a byte.
    static func appendBooleans(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        to output: inout ByteBuffer,
        range: inout IntegerRange
    ) {
        var (bits, bitCount): (UInt16, UInt16) = (0, 0)
        var first = rows.lowerBound
        while first < rows.upperBound {
            let values = column.booleans(ofEightFrom: first)
            var present = column.validity(ofEightFrom: first)
            while present != 0 {
                let bit = values >> UInt8(present.trailingZeroBitCount) & 1
                range.add(Int64(bit))
                bits |= UInt16(bit) << bitCount
                bitCount &+= 1
                present &= present &- 1
            }
            if bitCount >= 8 {
                output.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                bitCount &-= 8
            }
            first &+= 8
        }
        if bitCount > 0 { output.append(UInt8(truncatingIfNeeded: bits)) }
    }

    @inline(__always)
    private static func load<T: BitwiseCopyable>(
        _ values: RawSpan,
        _ row: Int,
        as type: T.Type
    ) -> T {
        // SAFETY: the load is checked against the span's bounds; any bits are a number.
        unsafe values.unsafeLoadUnaligned(fromByteOffset: row &* MemoryLayout<T>.size, as: T.self)
    }
}
