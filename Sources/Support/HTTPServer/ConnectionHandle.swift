internal import CMicroHTTPD

/// A connection of libmicrohttpd while an exchange lives on it.
@safe
struct ConnectionHandle: @unchecked Sendable {
    // @unchecked Sendable: only `resume` may be called from other threads, which libmicrohttpd
    // allows.
    private let pointer: OpaquePointer

    // SAFETY: the connection is libmicrohttpd's; see the type's comment for how long it lives.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    /// Puts the connection to sleep. Only from the access handler and the content reader.
    func suspend() {
        // SAFETY: the caller is libmicrohttpd's own thread, inside one of the two callbacks.
        unsafe MHD_suspend_connection(pointer)
    }

    /// Wakes a sleeping connection. Exactly once per `suspend`, while the exchange is not
    /// completed.
    func resume() {
        // SAFETY: a suspended connection stays allocated until it is resumed.
        unsafe MHD_resume_connection(pointer)
    }

    /// Hands an answer over. Only from the access handler.
    func queue(status: Int, _ response: borrowing MadeResponse) -> MHD_Result {
        // SAFETY: libmicrohttpd takes its own reference to the response.
        unsafe MHD_queue_response(pointer, UInt32(status), response.pointer)
    }

    /// The header lines of the request, in order.
    func headers() -> HTTPHeaders {
        var lines: [HTTPHeader] = []
        lines.reserveCapacity(8)
        // SAFETY: the callback runs inside this call only, on this thread, with the pointer to
        // `lines`.
        unsafe withUnsafeMutablePointer(to: &lines) { lines in
            _ = unsafe c_microhttpd_each_header(
                pointer,
                { context, _, name, nameLength, value, valueLength in
                    guard let lines = unsafe context?.assumingMemoryBound(to: [HTTPHeader].self)
                    else { return c_microhttpd_no }
                    let header = unsafe HTTPHeader(
                        headerText(name, nameLength),
                        headerText(value, valueLength, trimming: true)
                    )
                    unsafe lines.pointee.append(header)
                    return c_microhttpd_yes
                },
                lines
            )
        }
        return HTTPHeaders(lines)
    }
}

/// Header bytes as text; bytes that are not UTF-8 become U+FFFD.
private func headerText(
    _ start: UnsafePointer<CChar>?,
    _ count: Int,
    trimming: Bool = false
) -> String {
    guard let start = unsafe start else { return "" }
    var count = count
    // libmicrohttpd leaves the white space behind a value on it.
    while trimming, count > 0, unsafe start[count - 1] == 0x20 || start[count - 1] == 0x09 {
        count -= 1
    }
    // SAFETY: libmicrohttpd gives `count` bytes that live through the callback.
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
    return unsafe String(decoding: bytes, as: UTF8.self)
}
