internal import Synchronization

/// One piece of memory with one owner, aligned as Arrow likes it; goes back to its pool when the
/// owner lets go.
@safe
public struct Block: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: the memory has exactly one owner, so moving the block moves the only
    // access to it.
    @usableFromInline internal let base: UnsafeMutableRawPointer
    /// Bytes the block holds; a power of two, at least 64.
    public let capacity: Int
    @usableFromInline internal let pool: BlockPool

    fileprivate init(base: UnsafeMutableRawPointer, capacity: Int, pool: BlockPool) {
        // SAFETY: the pool gives each block to one owner, who gives it back in `deinit`.
        unsafe self.base = base
        self.capacity = capacity
        self.pool = pool
    }

    deinit {
        // SAFETY: this was the memory's only owner.
        unsafe pool.recycle(base, capacity: capacity)
    }

    /// Stores `value` as the `index`-th of its type. A precondition checks that it fits.
    @inlinable
    public func store<T: BitwiseCopyable>(_ value: T, at index: Int) {
        precondition(
            index >= 0 && (index &+ 1) &* MemoryLayout<T>.stride <= capacity,
            "store beyond the block"
        )
        // SAFETY: checked just above; the base is aligned to 64 bytes, so every index is aligned.
        unsafe base.storeBytes(
            of: value,
            toByteOffset: index &* MemoryLayout<T>.stride,
            as: T.self
        )
    }

    /// Loads the `index`-th value of type `T`. The caller must have stored it.
    @inlinable
    public func load<T: BitwiseCopyable>(_ index: Int, as type: T.Type) -> T {
        precondition(
            index >= 0 && (index &+ 1) &* MemoryLayout<T>.stride <= capacity,
            "load beyond the block"
        )
        // SAFETY: checked just above; the base is aligned to 64 bytes, so every index is aligned.
        return unsafe base.load(fromByteOffset: index &* MemoryLayout<T>.stride, as: T.self)
    }

    /// Copies `source` to the byte at `offset`. A precondition checks that it fits.
    @inlinable
    public func copy(_ source: RawSpan, at offset: Int) {
        let count = source.byteCount
        precondition(offset >= 0 && count <= capacity &- offset, "copy beyond the block")
        if count == 0 { return }
        // SAFETY: checked just above; the source is somebody else's memory, so the two do not
        // overlap.
        unsafe source.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                unsafe (base + offset).copyMemory(from: start, byteCount: count)
            }
        }
    }

    /// The address of the byte at `offset`, for code that fills the block in place.
    ///
    /// It may be used as long as the block lives, and only within its capacity.
    @inlinable
    @unsafe
    public func address(_ offset: Int) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && offset <= capacity, "address beyond the block")
        // SAFETY: the bounds were checked above; the block is this value's own.
        return unsafe base + offset
    }

    /// Sets `count` bytes from `offset` on to `byte`. A precondition checks that they fit.
    public func fill(_ byte: UInt8, from offset: Int, count: Int) {
        precondition(
            offset >= 0 && count >= 0 && count <= capacity &- offset,
            "fill beyond the block"
        )
        // SAFETY: checked just above.
        unsafe (base + offset).initializeMemory(as: UInt8.self, repeating: byte, count: count)
    }

    /// The first `count` bytes, which the caller must have written.
    @inlinable
    @_lifetime(borrow self)
    public func bytes(_ count: Int) -> RawSpan {
        precondition(count >= 0 && count <= capacity, "view beyond the block")
        // SAFETY: checked just above; the memory lives as long as this borrow.
        let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Exchanges the memory for at least twice as much that begins with the same `count` bytes.
    public mutating func grow(toHold needed: Int, keeping count: Int) {
        let larger = pool.take(atLeast: max(needed, capacity * 2))
        larger.copy(bytes(count), at: 0)
        self = larger
    }
}

/// Where blocks come from and go back to, so that a steady stream of batches touches the same warm
/// memory again and again.
///
/// Thread-safe: a block may be freed by the thread on which Arrow lets go of it. At most
/// `bytesRetainedMax` are kept for later; the rest goes back to the system at once.
@safe
public final class BlockPool: Sendable {
    /// Memory that nobody uses.
    @safe
    private struct FreeBlock: @unchecked Sendable {
        // @unchecked Sendable: no block owns the memory any more; the pool's lock guards who takes
        // it next.
        let base: UnsafeMutableRawPointer
    }

    private struct Shelf {
        /// Free blocks by the power of two that is their size.
        var free: [[FreeBlock]] = Array(repeating: [], count: 64)
        var bytesRetained = 0
    }

    private let shelf = Mutex(Shelf())
    /// Blocks up to that size are not kept.
    private static let smallMax = 64
    /// The most bytes of free blocks that are kept.
    public let bytesRetainedMax: Int

    /// A pool that keeps up to that many bytes of free blocks.
    public init(bytesRetainedMax: Int = 32 << 20) {
        self.bytesRetainedMax = bytesRetainedMax
    }

    deinit {
        shelf.withLock { shelf in
            for blocks in shelf.free {
                // SAFETY: nobody holds a block (each retains its pool), and the free ones are freed
                // exactly once.
                for block in blocks { unsafe block.base.deallocate() }
            }
        }
    }

    /// Bytes of free blocks kept at the moment.
    public var bytesRetained: Int { shelf.withLock { $0.bytesRetained } }

    /// A block of at least `bytes` bytes with unspecified content.
    public func take(atLeast bytes: Int) -> Block {
        precondition(bytes >= 0 && bytes <= 1 << 40, "a block cannot have \(bytes) bytes")
        let shift = bytes <= 64 ? 6 : Int.bitWidth - (bytes - 1).leadingZeroBitCount
        let capacity = 1 << shift
        let kept = unsafe takeKept(shift)
        // SAFETY: the memory left the shelf or is new; it belongs to the block made here alone.
        let base =
            unsafe kept
            ?? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        return unsafe Block(base: base, capacity: capacity, pool: self)
    }

    private func takeKept(_ shift: Int) -> UnsafeMutableRawPointer? {
        // The allocator is as good for the smallest, and better than waiting for the others.
        if 1 << shift <= Self.smallMax { return nil }
        let kept: FreeBlock?? = shelf.withLockIfAvailable { shelf in
            guard let block = shelf.free[shift].popLast() else { return nil }
            shelf.bytesRetained -= 1 << shift
            return block
        }
        // SAFETY: it left the shelf, and goes to the caller alone.
        return unsafe (kept ?? nil)?.base
    }

    fileprivate func recycle(_ base: UnsafeMutableRawPointer, capacity: Int) {
        let block = unsafe FreeBlock(base: base)
        let isKept =
            capacity > Self.smallMax
            && shelf.withLockIfAvailable { shelf in
                guard shelf.bytesRetained + capacity <= bytesRetainedMax else { return false }
                shelf.bytesRetained += capacity
                shelf.free[capacity.trailingZeroBitCount].append(block)
                return true
            } == true
        // SAFETY: its block is gone, and the pool did not keep the memory.
        if !isKept { unsafe base.deallocate() }
    }
}
