import CLinux
import Glibc

/// A connection the kernel has accepted and no reactor watches yet. May be handed to another
/// thread.
public struct AcceptedConnection: ~Copyable, Sendable {
    /// Where the connection comes from.
    public let peer: SocketAddress
    /// Where it arrived: for a listener on all interfaces, the one that the peer knows.
    public let local: SocketAddress
    private let descriptor: Descriptor

    internal init(descriptor: Int32, peer: SocketAddress) {
        self.descriptor = Descriptor(number: descriptor)
        self.peer = peer
        local = SocketAddress(localOf: descriptor)
    }

    /// Hands the descriptor to a new owner.
    internal consuming func take() -> Int32 { descriptor.take() }
}

/// Closes its descriptor unless somebody took it.
///
/// Not private: the linker does not find a private type whose values other modules destroy.
@usableFromInline
internal struct Descriptor: ~Copyable, Sendable {
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
    /// Where it listens, with the port the system chose when it was asked for port 0.
    public let address: SocketAddress
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
        address = SocketAddress(localOf: descriptor)
        do throws(ReactorError) {
            try reactor.register(descriptor, address.description) { generation in
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
                    peer: SocketAddress(storage, length)
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
        // SAFETY: the signal resumes what it parked once.
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
}
