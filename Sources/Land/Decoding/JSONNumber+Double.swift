extension JSONNumber {
    /// The double nearest to the number in `cursor`'s record; nil when it is beyond all of them.
    @inline(__always)
    func double(in cursor: borrowing JSONCursor) -> Double? {
        // Both factors are exact, so one rounding gives the nearest double (Clinger, 1990).
        if digits <= 1 << 53, !isCut, exponent >= -22, exponent <= 22 {
            let magnitude = Double(digits)
            let scaled =
                exponent < 0
                ? magnitude / Self.exactPowers[0 &- exponent]
                : magnitude * Self.exactPowers[exponent]
            return isNegative ? -scaled : scaled
        }
        return unusualDouble(in: cursor)
    }

    private static let exactPowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    @inline(never)
    private func unusualDouble(in cursor: borrowing JSONCursor) -> Double? {
        if let value = Self.nearest(digits, exponent) {
            // With digits cut off, the truth lies between this number and the next.
            if !isCut || Self.nearest(digits &+ 1, exponent) == value {
                return isNegative ? -value : value
            }
        }
        // SAFETY: the view is used within the call only; a number is ASCII.
        let text = unsafe cursor.bytes(start, end).withUnsafeBytes { bytes in
            unsafe String(decoding: bytes, as: UTF8.self)
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The double nearest to `digits` times ten to the power of `exponent`, by the Eisel-Lemire
    /// algorithm; nil where it cannot decide, and for subnormal and infinite results.
    private static func nearest(_ digits: UInt64, _ exponent: Int) -> Double? {
        guard exponent >= PowersOfFive.least, exponent <= PowersOfFive.greatest else { return nil }
        if digits == 0 { return 0 }
        let shift = digits.leadingZeroBitCount
        let normal = digits << UInt64(shift)
        let place = 2 * (exponent - PowersOfFive.least)
        let halves = PowersOfFive.halves
        var (high, low) = normal.multipliedFullWidth(by: halves[place])
        if high & 0x1FF == 0x1FF {
            // The bits that decide may yet change by what the lower half of the power adds.
            let (more, _) = normal.multipliedFullWidth(by: halves[place + 1])
            let (sum, carry) = low.addingReportingOverflow(more)
            low = sum
            if carry { high &+= 1 }
            if low == .max, high & 0x1FF == 0x1FF { return nil }
        }
        let top = Int(high >> 63)
        var mantissa = high >> UInt64(top + 9)
        // floor(log2(5^q)) + q by a multiplication that is exact in this range.
        let binary = (217_706 * exponent) >> 16
        var power = binary + 63 - shift + top + 1023
        guard power > 0, power < 2046 else { return nil }
        // Exactly half-way between two doubles: leave it to whoever knows all digits.
        if low <= 1, high & 0x1FF == 0, mantissa & 3 == 1 { return nil }
        mantissa = (mantissa + (mantissa & 1)) >> 1
        if mantissa == 1 << 53 {
            mantissa = 1 << 52
            power += 1
        }
        guard power < 2047 else { return nil }
        return Double(bitPattern: UInt64(power) << 52 | (mantissa & ((1 << 52) - 1)))
    }
}
