/// Bytes as hexadecimal digits, two each, for people and for JSON.
public enum HexText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The digits of `bytes`, in lower case.
    public static func encoded(_ bytes: RawSpan) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.byteCount * 2)
        for index in 0..<bytes.byteCount {
            // SAFETY: the load is checked against the span's bounds; any byte is a UInt8.
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`, in either case; nil when it is not pairs of hexadecimal digits.
    public static func decoded(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
