internal import Bytes

/// Cuts a connection's bytes into frames: an int32 length, then so many bytes.
///
/// Small requests share a buffer that is read into in chunks. A large one gets a buffer of its own,
/// which grows as its bytes arrive, never by what its length announces, and can be handed on
/// without a copy. One thread.
internal final class FrameReader {
    /// What the bytes at hand are.
    enum Found: Equatable {
        /// A whole frame is at this place of `bytes`.
        case frame(Range<Int>)
        /// More bytes are needed.
        case incomplete
        /// The length is negative or above the limit.
        case badLength(Int)
    }

    /// A frame above this size gets a buffer of its own.
    static let sharedFrameBytesMax = BufferPool.bufferBytes / 2
    /// Memory that is set aside for an announced frame before its bytes are there. The system
    /// counts it only when it is used.
    private static let trustedBytes = 2 << 20

    private let frameBytesMax: Int
    private let pool: BufferPool
    private var buffer: PooledBuffer?
    /// Bytes of the buffer that were frames already handled.
    private var start = 0
    /// The last frame had a buffer of its own: read the next one's length first, so that its bytes
    /// need not be moved.
    private var expectsLargeFrame = false

    init(frameBytesMax: Int, pool: BufferPool) {
        self.frameBytesMax = frameBytesMax
        self.pool = pool
    }

    /// Bytes that are there and not handled.
    var unread: Int { (buffer?.bytes.count ?? 0) - start }

    /// Looks for the next frame.
    func find() -> Found {
        guard let buffer, unread >= 4 else { return .incomplete }
        let length = announcedLength(buffer)
        if length < 0 || length > frameBytesMax { return .badLength(length) }
        guard unread >= 4 + length else { return .incomplete }
        return .frame((start + 4)..<(start + 4 + length))
    }

    private func announcedLength(_ buffer: PooledBuffer) -> Int {
        buffer.withBytes(start..<(start + 4)) { prefix in
            var reader = ByteReader(prefix)
            return Int((try? reader.read(Int32.self)) ?? -1)
        }
    }

    /// Runs `body` on the bytes of a frame that was found.
    func withFrame<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        guard let buffer else { preconditionFailure("there is no frame without a buffer") }
        return buffer.withBytes(range, body)
    }

    /// The frame was handled: its bytes are not needed any more.
    func discard(_ range: Range<Int>) {
        start = range.upperBound
        expectsLargeFrame = range.count > Self.sharedFrameBytesMax
        guard unread == 0, let buffer else { return }
        start = 0
        self.buffer = nil
        pool.giveBack(buffer)
    }

    /// Takes the bytes of a frame out of the reader, so that they can be kept.
    ///
    /// A frame with a buffer of its own is handed on as it is. One in the shared buffer is copied:
    /// that is cheaper than giving up 64 KiB for the few bytes of it.
    func take(_ range: Range<Int>) -> SlabSlice {
        if start == 0, let buffer, range.upperBound == buffer.bytes.count,
            range.count > Self.sharedFrameBytesMax
        {
            var whole = ByteBuffer(capacity: 0)
            swap(&whole, &buffer.bytes)
            self.buffer = nil
            expectsLargeFrame = true
            return SlabSlice(Slab(whole), range)
        }
        let copy = withFrame(range) { frame in
            var bytes = ByteBuffer(capacity: frame.byteCount)
            bytes.append(frame)
            return Slab(bytes)
        }
        discard(range)
        return SlabSlice(copy)
    }

    /// Prepares room for more bytes and lets `receive` append at most `limit` of them to the
    /// buffer.
    func fill<Result, E: Error>(
        _ receive: (_ buffer: inout ByteBuffer, _ limit: Int) throws(E) -> Result
    ) throws(E) -> Result {
        let buffer = self.buffer ?? pool.take()
        self.buffer = buffer
        let result = try receive(&buffer.bytes, makeRoom(buffer))
        if buffer.bytes.isEmpty {
            self.buffer = nil
            pool.giveBack(buffer)
        }
        return result
    }

    /// How many bytes to read next; there is room for them afterwards.
    private func makeRoom(_ buffer: PooledBuffer) -> Int {
        let have = unread
        if have == 0 && expectsLargeFrame {
            expectsLargeFrame = false
            return 4
        }
        let needed = have >= 4 ? 4 + max(0, announcedLength(buffer)) : 4
        if needed <= Self.sharedFrameBytesMax {
            if start > 0 {
                buffer.bytes.removeFirst(start)
                start = 0
            }
            return max(buffer.bytes.capacity, BufferPool.bufferBytes) - have
        }
        // A large frame: exactly its own bytes, in a buffer that holds nothing else.
        let size = min(needed, max(Self.trustedBytes, 2 * have))
        if start > 0 || buffer.bytes.capacity < size {
            var larger = ByteBuffer(capacity: size)
            buffer.withBytes(start..<(start + have)) { larger.append($0) }
            swap(&larger, &buffer.bytes)
            start = 0
        }
        return min(needed, buffer.bytes.capacity) - have
    }

    /// Gives the buffer back.
    func close() {
        if let buffer { pool.giveBack(buffer) }
        buffer = nil
        start = 0
    }
}
