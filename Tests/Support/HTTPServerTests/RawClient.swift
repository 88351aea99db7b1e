import Glibc

/// A client that sends bytes as they are: what a polite library would not send can be sent too.
struct RawClient: ~Copyable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let patienceSize = socklen_t(MemoryLayout<timeval>.size)
        // SAFETY: the values live through their calls.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceSize)
        let code = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(message: "connect failed with \(errno)") }
    }

    deinit { close(descriptor) }

    struct Failure: Error { let message: String }

    /// Sends everything, or what the server is willing to read.
    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the range lies inside the array.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor,
                    $0.baseAddress.map { unsafe $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads until `isEnough` or the end of the connection.
    func receive(until isEnough: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            // SAFETY: the block is as large as said.
            let count = unsafe recv(descriptor, &block, block.count, 0)
            guard count > 0 else { break }
            bytes += block[..<count]
            if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads one answer with a Content-Length.
    func receiveAnswer() -> Answer {
        Answer(
            receive { text in
                guard let end = text.range(of: "\r\n\r\n") else { return false }
                let length = Answer(text).header("Content-Length").flatMap { Int($0) } ?? 0
                return text.utf8.count - text[..<end.upperBound].utf8.count >= length
            }
        )
    }

    func receiveToEnd() -> String { receive { _ in false } }

    func request(_ head: String, body: String = "") -> Answer {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        send("\(head) HTTP/1.1\r\nHost: test\r\n\(length)\r\n\(body)")
        return receiveAnswer()
    }
}

/// An answer taken apart.
struct Answer {
    let text: String

    init(_ text: String) { self.text = text }

    var status: Int? {
        text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
    }

    var head: Substring { text.range(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? "" }
    var body: Substring { text.range(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? "" }

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            if halves.count == 2, halves[0].lowercased() == name.lowercased() {
                return String(halves[1].drop { $0 == " " })
            }
        }
        return nil
    }
}

extension String {
    func range(of needle: String) -> Range<Index>? { firstRange(of: needle) }
}
