internal import Bytes

/// A buffer that can be kept in a list.
internal final class PooledBuffer: @unchecked Sendable {
    // @unchecked Sendable: belongs to one connection or to the pool, both on one reactor's thread.
    var bytes: ByteBuffer

    init(capacity: Int) { bytes = ByteBuffer(capacity: capacity) }

    /// Runs `body` on a part of the bytes.
    func withBytes<Result, E: Error>(
        _ range: Range<Int>,
        _ body: (RawSpan) throws(E) -> Result
    ) throws(E) -> Result {
        try Self.view(bytes, range, body)
    }

    private static func view<Result, E: Error>(
        _ buffer: borrowing ByteBuffer,
        _ range: Range<Int>,
        _ body: (RawSpan) throws(E) -> Result
    ) throws(E) -> Result {
        try body(buffer.bytes.extracting(range))
    }
}

/// Buffers of one reactor that nobody uses at the moment, so that an idle connection holds none.
internal final class BufferPool: @unchecked Sendable {
    // @unchecked Sendable: touched on the thread of one reactor alone.

    /// What a connection reads small requests into, and begins an answer with.
    static let bufferBytes = 64 << 10
    /// Larger buffers are given back to the system.
    private static let keptBytesMax = 12 << 20
    private static let keptMax = 16
    private var free: [PooledBuffer] = []

    func take() -> PooledBuffer {
        free.popLast() ?? PooledBuffer(capacity: Self.bufferBytes)
    }

    func giveBack(_ buffer: PooledBuffer) {
        guard free.count < Self.keptMax, buffer.bytes.capacity <= Self.keptBytesMax else { return }
        buffer.bytes.removeAll()
        free.append(buffer)
    }
}
