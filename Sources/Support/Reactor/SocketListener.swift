import CLinux
import Glibc

/// A connection the kernel has accepted and no reactor watches yet. May be handed to another
/// thread.
public struct AcceptedConnection: ~Copyable, Sendable {
    /// Address of the peer, `HOST:PORT`.
    public let peer: String
    private let descriptor: Descriptor

    internal init(descriptor: Int32, peer: String) {
        self.descriptor = Descriptor(number: descriptor)
        self.peer = peer
    }

    /// Hands the descriptor to a new owner.
    internal consuming func take() -> Int32 { descriptor.take() }
}

/// Closes its descriptor unless somebody took it.
private struct Descriptor: ~Copyable, Sendable {
    let number: Int32

    deinit { close(number) }

    consuming func take() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// A listening stream socket on a reactor.
@safe
public final class SocketListener: @unchecked Sendable {
    // @unchecked Sendable: after `init`, touched only on the thread of `reactor`, which every entry
    // checks.

    /// The reactor that accepts.
    public let reactor: Reactor
    /// Where it listens: `HOST:PORT` with the port the system chose when it was asked for port 0.
    public let address: String
    /// The port it listens on.
    public let port: UInt16
    private let descriptor: Int32
    internal private(set) var generation: UInt32 = 0
    private var signal = Signal()
    /// True when `close` was called or the reactor stops.
    public private(set) var isClosed = false

    /// How long accepting pauses when the process is out of descriptors.
    private static let outOfDescriptorsPause = Duration.milliseconds(100)

    /// Listens on `host` (a name or a number, IPv4 or IPv6) and `port` (0: any). Call on the
    /// reactor's thread.
    public init(host: String, port: UInt16, on reactor: Reactor) throws(ReactorError) {
        self.reactor = reactor
        descriptor = try Self.listen(host: host, port: port)
        let local = Self.localAddress(descriptor)
        address = local.text
        self.port = local.port
        do throws(ReactorError) {
            try reactor.register(descriptor, address) { generation in
                self.generation = generation
                return self
            }
        } catch {
            Glibc.close(descriptor)
            isClosed = true
            throw error
        }
    }

    deinit {
        precondition(isClosed, "a listener was dropped without being closed")
    }

    /// The next connection, or nil when the listener is closed.
    public func accept(
        isolation: isolated (any Actor)? = #isolation
    ) async -> AcceptedConnection? {
        while !isClosed {
            reactor.preconditionCurrent()
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            // SAFETY: the kernel writes at most `length` bytes into the storage.
            let accepted = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe c_linux_accept4(descriptor, address, &length, flags)
                }
            }
            if accepted >= 0 {
                var one: Int32 = 1
                // SAFETY: four bytes of a local. Failure only costs latency.
                unsafe setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
                return AcceptedConnection(
                    descriptor: accepted,
                    peer: Self.describe(storage, length).text
                )
            }
            switch errno {
            case EAGAIN: await wait()
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                await reactor.sleep(for: Self.outOfDescriptorsPause)
            // EINTR, ECONNABORTED and network errors of a connection that is gone.
            default: continue
            }
        }
        return nil
    }

    private func wait(isolation: isolated (any Actor)? = #isolation) async {
        if signal.take() || isClosed { return }
        unsafe await withUnsafeContinuation(isolation: isolation) { unsafe signal.park($0) }
    }

    /// Stops listening; the task that waits in `accept` gets nil.
    public func close() {
        reactor.preconditionCurrent()
        guard !isClosed else { return }
        isClosed = true
        reactor.unregisterAndClose(descriptor)
        signal.send()
    }
}

extension SocketListener: ReactorSource {
    internal func becameReady(_ events: UInt32) { signal.send() }
    internal func reactorStops() { close() }
}

extension SocketListener {
    private static let backlog: Int32 = 512

    /// Opens a non-blocking listening socket on the first address that `host` means.
    private static func listen(host: String, port: UInt16) throws(ReactorError) -> Int32 {
        let subject = "\(host):\(port)"
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // SAFETY: `found` is freed below, after its last use.
        let code = unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found)
        guard code == 0, let info = unsafe found else {
            throw ReactorError("getaddrinfo", subject, code: code)
        }
        defer { unsafe freeaddrinfo(info) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(info.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { throw ReactorError("socket", subject) }
        var one: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        let bound = unsafe bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen)
        if bound != 0 {
            let error = ReactorError("bind", subject)
            Glibc.close(descriptor)
            throw error
        }
        if Glibc.listen(descriptor, backlog) != 0 {
            let error = ReactorError("listen", subject)
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func localAddress(_ descriptor: Int32) -> (text: String, port: UInt16) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the kernel writes at most `length` bytes into the storage.
        _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(descriptor, address, &length)
            }
        }
        return describe(storage, length)
    }

    /// `HOST:PORT`, with brackets around an IPv6 host.
    private static func describe(
        _ storage: sockaddr_storage,
        _ length: socklen_t
    ) -> (text: String, port: UInt16) {
        var storage = storage
        // SAFETY: getnameinfo reads `length` bytes of the storage and ends the text it writes with
        // a zero.
        let host = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            unsafe text.initialize(repeating: 0)
            _ = unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe getnameinfo(
                        address,
                        length,
                        text.baseAddress,
                        socklen_t(text.count),
                        nil,
                        0,
                        NI_NUMERICHOST
                    )
                }
            }
            return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? ""
        }
        // SAFETY: both families hold the port in the same two bytes after the family.
        let port = unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
        return (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)", port)
    }
}
