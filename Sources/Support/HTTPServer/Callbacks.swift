import Bytes
internal import CMicroHTTPD

/// The functions libmicrohttpd calls. Their contexts are a `ServerCore`, which outlives the daemon,
/// and per request an `Exchange`, retained by `begin` and released by `completed`.
enum Callbacks {
    /// A request line has arrived: makes the exchange.
    static let begin:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?)
            -> UnsafeMutableRawPointer? = { context, target, connection in
                // SAFETY: only looked at for nil here.
                guard let context = unsafe context, let target = unsafe target,
                    let connection = unsafe connection
                else { return nil }
                // SAFETY: the context is the daemon's core; the target is a C string that lives
                // through the call.
                let server = unsafe Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
                let exchange = unsafe Exchange(
                    server: server,
                    target: String(cString: target),
                    connection: ConnectionHandle(connection)
                )
                return unsafe Unmanaged.passRetained(exchange).toOpaque()
            }

    /// The header lines, a piece of the body or its end has arrived, or a sleeping connection has
    /// woken up.
    static let access: MHD_AccessHandlerCallback = {
        _,
        _,
        _,
        method,
        _,
        upload,
        uploadSize,
        request in
        // SAFETY: only looked at for nil here.
        guard let pointer = unsafe request?.pointee, let uploadSize = unsafe uploadSize else {
            return c_microhttpd_no
        }
        // SAFETY: `begin` retained the exchange and `completed` has not been called.
        let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue()
        if !exchange.hasBegun {
            return exchange.begin(method: unsafe method.map { unsafe String(cString: $0) } ?? "")
        }
        let count = unsafe uploadSize.pointee
        if count > 0, let upload = unsafe upload {
            // SAFETY: libmicrohttpd gives `count` bytes that live through the call.
            let piece = unsafe RawSpan(_unsafeStart: upload, byteCount: count)
            let result = exchange.receive(piece)
            unsafe uploadSize.pointee = 0
            return result
        }
        return exchange.isHandled ? exchange.sendAnswer() : exchange.finishReceiving()
    }

    /// The answer has been sent, or the connection is gone.
    static let completed: MHD_RequestCompletedCallback = { _, _, request, _ in
        // SAFETY: only looked at for nil here.
        guard let request = unsafe request, let pointer = unsafe request.pointee else { return }
        // SAFETY: this is the one release of what `begin` retained.
        let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
        unsafe request.pointee = nil
        exchange.complete()
    }
}
