/// A universally unique identifier: sixteen bytes (RFC 9562).
public struct UUID16: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes, most significant first.
    public let low: UInt64

    /// The identifier with these sixteen bytes.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new random identifier (version 4).
    public init(random: inout some RandomSource) {
        high = random.next() & 0xffff_ffff_ffff_0fff | 0x4000
        low = random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    }

    /// Sixteen zero bytes: "none" in Kafka's protocol.
    public static let zero = UUID16(high: 0, low: 0)

    /// Orders by bytes.
    public static func < (left: UUID16, right: UUID16) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// Byte `index`, 0 to 15.
    internal func byte(_ index: Int) -> UInt8 {
        let half = index < 8 ? high : low
        return UInt8(truncatingIfNeeded: half >> UInt64((7 - index % 8) * 8))
    }
}

extension UUID16: CustomStringConvertible {
    /// Lower-case hexadecimal in groups: `6ba7b810-9dad-41d1-80b4-00c04fd430c8`.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 {
                text.append(UInt8(ascii: "-"))
            }
            text.append(digits[Int(byte(index) >> 4)])
            text.append(digits[Int(byte(index) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads hexadecimal in groups, in either case. Nil when the text is anything else.
    public init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
        let digits = groups.joined()
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
            let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}

extension UUID16 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
    )

    /// Twenty-two characters of URL-safe base64 without padding, as Kafka writes cluster and topic
    /// ids.
    public var base64: String {
        var text: [UInt8] = []
        text.reserveCapacity(22)
        for group in 0..<5 {
            let bits =
                UInt32(byte(group * 3)) << 16 | UInt32(byte(group * 3 + 1)) << 8
                | UInt32(byte(group * 3 + 2))
            for shift: UInt32 in [18, 12, 6, 0] {
                text.append(Self.alphabet[Int(bits >> shift & 63)])
            }
        }
        text.append(Self.alphabet[Int(byte(15) >> 2)])
        text.append(Self.alphabet[Int(byte(15) & 3) << 4])
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads Kafka's base64 form. Nil when the text is anything else.
    public init?(base64 text: String) {
        guard text.utf8.count == 22 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        // 22 characters hold 132 bits; the last four are padding and must be zero.
        for (position, character) in text.utf8.enumerated() {
            guard let value = Self.alphabet.firstIndex(of: character) else { return nil }
            if position == 21 {
                if value & 15 != 0 { return nil }
                high = high << 2 | low >> 62
                low = low << 2 | UInt64(value >> 4)
            } else {
                high = high << 6 | low >> 58
                low = low << 6 | UInt64(value)
            }
        }
        self.init(high: high, low: low)
    }
}
