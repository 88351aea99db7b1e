public import Bytes
internal import CMicroHTTPD
import Threads

/// A body that is made while it is sent: one producer writes from its own thread, the server sends.
///
/// At most `bytesMax` wait to be sent; then `write` blocks, so a slow client slows the producer and
/// memory stays bounded. End with `finish` or `fail`. A stream that is let go of unfinished fails.
public final class HTTPBodyStream: Sendable {
    /// The client, or the server, went away: stop producing.
    public struct Disconnected: Error, Sendable {
        /// The stream has no reader any more.
        public init() {}
    }

    let queue: BodyQueue

    /// A stream of which at most `bytesMax` bytes wait in memory.
    public init(bytesMax: Int = 256 * 1024) {
        precondition(bytesMax > 0, "a stream needs room")
        queue = BodyQueue(bytesMax: bytesMax)
    }

    deinit { queue.close(.failed) }

    /// Queues `bytes`, waiting while too many are queued already.
    public func write(_ bytes: consuming ByteBuffer) throws(Disconnected) {
        guard !bytes.isEmpty else { return }
        try queue.write(Slab(bytes))
    }

    /// Says that the body is complete.
    public func finish() { queue.close(.finished) }

    /// Says that the body cannot be completed: the connection is cut, so that the client notices.
    public func fail() { queue.close(.failed) }
}

/// What lies between a stream's producer and the server's content reader.
final class BodyQueue: Sendable {
    enum End { case open, finished, failed }

    private struct State {
        var chunks: [Slab] = []
        /// Bytes of the first chunk that have been sent.
        var consumed = 0
        var waitingBytes = 0
        var end = End.open
        var isDisconnected = false
        /// The connection that sleeps until there is something to send.
        var sleeper: ConnectionHandle?
    }

    private let state = Condition(State())
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    func write(_ slab: Slab) throws(HTTPBodyStream.Disconnected) {
        let isConnected = state.wait { state -> Bool? in
            if state.isDisconnected { return false }
            precondition(state.end == .open, "writing to a stream that has ended")
            guard state.waitingBytes == 0 || state.waitingBytes + slab.count <= self.bytesMax
            else { return nil }
            state.chunks.append(slab)
            state.waitingBytes += slab.count
            Self.wake(&state)
            return true
        }
        if isConnected != true { throw HTTPBodyStream.Disconnected() }
    }

    func close(_ end: End) {
        state.update { state in
            guard state.end == .open else { return }
            state.end = end
            Self.wake(&state)
        }
    }

    /// The server stops: cuts the connection and lets the producer know.
    func cut() {
        state.update { state in
            state.isDisconnected = true
            guard state.end == .open else { return }
            state.end = .failed
            Self.wake(&state)
        }
    }

    private static func wake(_ state: inout State) {
        guard let sleeper = state.sleeper else { return }
        state.sleeper = nil
        sleeper.resume()
    }

    // MARK: - The server's side

    /// Copies up to `buffer.count` bytes; suspends the connection and copies none when nothing is
    /// there yet.
    func read(_ connection: ConnectionHandle, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        state.update { state in
            guard let chunk = state.chunks.first else {
                switch state.end {
                case .finished: return Int(c_microhttpd_end_of_stream)
                case .failed: return Int(c_microhttpd_end_with_error)
                case .open:
                    connection.suspend()
                    state.sleeper = connection
                    return 0
                }
            }
            let count = min(buffer.count, chunk.count - state.consumed)
            let piece = chunk.bytes.extracting(state.consumed..<(state.consumed + count))
            // SAFETY: `count` is at most the buffer's size.
            unsafe piece.withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
            state.consumed += count
            state.waitingBytes -= count
            if state.consumed == chunk.count {
                state.chunks.removeFirst()
                state.consumed = 0
            }
            return count
        }
    }

    /// Lets the producer know that nobody reads any more.
    func disconnect() {
        state.update { state in
            state.isDisconnected = true
            state.chunks = []
            state.waitingBytes = 0
        }
    }
}
