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
