internal import CCurl
internal import Synchronization

/// A request to another server.
public struct HTTPCall: Sendable {
    /// What is asked of the address.
    public enum Method: String, Sendable {
        /// Reads.
        case get = "GET"
        /// Reads the header lines alone.
        case head = "HEAD"
        /// Hands something over.
        case post = "POST"
        /// Removes.
        case delete = "DELETE"
    }

    /// What is asked.
    public var method: Method
    /// The address, with everything in it encoded.
    public var url: String
    /// Header lines, by name.
    public var headers: [(name: String, value: String)]
    /// What is sent; nil: nothing.
    public var body: String?
    /// When to give up.
    public var timeout: Duration

    /// A request.
    public init(
        _ method: Method,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: String? = nil,
        timeout: Duration = .seconds(60)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// Requests to other servers, which keep connections open between them. May be used from any
/// thread; a call blocks its thread.
///
/// Requests that change something get a connection of their own: libcurl sends a request on a kept
/// connection again when that turns out to be dead, and a change must not be made twice unawares.
public final class HTTPSession: Sendable {
    /// Largest answer that is taken.
    public static let answerBytesMax = 1 << 30
    /// Connections' handles that are kept.
    private static let handlesMax = 8
    private static let connectTimeoutMilliseconds = 10_000

    private let handles = Mutex<[CurlHandle]>([])
    /// How requests are signed; nil: not at all.
    private let signature: HTTPSignature?

    /// A session without connections.
    public init(signature: HTTPSignature? = nil) { self.signature = signature }

    /// Sends a request and waits for its answer. Redirects are answers.
    public func send(_ call: HTTPCall) throws(HTTPClientError) -> HTTPAnswer {
        let kept = handles.withLock { $0.popLast() }
        guard let handle = kept ?? CurlHandle() else {
            throw HTTPClientError(
                description: "libcurl could not start",
                isRefused: false,
                wasSent: false
            )
        }
        defer {
            handles.withLock { handles in
                if handles.count < Self.handlesMax { handles.append(handle) }
            }
        }
        // SAFETY: the handle is out of the list, so no other thread has it.
        return try unsafe perform(call, with: handle.pointer)
    }

    private func perform(
        _ call: HTTPCall,
        with handle: UnsafeMutableRawPointer
    ) throws(HTTPClientError) -> HTTPAnswer {
        // SAFETY: the handle is this thread's until `send` gives it back; options that point to
        // `received` and `headers`, which end with this function, are cleared by the reset.
        unsafe curl_easy_reset(handle)
        defer { unsafe curl_easy_reset(handle) }
        let (seconds, attoseconds) = call.timeout.components
        let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        unsafe c_curl_set_text(handle, CURLOPT_URL, call.url)
        unsafe c_curl_set_number(handle, CURLOPT_TIMEOUT_MS, milliseconds)
        unsafe c_curl_set_number(
            handle,
            CURLOPT_CONNECTTIMEOUT_MS,
            min(milliseconds, Self.connectTimeoutMilliseconds)
        )
        unsafe c_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        // The path is what was signed: dots in it are names.
        unsafe c_curl_set_number(handle, CURLOPT_PATH_AS_IS, 1)
        unsafe c_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // A proxy set for the outside world must not see what is asked of this machine.
        unsafe c_curl_set_text(handle, CURLOPT_NOPROXY, Self.directHosts(call.url))
        if let body = call.body { unsafe c_curl_set_body(handle, body, body.utf8.count) }
        switch call.method {
        case .get: break
        case .head: unsafe c_curl_set_number(handle, CURLOPT_NOBODY, 1)
        case .post, .delete:
            unsafe c_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, call.method.rawValue)
            unsafe c_curl_set_number(handle, CURLOPT_FRESH_CONNECT, 1)
            if call.method == .post, call.body == nil { unsafe c_curl_set_body(handle, "", 0) }
        }
        // No wait for a "100 Continue" that few servers send.
        var headers = unsafe curl_slist_append(nil, "Expect:")
        for header in call.headers + (signature?.headers(for: call) ?? []) {
            unsafe headers = curl_slist_append(headers, "\(header.name): \(header.value)")
        }
        defer { unsafe curl_slist_free_all(headers) }
        if let headers = unsafe headers {
            unsafe c_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
        }
        let received = Received(limit: Self.answerBytesMax)
        unsafe received.listen(to: handle)
        let code = unsafe curl_easy_perform(handle)
        guard code == CURLE_OK else { throw HTTPClientError(code, call.url) }
        return HTTPAnswer(
            status: unsafe c_curl_status(handle),
            body: received.bytes,
            headers: received.headers
        )
    }

    /// Hosts that no proxy is asked for; nil leaves it to the environment.
    private static func directHosts(_ url: String) -> String? {
        let host = url.split(separator: "/").dropFirst().first ?? ""
        let isHere = ["127.0.0.1", "localhost", "[::1]"].contains { host.hasPrefix($0) }
        return isHere ? "*" : nil
    }
}

/// One of libcurl's handles, with the connections it keeps.
///
/// SAFETY: the pointer is open from `init` to `deinit`, and belongs to one thread at a time.
@safe
private final class CurlHandle: @unchecked Sendable {
    // @unchecked Sendable: `HTTPSession` takes it out of the list in its lock for one thread, which
    // puts it back when it is done.
    let pointer: UnsafeMutableRawPointer

    init?() {
        guard let made = unsafe curl_easy_init() else { return nil }
        unsafe pointer = made
    }

    deinit { unsafe curl_easy_cleanup(pointer) }
}

/// What arrives during a transfer.
private final class Received {
    var bytes: [UInt8] = []
    var headers: [(name: String, value: String)] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Has everything that the transfer of `handle` brings come here. It must outlive the transfer.
    func listen(to handle: UnsafeMutableRawPointer) {
        // SAFETY: callbacks run on this thread during the transfer, which the caller keeps this
        // object alive for.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe c_curl_set_write(
            handle,
            { bytes, size, count, context in
                guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
                let received = unsafe Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
                guard received.bytes.count + size * count <= received.limit else { return 0 }
                unsafe received.bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count)
                )
                return size * count
            },
            context
        )
        unsafe c_curl_set_header(
            handle,
            { bytes, size, count, context in
                guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
                let received = unsafe Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
                let line = unsafe String(
                    decoding: UnsafeRawBufferPointer(start: bytes, count: size * count),
                    as: UTF8.self
                )
                received.take(line: line)
                return size * count
            },
            context
        )
    }

    private func take(line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].filter { $0 != "\r\n" && $0 != "\r" }
        headers.append((String(line[..<colon]), String(value.drop { $0 == " " })))
    }
}
