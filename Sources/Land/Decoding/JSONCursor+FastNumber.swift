// Numbers as most events have them, read eight digits at a time. Where these give up nothing has
// happened yet, and `scanNumber` reads the number in full or says what is wrong with it.

extension JSONCursor {
    /// How many of the eight bytes from `offset` on are digits before the first that is not, and
    /// their value; the caller has checked that there are eight.
    @inline(__always)
    private func digits(at offset: Int) -> (count: Int, value: UInt64) {
        let values = word(offset) ^ 0x3030_3030_3030_3030
        // A digit has become 0 to 9: the upper half of its byte is zero, and stays so with 6 added.
        let others = (values | (values &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0
        if others == 0 { return (8, Self.value(ofEightDigits: values)) }
        let bits = others.trailingZeroBitCount & ~7
        if bits == 0 { return (0, 0) }
        // The digits move to the end, as if zeros stood before them.
        return (bits &>> 3, Self.value(ofEightDigits: values &<< UInt64(64 &- bits)))
    }

    /// Adds neighbours up: bytes to pairs, pairs to fours, fours to the whole.
    @inline(__always)
    private static func value(ofEightDigits digits: UInt64) -> UInt64 {
        let pairs = (digits &* 2561) &>> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 6_553_601) &>> 16 & 0x0000_FFFF_0000_FFFF
        return (fours &* 42_949_672_960_001) &>> 32
    }

    /// Moves over an integer of at most 16 digits; nil, and no move, for any other number.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func scanSmallInteger() -> Int64? {
        let isNegative = byte(position) == UInt8(ascii: "-")
        let first = position &+ (isNegative ? 1 : 0)
        guard first &+ 17 <= end else { return nil }
        var (count, value) = digits(at: first)
        if count == 8 {
            let (more, low) = digits(at: first &+ 8)
            value = value &* Self.powers[more] &+ low
            count &+= more
        }
        let follower = byte(first &+ count)
        guard count > 0, count == 1 || byte(first) != UInt8(ascii: "0"),
            count < 16 || follower &- UInt8(ascii: "0") > 9,
            follower != UInt8(ascii: "."), follower | 0x20 != UInt8(ascii: "e")
        else { return nil }
        position = first &+ count
        return isNegative ? 0 &- Int64(bitPattern: value) : Int64(bitPattern: value)
    }

    /// Moves over a number like `58.96`: up to 7 digits before the point and up to 7 behind it.
    /// Nil, and no move, for any other number.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func scanSmallDecimal() -> Double? {
        let isNegative = byte(position) == UInt8(ascii: "-")
        let first = position &+ (isNegative ? 1 : 0)
        guard first &+ 17 <= end else { return nil }
        let (count, whole) = digits(at: first)
        guard count > 0, count < 8, byte(first &+ count) == UInt8(ascii: "."),
            count == 1 || byte(first) != UInt8(ascii: "0")
        else { return nil }
        let (places, part) = digits(at: first &+ count &+ 1)
        let after = first &+ count &+ 1 &+ places
        guard places > 0, places < 8, byte(after) | 0x20 != UInt8(ascii: "e") else { return nil }
        position = after
        // At most 14 digits: both numbers are exact, and so the quotient is the nearest double.
        let value =
            Double(whole &* Self.powers[places] &+ part) / Double(Self.powers[places])
        return isNegative ? -value : value
    }

    private static let powers: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
    ]
}
