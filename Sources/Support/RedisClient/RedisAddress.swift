/// Where a Redis server is, and who comes: `redis://user:password@host:6379/0`, everything but the
/// host optional.
public struct RedisAddress: Equatable, Sendable {
    /// The server's name or address.
    public let host: String
    /// Its port.
    public let port: Int32
    /// Who comes; nil for the server's default user.
    public let user: String?
    /// Nil when the server wants none.
    public let password: String?
    /// The database, from 0.
    public let database: Int

    /// Why a text is no such address.
    public struct Problem: Error, Equatable, Sendable {
        /// What is wrong, and what would be right.
        public let message: String
    }

    /// Reads an address. Characters that mean something in one stand percent-encoded in user and
    /// password.
    public init(_ text: String) throws(Problem) {
        if text.hasPrefix("rediss://") {
            throw Problem(message: "TLS is not supported; use redis:// to a proxy on this machine")
        }
        let scheme = "redis://"
        guard text.hasPrefix(scheme) else {
            throw Problem(message: "it does not begin with redis://")
        }
        var rest = text.dropFirst(scheme.count)
        if let at = rest.lastIndex(of: "@") {
            (user, password) = try Self.login(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            (user, password) = (nil, nil)
        }
        if let slash = rest.firstIndex(of: "/") {
            let number = rest[rest.index(after: slash)...]
            guard number.isEmpty || Int(number) ?? -1 >= 0 else {
                throw Problem(message: "\"\(number)\" is no number of a database")
            }
            database = Int(number) ?? 0
            rest = rest[..<slash]
        } else {
            database = 0
        }
        (host, port) = try Self.server(rest)
    }

    private static func login(
        _ text: Substring
    ) throws(Problem) -> (user: String?, password: String?) {
        // As redis-cli: one word alone is the password.
        let colon = text.firstIndex(of: ":")
        let user = colon.map { text[..<$0] } ?? ""
        let password = colon.map { text[text.index(after: $0)...] } ?? text
        return (
            user.isEmpty ? nil : try decoded(user), password.isEmpty ? nil : try decoded(password)
        )
    }

    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16), rest.count >= 2 else {
                throw Problem(message: "a % in user or password has no two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func server(_ text: Substring) throws(Problem) -> (host: String, port: Int32) {
        var host = text
        var port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            port = behind.hasPrefix(":") ? behind.dropFirst() : nil
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let number = port.map { Int32($0) ?? 0 } ?? 6379
        guard !host.isEmpty, (1...65_535).contains(number) else {
            throw Problem(message: "it has no host, or no port from 1 to 65535")
        }
        return (String(host), number)
    }
}

extension RedisAddress: CustomStringConvertible {
    /// The address without its password.
    public var description: String {
        let login = user.map { "\($0)@" } ?? ""
        return "redis://\(login)\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}
