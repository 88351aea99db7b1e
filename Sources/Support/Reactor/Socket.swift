public import Bytes
import CLinux
import Glibc

/// A connected stream socket, confined to its reactor's thread.
///
/// `receive` and `send` never block: they do what the kernel can do now. `wait` suspends until that
/// may have changed, or until somebody calls `wake`; one task at a time may wait. So a connection
/// can wait for its peer and for its own answers with one loop:
///
///     while !socket.isClosed {
///         readWhatIsThere(); answerWhatIsDecided(); sendWhatFits()
///         await socket.wait()
///     }
@safe
public final class Socket: @unchecked Sendable {
    // @unchecked Sendable: touched only on the thread of `reactor`, which every entry checks.

    /// What `receive` found.
    public enum Received: Equatable, Sendable {
        /// So many bytes were appended.
        case bytes(Int)
        /// Nothing is there yet.
        case nothingYet
        /// The peer will send no more.
        case end
    }

    /// The reactor that owns the socket.
    public let reactor: Reactor
    /// Where the peer is.
    public let peer: SocketAddress
    /// Where the connection arrived.
    public let local: SocketAddress
    internal private(set) var generation: UInt32 = 0
    private let descriptor: Int32
    private var signal = Signal()
    /// The kernel may have bytes for us: false from a short read until the next event.
    private var mayReceive = true
    /// The kernel may take bytes from us: false from a short write until the next event.
    private var maySend = true

    /// The socket was closed here, by `close` or because the reactor stops.
    public private(set) var isClosed = false
    /// The peer closed its sending side or reset the connection: an answer may still be wanted, a
    /// long wait is not.
    public private(set) var isHungUp = false

    /// Puts an accepted connection on `reactor`. Call on its thread.
    public init(_ accepted: consuming AcceptedConnection, on reactor: Reactor) throws(ReactorError)
    {
        self.reactor = reactor
        peer = accepted.peer
        local = accepted.local
        descriptor = accepted.take()
        do throws(ReactorError) {
            try reactor.register(descriptor, peer.description) { generation in
                self.generation = generation
                return self
            }
        } catch {
            Glibc.close(descriptor)
            isClosed = true
            throw error
        }
    }

    /// Appends what has arrived to `buffer`, at most `limit` bytes.
    public func receive(
        into buffer: inout ByteBuffer,
        limit: Int
    ) throws(ReactorError) -> Received {
        reactor.preconditionCurrent()
        if isClosed { return .end }
        if !mayReceive { return .nothingYet }
        var result = 0
        // SAFETY: recv writes at most `room.count` bytes into the room it is given.
        unsafe buffer.appendUninitialized(capacity: limit) { room in
            result = retryingInterrupts { unsafe recv(descriptor, room.baseAddress, room.count, 0) }
            return max(result, 0)
        }
        if result > 0 {
            // A short read has emptied the kernel's buffer; what comes next makes a new event.
            mayReceive = result == limit || isHungUp
            return .bytes(result)
        }
        if result == 0 { return .end }
        if errno == EAGAIN {
            mayReceive = false
            return .nothingYet
        }
        throw ReactorError("recv", peer.description)
    }

    /// Sends the beginning of `bytes`, as much as the kernel takes now; returns how much that was.
    public func send(_ bytes: RawSpan) throws(ReactorError) -> Int {
        reactor.preconditionCurrent()
        if isClosed || !maySend || bytes.byteCount == 0 { return 0 }
        // SAFETY: the pointer is used only during the call.
        let result = unsafe bytes.withUnsafeBytes { source in
            retryingInterrupts {
                unsafe Glibc.send(
                    descriptor,
                    source.baseAddress,
                    source.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
        }
        if result >= 0 {
            maySend = result == bytes.byteCount
            return result
        }
        if errno == EAGAIN {
            maySend = false
            return 0
        }
        throw ReactorError("send", peer.description)
    }

    /// Suspends until the kernel reports a change, somebody calls `wake`, or the socket is closed.
    ///
    /// Returns at once when one of these happened since the last `wait`. It may return without a
    /// reason: look again.
    public func wait(isolation: isolated (any Actor)? = #isolation) async {
        reactor.preconditionCurrent()
        if signal.take() || isClosed { return }
        // SAFETY: the signal resumes what it parked once.
        unsafe await withUnsafeContinuation(isolation: isolation) { unsafe signal.park($0) }
    }

    /// Makes the current or next `wait` return.
    public func wake() {
        reactor.preconditionCurrent()
        signal.send()
    }

    /// Closes the connection; the task that waits returns.
    public func close() {
        reactor.preconditionCurrent()
        guard !isClosed else { return }
        isClosed = true
        reactor.unregisterAndClose(descriptor)
        signal.send()
    }

    deinit {
        precondition(isClosed, "a socket was dropped without being closed")
    }
}

extension Socket: ReactorSource {
    internal func becameReady(_ events: UInt32) {
        if events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            isHungUp = true
            mayReceive = true
        }
        if events & EPOLLIN.rawValue != 0 { mayReceive = true }
        if events & (EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            maySend = true
        }
        signal.send()
    }

    internal func reactorStops() { close() }
}

extension Socket {
    /// Appends at least one byte to `buffer`, waiting for it if necessary; false when the peer has
    /// finished.
    public func read(
        into buffer: inout ByteBuffer,
        limit: Int,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(ReactorError) -> Bool {
        while true {
            switch try receive(into: &buffer, limit: limit) {
            case .bytes: return true
            case .end: return false
            case .nothingYet: await wait()
            }
        }
    }

    /// Sends all of `buffer`, waiting for the peer where necessary, and empties it.
    public func write(
        _ buffer: inout ByteBuffer,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(ReactorError) {
        var sent = 0
        while sent < buffer.count && !isClosed {
            let taken = try send(buffer.bytes.extracting(sent..<buffer.count))
            sent += taken
            if taken == 0 { await wait() }
        }
        buffer.removeAll()
    }
}
