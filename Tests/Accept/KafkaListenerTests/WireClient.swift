import Bytes
import Glibc
import KafkaProtocol

/// A Kafka client with blocking calls that can also send what no client should.
@safe
final class WireClient: Sendable {
    private let descriptor: Int32

    init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBufferBytes {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // SAFETY: the address is a local that outlives the call.
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 { throw Failure(call: "connect", code: errno) }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    deinit { close(descriptor) }

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// Sends all of `bytes`.
    func send(_ bytes: RawSpan) throws {
        var sent = 0
        while sent < bytes.byteCount {
            // SAFETY: the pointer is used only during the call.
            let count = unsafe bytes.extracting(sent..<bytes.byteCount).withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// Appends one request's frame to `buffer`.
    static func append<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16,
        id: Int32,
        payload: Slab? = nil,
        to buffer: inout ByteBuffer,
        _ fill: (inout API.Request) -> Void = { _ in }
    ) throws {
        var request = API.Request()
        fill(&request)
        let start = Frame.beginRequest(
            API.key,
            version: version,
            correlationID: id,
            clientID: "test",
            in: &buffer
        )
        if let payload {
            try API.encode(
                request: request,
                version: version,
                payload: payload.bytes,
                into: &buffer
            )
        } else {
            try API.encode(
                request: request,
                version: version,
                payload: RawSpan(),
                into: &buffer
            )
        }
        Frame.end(start, in: &buffer)
    }

    /// Sends one request.
    func send<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16,
        id: Int32 = 1,
        payload: Slab? = nil,
        _ fill: (inout API.Request) -> Void = { _ in }
    ) throws {
        var buffer = ByteBuffer()
        try Self.append(api, version: version, id: id, payload: payload, to: &buffer, fill)
        try send(buffer.bytes)
    }

    /// The next answer's bytes without its length; nil when the server has closed the connection.
    func receiveFrame() throws -> Slab? {
        guard let prefix = try receive(4) else { return nil }
        var reader = ByteReader(prefix.bytes)
        let length = Int(try reader.read(Int32.self))
        return try receive(length)
    }

    /// The next answer; nil when the server has closed the connection.
    func receive<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16
    ) throws -> (id: Int32, API.Response)? {
        guard let frame = try receiveFrame() else { return nil }
        var reader = ByteReader(frame.bytes)
        let id = try Frame.readResponseHeader(&reader, api: API.key, version: version)
        return (id, try API.decodeResponse(&reader, version: version))
    }

    private func receive(_ count: Int) throws -> Slab? {
        var buffer = ByteBuffer(capacity: max(count, 1))
        while buffer.count < count {
            var result = 0
            // SAFETY: recv writes at most what there is room for.
            unsafe buffer.appendUninitialized(capacity: count - buffer.count) { room in
                result = unsafe recv(descriptor, room.baseAddress, room.count, 0)
                return max(result, 0)
            }
            if result == 0 || (result < 0 && errno == ECONNRESET) { return nil }
            if result < 0 { throw Failure(call: "recv", code: errno) }
        }
        return Slab(buffer)
    }
}
