/// A finished block of bytes that several parties may hold: what a buffer becomes when it is handed
/// on.
///
/// Freed when the last holder lets go. The bytes do not change while more than one thread can see
/// them; the one exception, `overwrite`, is for the log's writer, which patches base offsets into a
/// batch before anybody else reads it.
@safe
public final class Slab: @unchecked Sendable {
    // @unchecked Sendable: immutable after `init`, but for `overwrite`, whose caller owns the slab
    // alone.
    @usableFromInline internal let base: UnsafeMutableRawPointer
    /// Bytes in the block.
    public let count: Int

    /// Takes over the block of `buffer`.
    public init(_ buffer: consuming ByteBuffer) {
        // SAFETY: the buffer gives its block up and is gone; the slab is its owner from here on.
        let block = unsafe buffer.release()
        unsafe base = block.base
        unsafe count = block.count
    }

    deinit {
        // SAFETY: the block came from ByteBuffer's `allocate` and has no other owner.
        unsafe base.deallocate()
    }

    /// All bytes.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: `count` bytes are initialised and live as long as the slab.
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Overwrites an integer, most significant byte first. Only for a thread that alone can see the
    /// slab.
    @inlinable
    public func overwrite<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(
            offset >= 0 && offset &+ MemoryLayout<T>.size <= count,
            "overwriting beyond the slab"
        )
        // SAFETY: checked just above.
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }
}

/// A range of a slab, which it keeps alive.
public struct SlabSlice: Sendable {
    /// The block.
    public let slab: Slab
    /// The bytes of it that are meant.
    public let range: Range<Int>

    /// The bytes `range` of `slab`.
    public init(_ slab: Slab, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= slab.count,
            "slice beyond the slab"
        )
        self.slab = slab
        self.range = range
    }

    /// All bytes of `slab`.
    public init(_ slab: Slab) {
        self.init(slab, 0..<slab.count)
    }

    /// Bytes in the slice.
    @inlinable public var count: Int { range.count }

    /// The bytes.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: the slice holds the slab, so the bytes live as long as this borrow.
            let span = slab.bytes.extracting(range)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
