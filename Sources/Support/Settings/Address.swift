/// A host and a port, as in `127.0.0.1:9092` or `[::1]:9092`.
public struct Address: Sendable, Hashable, CustomStringConvertible {
    /// A name or an IP address; an IPv6 address without its brackets.
    public let host: String
    /// The port; 0 asks for any free one.
    public let port: UInt16

    /// An address of its parts.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; nil for anything else. An IPv6 address stands in brackets.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 })
        else { return nil }
        var host = text[..<colon]
        let bracketed = host.first == "[" && host.last == "]" && host.count > 2
        if bracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.contains(":") == bracketed,
            host.utf8.allSatisfy({ Self.isHostByte($0, colons: bracketed) })
        else { return nil }
        self.init(host: String(host), port: port)
    }

    private static func isHostByte(_ byte: UInt8, colons: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        case UInt8(ascii: ":"), UInt8(ascii: "%"): colons
        default: false
        }
    }

    /// True when only this machine can reach it: 127.0.0.0/8, ::1 or `localhost`.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" || host == "0:0:0:0:0:0:0:1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `host:port`, with brackets where they are needed.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
