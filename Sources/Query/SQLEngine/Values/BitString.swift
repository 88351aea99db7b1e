/// DuckDB's BIT: the first byte says how many bits of the second are padding.
enum BitString {
    /// Zeros and ones.
    static func text(_ bytes: RawSpan) -> String {
        guard bytes.byteCount > 1 else { return "" }
        let padding = Int(bytes.byte(at: 0))
        var text = ""
        for index in 1..<bytes.byteCount {
            let byte = bytes.byte(at: index)
            for bit in (index == 1 ? padding : 0)..<8 {
                text.append(byte & (0x80 >> UInt8(bit)) == 0 ? "0" : "1")
            }
        }
        return text
    }
}

/// DuckDB's BIGNUM: three bytes of header, whose top bit is set for positive numbers, then the
/// magnitude, most significant byte first; in negative numbers every bit is turned over.
enum BigNumber {
    /// The number in decimal.
    static func text(_ bytes: RawSpan) -> String {
        guard bytes.byteCount > 3 else { return "0" }
        let isNegative = bytes.byte(at: 0) & 0x80 == 0
        // Base 10⁹, least significant digit first.
        var digits: [UInt64] = [0]
        for index in 3..<bytes.byteCount {
            var carry = UInt64(isNegative ? ~bytes.byte(at: index) : bytes.byte(at: index))
            for place in digits.indices {
                let sum = digits[place] << 8 + carry
                digits[place] = sum % 1_000_000_000
                carry = sum / 1_000_000_000
            }
            if carry > 0 { digits.append(carry) }
        }
        var text = isNegative ? "-" : ""
        for (place, digit) in digits.reversed().enumerated() {
            let part = String(digit)
            if place > 0 { text += String(repeating: "0", count: 9 - part.count) }
            text += part
        }
        return text
    }
}

extension RawSpan {
    /// The byte at `offset`, which must be inside.
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "a byte outside the span was asked for")
        // SAFETY: checked just above.
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }
}
