/// Exact decimal numbers, as JSON writes numbers.
internal enum DecimalText {
    /// The number without its point, for a column of `precision` digits with `scale` behind the
    /// point; nil when it has more digits than that on either side. Nothing is rounded.
    static func unscaled(
        _ cursor: borrowing JSONCursor,
        _ number: JSONNumber,
        precision: Int,
        scale: Int
    ) -> Int128? {
        var value: Int128 = 0
        var exponent = 0
        var zeros = 0
        var isFraction = false
        var position = number.start &+ (number.isNegative ? 1 : 0)
        while position < number.end {
            let byte = cursor.byte(position)
            position &+= 1
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            guard byte &- UInt8(ascii: "0") <= 9 else {
                exponent &+= power(cursor, position, number.end)
                break
            }
            if isFraction { exponent &-= 1 }
            // Zeros count only when another digit follows them.
            zeros &+= 1
            if byte == UInt8(ascii: "0") { continue }
            guard let raised = raise(value, zeros) else { return nil }
            value = raised &+ Int128(byte &- UInt8(ascii: "0"))
            zeros = 0
        }
        if value == 0 { return 0 }
        exponent &+= zeros &+ scale
        guard exponent >= 0, let result = raise(value, exponent), result < powerOfTen(precision)
        else { return nil }
        return number.isNegative ? 0 &- result : result
    }

    /// The number after the `e`, held within what matters.
    private static func power(_ cursor: borrowing JSONCursor, _ start: Int, _ end: Int) -> Int {
        var position = start
        var power = 0
        let sign = cursor.byte(position)
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position &+= 1 }
        while position < end {
            power = min(power &* 10 &+ Int(cursor.byte(position) &- UInt8(ascii: "0")), 1_000_000)
            position &+= 1
        }
        return sign == UInt8(ascii: "-") ? 0 &- power : power
    }

    /// `value` times ten to the power of `count`; nil beyond 38 digits.
    private static func raise(_ value: Int128, _ count: Int) -> Int128? {
        if value == 0 { return 0 }
        guard count <= 38 else { return nil }
        let (raised, isTooLarge) = value.multipliedReportingOverflow(by: powerOfTen(count))
        return isTooLarge || raised >= powerOfTen(38) ? nil : raised
    }

    /// Ten to the power of `count`, at most 38.
    private static func powerOfTen(_ count: Int) -> Int128 {
        var power: Int128 = 1
        for _ in 0..<count { power &*= 10 }
        return power
    }
}
