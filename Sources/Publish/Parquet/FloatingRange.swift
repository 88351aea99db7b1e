internal import ArrowData

/// Least and greatest number of a column, and how many values are not numbers at all.
///
/// Kept here rather than taken from the file's own statistics, which say nothing of NaN.
internal struct FloatingRange {
    var nanCount: Int64 = 0
    private var least = Double.infinity
    private var greatest = -Double.infinity
    private var isSingle = false

    /// Takes note of every value of `column`, a float32 or float64 column.
    mutating func add(_ column: borrowing ArrowColumnView) {
        isSingle = column.field.type == .float32
        for index in 0..<column.count where !column.isNull(index) {
            let value = isSingle ? Double(column.float32(index)) : column.float64(index)
            if value.isNaN {
                nanCount += 1
            } else {
                if value < least { least = value }
                if value > greatest { greatest = value }
            }
        }
    }

    /// Takes note of one value.
    @inline(__always)
    mutating func add(_ value: Double) {
        if value < least { least = value }
        if value > greatest { greatest = value }
        if value.isNaN { nanCount &+= 1 }
    }

    /// A range that has seen nothing, of float64 or, if `isSingle`, float32 values.
    init(isSingle: Bool = false) {
        self.isSingle = isSingle
    }

    /// Takes note of all that the other one has seen.
    mutating func merge(_ other: FloatingRange) {
        nanCount += other.nanCount
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
        isSingle = other.isSingle
    }

    /// Both bounds in Iceberg's single-value bytes; nil when there was no number.
    ///
    /// Iceberg orders -0.0 before +0.0 but most arithmetic does not, so a zero is given the sign
    /// that is safe.
    var bounds: (lower: [UInt8], upper: [UInt8])? {
        guard least <= greatest else { return nil }
        return (
            encoded(least == 0 ? -0.0 : least),
            encoded(greatest == 0 ? 0.0 : greatest)
        )
    }

    private func encoded(_ value: Double) -> [UInt8] {
        if isSingle {
            return littleEndian(UInt64(Float(value).bitPattern), bytes: 4)
        }
        return littleEndian(value.bitPattern, bytes: 8)
    }

    private func littleEndian(_ pattern: UInt64, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: pattern >> UInt64($0 * 8)) }
    }
}
