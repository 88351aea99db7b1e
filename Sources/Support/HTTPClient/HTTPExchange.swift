internal import CCurl

/// Why there was no answer.
public struct HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened, to which address.
    public let description: String
    /// True when nobody listens at the address.
    public let isRefused: Bool
    /// False when it is certain that the server did not get the request; otherwise it may have done
    /// what it was asked.
    public let wasSent: Bool
}

extension HTTPClientError {
    /// A request that was certainly not sent.
    public init(description: String, isRefused: Bool) {
        self.init(description: description, isRefused: isRefused, wasSent: false)
    }

    init(_ code: CURLcode, _ url: String) {
        let unsent = [
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_COULDNT_RESOLVE_PROXY,
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
        ]
        // SAFETY: libcurl's texts of errors are constants.
        let reason = unsafe String(cString: curl_easy_strerror(code))
        self.init(
            description: "\(url): \(reason)",
            isRefused: code == CURLE_COULDNT_CONNECT,
            wasSent: !unsent.contains(code)
        )
    }
}

/// What a server answered.
public struct HTTPAnswer: Sendable {
    /// Status code.
    public let status: Int
    /// The whole body.
    public let body: [UInt8]
    /// Header lines, in the order they came.
    public let headers: [(name: String, value: String)]

    /// The value of the first line called `name`, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// One request and its answer.
public struct HTTPExchange: Sendable {
    private let url: String
    private let timeout: Duration

    /// An exchange with `url` that gives up after `timeout`.
    public init(_ url: String, timeout: Duration = .seconds(30)) {
        self.url = url
        self.timeout = timeout
    }

    /// Sends a GET.
    public func get() throws(HTTPClientError) -> HTTPAnswer {
        try perform(body: nil, contentType: nil)
    }

    /// Sends a POST with `body`.
    public func post(_ body: String, contentType: String) throws(HTTPClientError) -> HTTPAnswer {
        try perform(body: body, contentType: contentType)
    }

    private func perform(body: String?, contentType: String?) throws(HTTPClientError) -> HTTPAnswer
    {
        try HTTPSession().send(
            HTTPCall(
                body == nil ? .get : .post,
                url,
                headers: contentType.map { [("Content-Type", $0)] } ?? [],
                body: body,
                timeout: timeout
            )
        )
    }
}
