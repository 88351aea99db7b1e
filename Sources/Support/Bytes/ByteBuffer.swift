/// A growable block of bytes with one owner.
///
/// The buffer is the place where bytes are made: a request as it arrives, a response, a record
/// batch. It is not copied by accident (`~Copyable`), grows by doubling, and keeps its block when
/// emptied so that it can be used again. When the bytes are finished and several parties want to
/// read them, `Slab(_:)` turns the same block into a shared one.
///
/// Integers are written big-endian unless the name says otherwise, as Kafka's protocol wants them.
@safe
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: the block has exactly one owner, so moving the buffer moves the only
    // access to it.
    @usableFromInline internal var base: UnsafeMutableRawPointer
    @usableFromInline internal var filled: Int
    @usableFromInline internal var size: Int

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 256) {
        size = max(capacity, 16)
        // SAFETY: the block is owned by this value alone and freed in `deinit`.
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        filled = 0
    }

    deinit {
        // SAFETY: `base` came from `allocate` and nobody else frees it.
        unsafe base.deallocate()
    }

    /// Bytes written so far.
    @inlinable public var count: Int { filled }
    /// Bytes the block holds before it must grow.
    @inlinable public var capacity: Int { size }
    /// True when nothing has been written.
    @inlinable public var isEmpty: Bool { filled == 0 }

    /// The bytes written so far.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: the first `filled` bytes are initialised and live as long as this borrow.
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: filled)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Makes room for `more` bytes beyond `count`.
    @inlinable
    public mutating func reserve(_ more: Int) {
        if size &- filled < more { grow(by: more) }
    }

    @usableFromInline
    @inline(never)
    internal mutating func grow(by more: Int) {
        precondition(more >= 0, "a buffer cannot grow by a negative number of bytes")
        size = max(size * 2, filled + more)
        // SAFETY: the new block holds at least `filled` bytes; the old one is freed exactly once.
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe block.copyMemory(from: base, byteCount: filled)
        unsafe base.deallocate()
        unsafe base = block
    }

    /// Forgets the bytes and keeps the block.
    @inlinable
    public mutating func removeAll() { filled = 0 }

    /// Forgets all bytes after the first `count`.
    @inlinable
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= filled, "truncation beyond the bytes written")
        filled = count
    }

    /// Drops the first `count` bytes and moves the rest to the front.
    public mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= filled, "removal beyond the bytes written")
        // SAFETY: both ranges lie inside the block; memmove allows the overlap.
        unsafe base.copyMemory(from: base + count, byteCount: filled - count)
        filled -= count
    }

    /// Gives the block away as a shared one, leaving nothing behind.
    internal consuming func release() -> (base: UnsafeMutableRawPointer, count: Int) {
        // SAFETY: `discard` keeps `deinit` from freeing the block; the caller owns it now.
        let block = unsafe (base: base, count: filled)
        discard self
        return unsafe block
    }
}
