import Glibc

/// Why a request got no answer.
struct ClientError: Error, Equatable {
    let message: String
}

/// One HTTP/1.1 connection that is used again and again. Blocking; one thread at a time.
struct KeepAliveClient: ~Copyable {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ target: HostAndPort) throws(ClientError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // SAFETY: the list is freed below; the strings live through the call.
        guard unsafe getaddrinfo(target.host, String(target.port), &hints, &found) == 0,
            let address = unsafe found
        else { throw ClientError(message: "the host \(target.host) is not known") }
        defer { unsafe freeaddrinfo(address) }
        let descriptor = unsafe socket(address.pointee.ai_family, hints.ai_socktype, 0)
        guard descriptor >= 0 else { throw ClientError(message: "no socket: error \(errno)") }
        // SAFETY: the address lives until it is freed above.
        let code = unsafe connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen)
        guard code == 0 else {
            let error = errno
            close(descriptor)
            throw ClientError(
                message: error == ECONNREFUSED
                    ? "nobody listens on \(target); start it with: game-api serve"
                    : "connecting to \(target) failed: error \(error)"
            )
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: the values live through their calls.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        let patienceSize = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceSize)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Sends one GET and gives the status of its answer.
    mutating func get(_ path: String, host: String) throws(ClientError) -> Int {
        try send(
            "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n"
                + "User-Agent: ApacheBench/2.3 (played by game-api)\r\nAccept: */*\r\n\r\n"
        )
        return try receive()
    }

    private func send(_ text: String) throws(ClientError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // SAFETY: the range lies inside the array.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ClientError(message: "sending failed: error \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads one answer, which has a length, and forgets its body.
    private mutating func receive() throws(ClientError) -> Int {
        while true {
            if let answer = Answer(received) {
                received.removeFirst(answer.size)
                return answer.status
            }
            var block = [UInt8](repeating: 0, count: 4096)
            // SAFETY: the block is as large as said.
            let count = unsafe recv(descriptor, &block, block.count, 0)
            guard count > 0 else {
                let what = count == 0 ? "the game closed the connection" : "no answer came"
                throw ClientError(message: what)
            }
            received += block[..<count]
        }
    }

    /// The first complete answer in some bytes.
    private struct Answer {
        let status: Int
        let size: Int

        init?(_ bytes: [UInt8]) {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            let words = head.split(separator: " ", maxSplits: 2)
            guard words.count > 1, let status = Int(words[1]) else { return nil }
            var length = 0
            for line in head.split(separator: "\r\n").dropFirst()
            where line.lowercased().hasPrefix("content-length:") {
                length = Int(line.split(separator: " ").last ?? "") ?? 0
            }
            guard bytes.count >= end.upperBound + length else { return nil }
            self.status = status
            self.size = end.upperBound + length
        }
    }
}
