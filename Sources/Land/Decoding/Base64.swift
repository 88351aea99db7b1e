/// Base64 with padding (RFC 4648, section 4), strict: no other alphabet, no white space.
internal enum Base64 {
    /// The bytes that `text` stands for, or nil when it is not base64.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        for (index, letter) in text.dropLast(padding).enumerated() {
            guard let value = value(letter) else { return nil }
            bits = bits << 6 | UInt32(value)
            if index & 3 > 0 {
                let left = 6 - UInt32(index & 3) * 2
                bytes.append(UInt8(truncatingIfNeeded: bits >> left))
            }
        }
        // The bits that fill up the last letter must be zero, or two texts would mean one value.
        let spare: UInt32 = padding == 2 ? 0xF : padding == 1 ? 0x3 : 0
        return bits & spare == 0 ? bytes : nil
    }

    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
