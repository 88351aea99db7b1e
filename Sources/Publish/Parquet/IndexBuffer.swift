/// Dictionary indices of a page that is being made: memory that one owner fills and uses again.
///
/// SAFETY: the block has `capacity` elements, of which the first `count` are initialised; it is
/// freed once, in `deinit`.
@safe
internal struct IndexBuffer: ~Copyable {
    private var base: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 1 << 14
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// Forgets the indices and makes room for `capacity` of them.
    mutating func reset(capacity needed: Int) {
        count = 0
        if needed <= capacity { return }
        unsafe base.deallocate()
        capacity = needed
        unsafe base = .allocate(capacity: capacity)
    }

    /// Appends an index, for which `reset` made room.
    @inline(__always)
    mutating func append(_ index: UInt32) {
        precondition(count < capacity, "more indices than announced")
        unsafe base[count] = index
        count &+= 1
    }

    /// The indices.
    var indices: Span<UInt32> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
