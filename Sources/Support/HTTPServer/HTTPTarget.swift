/// The path and the query of a request, taken apart and percent-decoded.
struct HTTPTarget: Equatable {
    var path: String
    var segments: [String]
    var query: [HTTPQueryItem]

    /// Nil when an escape is broken, the decoded bytes are not UTF-8, or they hold a control
    /// character other than the unit separator (0x1F).
    init?(_ target: String) {
        var rest = Substring(target)
        // The absolute form, as proxies are sent it: http://host/path.
        if rest.utf8.first != UInt8(ascii: "/"), let scheme = rest.firstRange(of: "://") {
            let host = rest[scheme.upperBound...]
            rest = host.firstIndex(of: "/").map { host[$0...] } ?? "/"
        }
        guard rest.utf8.first == UInt8(ascii: "/") || rest == "*" else { return nil }
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = String(mark.map { rest[..<$0] } ?? rest)
        segments = []
        for piece in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        {
            guard let segment = Self.decode(Substring(piece), plusIsSpace: false) else {
                return nil
            }
            segments.append(segment)
        }
        query = []
        guard let mark else { return }
        let items = rest[mark...].dropFirst().utf8.split(separator: UInt8(ascii: "&"))
        for item in items {
            let halves = item.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = Self.decode(Substring(halves[0]), plusIsSpace: true),
                let value = Self.decode(
                    halves.count > 1 ? Substring(halves[1]) : "",
                    plusIsSpace: true
                )
            else { return nil }
            query.append(HTTPQueryItem(name: name, value: value))
        }
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        let plain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%")
                && !(plusIsSpace && $0 == UInt8(ascii: "+"))
        }
        if plain { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        // The unit separator is let through: Iceberg's REST protocol joins names by it.
        guard bytes.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x1F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}

/// One `name=value` of a query.
public struct HTTPQueryItem: Sendable, Equatable {
    /// The name, decoded.
    public let name: String
    /// The value, decoded; empty when there is none.
    public let value: String
}
