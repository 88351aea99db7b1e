internal import CCurl

/// Why there was no answer.
public struct HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened, to which address.
    public let description: String
    /// True when nobody listens at the address.
    public let isRefused: Bool
}

/// What a server answered.
public struct HTTPAnswer: Equatable, Sendable {
    /// Status code.
    public let status: Int
    /// The whole body.
    public let body: [UInt8]

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

    private final class Received {
        var bytes: [UInt8] = []
    }

    private func perform(body: String?, contentType: String?) throws(HTTPClientError) -> HTTPAnswer
    {
        guard let handle = unsafe curl_easy_init() else {
            throw HTTPClientError(description: "libcurl could not start", isRefused: false)
        }
        // SAFETY: `handle` and `headers` live to the end of this function and are freed once.
        defer { unsafe curl_easy_cleanup(handle) }
        let received = Received()
        let (seconds, attoseconds) = timeout.components
        let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        unsafe c_curl_set_text(handle, CURLOPT_URL, url)
        unsafe c_curl_set_number(handle, CURLOPT_TIMEOUT_MS, milliseconds)
        unsafe c_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        // A proxy set for the outside world must not see what is asked of our own server.
        unsafe c_curl_set_text(handle, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1")
        if let body { unsafe c_curl_set_body(handle, body, body.utf8.count) }
        let headers = unsafe contentType.flatMap {
            unsafe curl_slist_append(nil, "Content-Type: \($0)")
        }
        defer { unsafe curl_slist_free_all(headers) }
        if let headers = unsafe headers {
            unsafe c_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
        }
        // SAFETY: `received` outlives the transfer; the callback runs on this thread during it.
        let context = unsafe Unmanaged.passUnretained(received).toOpaque()
        unsafe c_curl_set_write(
            handle,
            { bytes, size, count, context in
                guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
                let received = unsafe Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
                unsafe received.bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count)
                )
                return size * count
            },
            context
        )
        let code = unsafe curl_easy_perform(handle)
        guard code == CURLE_OK else {
            let reason = unsafe String(cString: curl_easy_strerror(code))
            throw HTTPClientError(
                description: "\(url): \(reason)",
                isRefused: code == CURLE_COULDNT_CONNECT
            )
        }
        return HTTPAnswer(status: unsafe c_curl_status(handle), body: received.bytes)
    }
}
