public import Bytes

/// A request that has arrived completely.
public struct HTTPRequest: Sendable {
    /// The method as it was sent: `GET`, `POST`.
    public let method: String
    /// The path as it was sent, percent-encoded, without the query.
    public let path: String
    /// The path's segments, percent-decoded; empty ones are left out, so `/a//b/` is `a`, `b`.
    public let segments: [String]
    /// The query's items in order, percent-decoded.
    public let query: [HTTPQueryItem]
    /// The header lines.
    public let headers: HTTPHeaders
    /// The body as it came, with any content encoding still on it.
    public let body: Slab

    /// A request as the server would hand it on; for calling handlers without a socket. Nil when
    /// `target` is not a valid request target.
    public init?(
        method: String,
        target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: Slab = HTTPRequest.noBody
    ) {
        guard let parts = HTTPTarget(target) else { return nil }
        self.init(method: method, target: parts, headers: headers, body: body)
    }

    init(method: String, target: HTTPTarget, headers: HTTPHeaders, body: Slab) {
        self.method = method
        self.path = target.path
        self.segments = target.segments
        self.query = target.query
        self.headers = headers
        self.body = body
    }

    /// The value of the first query item called `name`.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// A body of no bytes.
    public static let noBody = Slab(ByteBuffer(capacity: 16))
}
