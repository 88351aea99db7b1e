public import JSONText

/// An error as a client reads it: `application/problem+json` of RFC 9457.
///
/// `detail` says what happened, to what, and what to do about it.
public struct HTTPProblem: Error, Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The kind of error in a few words that do not change: "Topic name is invalid".
    public var title: String
    /// This occurrence, and what to do.
    public var detail: String
    /// Further members: line, column, limit.
    public var members: JSONObject
    /// Seconds after which the client should try again; sent as Retry-After.
    public var retryAfterSeconds: Int?
    /// Further header lines: Allow.
    public var headers: [HTTPHeader] = []

    /// A problem.
    public init(
        _ status: Int,
        _ title: String,
        _ detail: String,
        members: JSONObject = [:],
        retryAfterSeconds: Int? = nil
    ) {
        self.status = status
        self.title = title
        self.detail = detail
        self.members = members
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The answer that carries it.
    public var response: HTTPResponse {
        var object: JSONObject = [
            "type": "about:blank",
            "title": .string(title),
            "status": .integer(Int64(status)),
            "detail": .string(detail),
        ]
        for member in members.members { object[member.key] = member.value }
        var lines = headers
        if let retryAfterSeconds { lines.append(HTTPHeader("Retry-After", "\(retryAfterSeconds)")) }
        return .json(
            .object(object),
            status: status,
            contentType: "application/problem+json",
            headers: lines
        )
    }
}
