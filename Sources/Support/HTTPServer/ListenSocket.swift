import Glibc

/// A TCP socket that listens.
enum ListenSocket {
    /// Opens a listening socket on `address` and `port`; port 0 takes any that is free.
    static func open(
        address: String,
        port: UInt16,
        backlog: Int32
    ) throws(HTTPServerError) -> (descriptor: Int32, port: UInt16) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // SAFETY: `found` is freed below; the strings live through the call.
        let code = unsafe getaddrinfo(address, String(port), &hints, &found)
        guard code == 0, let first = unsafe found else { throw .unknownAddress(address) }
        defer { unsafe freeaddrinfo(first) }

        func failure(_ call: String) -> HTTPServerError {
            let error = errno
            if error == EADDRINUSE { return .addressInUse(address, port: port) }
            // SAFETY: strerror's text is copied at once; start-up is the only caller.
            let message = unsafe String(cString: strerror(error))
            return .system(call: call, address: address, port: port, error: error, message: message)
        }
        let family = unsafe first.pointee.ai_family
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw failure("socket") }
        var isReady = false
        defer { if !isReady { close(descriptor) } }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: the option's value and the address live through their calls.
        guard unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) == 0 else {
            throw failure("setsockopt")
        }
        guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
            throw failure("bind")
        }
        guard listen(descriptor, backlog) == 0 else { throw failure("listen") }
        guard let bound = boundPort(descriptor) else { throw failure("getsockname") }
        isReady = true
        return (descriptor, bound)
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the storage is large enough for every address family.
        let code = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard code == 0 else { return nil }
        // SAFETY: IPv4 and IPv6 addresses both have the port at byte 2, in network order.
        let raw = unsafe withUnsafeBytes(of: &storage) {
            unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        }
        return UInt16(bigEndian: raw)
    }
}
