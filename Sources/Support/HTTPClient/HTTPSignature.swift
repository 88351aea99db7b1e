internal import Checksums
public import Clocks

/// How requests are signed for services of AWS (Signature Version 4).
///
/// libcurl's own signing is not used: the one Debian brings signs neither addresses with escapes
/// nor queries of several items as the services expect.
public struct HTTPSignature: Sendable {
    private let region: String
    private let service: String
    private let accessKey: String
    private let secretKey: String
    private let sessionToken: String?
    private let clock: any WallClock

    /// Signs for `service` in `region`, with the time of `clock`.
    public init(
        region: String,
        service: String,
        accessKey: String,
        secretKey: String,
        sessionToken: String? = nil,
        clock: any WallClock
    ) {
        self.region = region
        self.service = service
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.clock = clock
    }

    /// The header lines that sign `call`.
    public func headers(for call: HTTPCall) -> [(name: String, value: String)] {
        let moment = clock.now().iso8601.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        let payload = Self.hex(sha256(Array((call.body ?? "").utf8)))
        let address = Self.parts(call.url)
        var signed = [
            (name: "host", value: address.host), (name: "x-amz-content-sha256", value: payload),
            (name: "x-amz-date", value: moment),
        ]
        if let sessionToken { signed.append(("x-amz-security-token", sessionToken)) }
        let names = signed.map(\.name).joined(separator: ";")
        let request = [
            call.method.rawValue, Self.escaped(address.path), Self.sorted(address.query),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let scope = "\(moment.prefix(8))/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", moment, scope, Self.hex(sha256(Array(request.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(secretKey)".utf8)
        for part in scope.split(separator: "/") {
            key = hmacSHA256(key: key, Array(part.utf8))
        }
        let signature = Self.hex(hmacSHA256(key: key, Array(text.utf8)))
        let proof =
            "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
        return signed.dropFirst() + [("Authorization", proof)]
    }

    /// The address's host, with its port if that is not the scheme's, path and query.
    private static func parts(_ url: String) -> (host: String, path: String, query: String) {
        let isEncrypted = url.hasPrefix("https://")
        let rest = url.dropFirst(isEncrypted ? 8 : 7)
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        let slash = rest[..<mark].firstIndex(of: "/") ?? mark
        var host = String(rest[..<slash])
        let port = isEncrypted ? ":443" : ":80"
        if host.hasSuffix(port) { host.removeLast(port.count) }
        let path = String(rest[slash..<mark])
        return (host, path.isEmpty ? "/" : path, String(rest[mark...].dropFirst()))
    }

    /// The path with its escapes escaped again: all services but S3 want that.
    private static func escaped(_ path: String) -> String { path.replacing("%", with: "%25") }

    private static func sorted(_ query: String) -> String {
        query.split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }
            .sorted().joined(separator: "&")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
