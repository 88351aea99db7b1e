/// 5^q for every q a double can need, as the 128 leading bits: what Eisel-Lemire multiplies by.
///
/// Computed once at first use, from exact integers, rather than written down: 651 pairs of numbers
/// that nobody can check by eye. They are cut off behind 128 bits, but for 5^-27 to 5^-1, which are
/// rounded up (Lemire, "Number parsing at a gigabyte per second", 2021, section 6).
internal enum PowersOfFive {
    static let least = -342
    static let greatest = 308

    /// High and low half of the power at `2 * (q - least)`.
    static let halves: [UInt64] = {
        var halves = [UInt64](repeating: 0, count: 2 * (greatest - least + 1))
        var power = Natural(one: 0)
        for q in 0...greatest {
            let (high, low) = power.leading128
            halves[2 * (q - least)] = high
            halves[2 * (q - least) + 1] = low
            power.multiply(by: 5)
        }
        // 2^2400 / 5^n by dividing again and again: rounding down each time rounds down overall.
        var reciprocal = Natural(one: 2400)
        for q in 1...(-least) {
            reciprocal.divide(by: 5)
            let (high, low) = reciprocal.leading128
            let (raised, carry) = low.addingReportingOverflow(q <= 27 ? 1 : 0)
            halves[2 * (-q - least)] = carry ? high + 1 : high
            halves[2 * (-q - least) + 1] = raised
        }
        return halves
    }()

    /// A natural number of any size; limbs of 32 bits, the lowest first.
    private struct Natural {
        var limbs: [UInt32]

        /// 2 to the power of `exponent`.
        init(one exponent: Int) {
            limbs = Array(repeating: 0, count: exponent / 32 + 1)
            limbs[exponent / 32] = 1 << UInt32(exponent % 32)
        }

        mutating func multiply(by factor: UInt64) {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let product = UInt64(limbs[index]) * factor + carry
                limbs[index] = UInt32(truncatingIfNeeded: product)
                carry = product >> 32
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }

        mutating func divide(by divisor: UInt64) {
            var rest: UInt64 = 0
            for index in limbs.indices.reversed() {
                let part = rest << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / divisor)
                rest = part % divisor
            }
            while limbs.last == 0 { limbs.removeLast() }
        }

        /// The 128 bits from the highest set one down.
        var leading128: (high: UInt64, low: UInt64) {
            let bits = limbs.count * 32 - (limbs.last ?? 0).leadingZeroBitCount
            var value: UInt128 = 0
            for (index, limb) in limbs.enumerated() {
                let shift = index * 32 - (bits - 128)
                if shift >= 0 {
                    value |= UInt128(limb) << UInt128(shift)
                } else if shift > -32 {
                    value |= UInt128(limb >> UInt32(-shift))
                }
            }
            return (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
        }
    }
}
