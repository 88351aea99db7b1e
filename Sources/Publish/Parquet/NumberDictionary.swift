internal import Bytes

/// The different numbers of a column chunk, by their bit patterns, in order of appearance.
///
/// SAFETY: `slots` has `mask + 1` elements and `entries` room for half as many, which is never
/// exceeded; both belong to this value alone and are freed in `deinit`.
@safe
internal struct NumberDictionary: ~Copyable {
    /// Number of an entry plus one; zero is free. A power of two, at most half full.
    private var slots: UnsafeMutablePointer<UInt32>
    private var entries: UnsafeMutablePointer<UInt64>
    private var mask = 0
    /// Entries so far.
    private(set) var count = 0

    private static let slotsMin = 256

    init() {
        unsafe slots = .allocate(capacity: Self.slotsMin)
        unsafe slots.initialize(repeating: 0, count: Self.slotsMin)
        unsafe entries = .allocate(capacity: Self.slotsMin / 2)
        mask = Self.slotsMin - 1
    }

    deinit {
        unsafe slots.deallocate()
        unsafe entries.deallocate()
    }

    /// The number of `pattern`, which becomes an entry if it is none yet.
    @inline(__always)
    mutating func index(of pattern: UInt64) -> UInt32 {
        var slot = Self.hash(pattern) & mask
        while true {
            let found = unsafe slots[slot]
            if found == 0 { break }
            if unsafe entries[Int(found &- 1)] == pattern { return found &- 1 }
            slot = (slot &+ 1) & mask
        }
        return add(pattern, at: slot)
    }

    @inline(never)
    private mutating func add(_ pattern: UInt64, at slot: Int) -> UInt32 {
        unsafe entries[count] = pattern
        count += 1
        unsafe slots[slot] = UInt32(count)
        let index = UInt32(count - 1)
        if count * 2 > mask { enlarge() }
        return index
    }

    private mutating func enlarge() {
        let size = (mask + 1) * 4
        unsafe slots.deallocate()
        unsafe slots = .allocate(capacity: size)
        unsafe slots.initialize(repeating: 0, count: size)
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: size / 2)
        unsafe larger.update(from: entries, count: count)
        unsafe entries.deallocate()
        unsafe entries = larger
        mask = size - 1
        for index in 0..<count {
            var slot = unsafe Self.hash(entries[index]) & mask
            while unsafe slots[slot] != 0 { slot = (slot + 1) & mask }
            unsafe slots[slot] = UInt32(index + 1)
        }
    }

    @inline(__always)
    private static func hash(_ pattern: UInt64) -> Int {
        // Both halves: decimal fractions have the same digits again and again in the low one.
        let product = pattern.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }

    /// Forgets all entries and keeps the memory.
    mutating func removeAll() {
        if count == 0 { return }
        count = 0
        unsafe slots.update(repeating: 0, count: mask + 1)
    }

    /// Appends the entries as Parquet's plain values of `width` bytes, four or eight.
    func appendPlain(width: Int, to output: inout ByteBuffer) {
        for index in 0..<count {
            let entry = unsafe entries[index]
            if width == 4 {
                output.appendLittleEndian(UInt32(truncatingIfNeeded: entry))
            } else {
                output.appendLittleEndian(entry)
            }
        }
    }
}
