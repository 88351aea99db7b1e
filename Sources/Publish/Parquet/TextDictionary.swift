internal import Bytes

/// The different texts of a column chunk, in order of appearance.
///
/// SAFETY: `slots` has `mask + 1` elements and `entries` room for half as many, which is never
/// exceeded; both belong to this value alone and are freed in `deinit`.
@safe
internal struct TextDictionary: ~Copyable {
    private struct Slot {
        /// The upper half of the text's hash.
        var hash: UInt32
        /// Number of the entry plus one; zero is free.
        var entry: UInt32
    }

    private struct Entry {
        /// Where its bytes are in `plain`.
        var start: Int
        var count: Int
        var hash: UInt64
        /// Its first bytes, all of it when it is short.
        var head: TextHead
    }

    /// A power of two, at most half full.
    private var slots: UnsafeMutablePointer<Slot>
    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    /// Entries so far.
    private(set) var count = 0
    /// All entries as Parquet's plain values: four bytes of length, then the text.
    private(set) var plain = ByteBuffer(capacity: 1024)

    private static let slotsMin = 256
    private static let free = Slot(hash: 0, entry: 0)

    init() {
        unsafe slots = .allocate(capacity: Self.slotsMin)
        unsafe slots.initialize(repeating: Self.free, count: Self.slotsMin)
        unsafe entries = .allocate(capacity: Self.slotsMin / 2)
        mask = Self.slotsMin - 1
    }

    deinit {
        unsafe slots.deallocate()
        unsafe entries.deallocate()
    }

    /// The number of the text of `length` bytes at `text`, which becomes an entry if it is none
    /// yet. `readable` bytes may be read there, the text's among them.
    @inline(__always)
    mutating func index(of text: UnsafeRawPointer, length: Int, readable: Int) -> UInt32 {
        // SAFETY: the caller has that many bytes there.
        let head = unsafe TextHead(text, length, readable: readable)
        let hash =
            length <= TextHead.size
            ? head.hash(length) : unsafe Self.hash(text, length, after: head)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = unsafe slots[slot]
            if found.entry == 0 { break }
            if found.hash == UInt32(truncatingIfNeeded: hash >> 32),
                unsafe isEqual(entries + Int(found.entry &- 1), text, length, head)
            {
                return found.entry &- 1
            }
            slot = (slot &+ 1) & mask
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
        return unsafe add(bytes, hash, head, at: slot)
    }

    /// Forgets all entries and keeps the memory.
    mutating func removeAll() {
        if count == 0 { return }
        count = 0
        plain.removeAll()
        unsafe slots.update(repeating: Self.free, count: mask + 1)
    }

    /// Calls `body` with every entry.
    func forEach(_ body: (RawSpan) -> Void) {
        for index in 0..<count {
            let entry = unsafe entries[index]
            body(plain.bytes.extracting(entry.start..<entry.start + entry.count))
        }
    }

    @inline(never)
    private mutating func add(
        _ text: UnsafeRawBufferPointer,
        _ hash: UInt64,
        _ head: TextHead,
        at slot: Int
    ) -> UInt32 {
        plain.appendLittleEndian(UInt32(text.count))
        let entry = Entry(start: plain.count, count: text.count, hash: hash, head: head)
        unsafe (entries + count).initialize(to: entry)
        count += 1
        // SAFETY: the bytes are the caller's and live during the call.
        unsafe plain.append(RawSpan(_unsafeBytes: text))
        let high = UInt32(truncatingIfNeeded: hash >> 32)
        unsafe slots[slot] = Slot(hash: high, entry: UInt32(count))
        let index = UInt32(count - 1)
        if count * 2 > mask { enlarge() }
        return index
    }

    private mutating func enlarge() {
        let size = (mask + 1) * 4
        unsafe slots.deallocate()
        unsafe slots = .allocate(capacity: size)
        unsafe slots.initialize(repeating: Self.free, count: size)
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: size / 2)
        unsafe larger.moveInitialize(from: entries, count: count)
        unsafe entries.deallocate()
        unsafe entries = larger
        mask = size - 1
        for index in 0..<count {
            let hash = unsafe entries[index].hash
            var slot = Int(truncatingIfNeeded: hash) & mask
            while unsafe slots[slot].entry != 0 { slot = (slot + 1) & mask }
            let high = UInt32(truncatingIfNeeded: hash >> 32)
            unsafe slots[slot] = Slot(hash: high, entry: UInt32(index + 1))
        }
    }

    @inline(__always)
    private func isEqual(
        _ entry: UnsafeMutablePointer<Entry>,
        _ text: UnsafeRawPointer,
        _ length: Int,
        _ head: TextHead
    ) -> Bool {
        guard unsafe entry.pointee.count == length && entry.pointee.head == head else {
            return false
        }
        return unsafe length <= TextHead.size || isEqualBehind(entry.pointee.start, text, length)
    }

    /// The same for texts that are longer than their heads.
    @inline(never)
    private func isEqualBehind(_ start: Int, _ text: UnsafeRawPointer, _ count: Int) -> Bool {
        // SAFETY: both have `count` bytes; words are read only inside them, the last overlapping.
        unsafe plain.bytes.withUnsafeBytes { known in
            guard let base = known.baseAddress else { return count == 0 }
            return unsafe TextBytes.areEqual(base + start, text, count)
        }
    }

    /// The hash of a long text, eight bytes at a time, the last ones overlapping.
    @inline(never)
    private static func hash(_ text: UnsafeRawPointer, _ count: Int, after head: TextHead) -> UInt64
    {
        var hash = head.hash(count)
        var offset = TextHead.size
        while offset &+ 8 <= count {
            // SAFETY: the eight bytes lie inside the text.
            hash = unsafe TextHead.mix(hash, TextBytes.word(text + offset))
            offset &+= 8
        }
        // SAFETY: `tail` reads the last bytes of the text and no others.
        return unsafe TextHead.mix(hash, TextBytes.tail(text, count))
    }
}

/// The first 32 bytes of a text, zeros behind a shorter one: hashed and compared at once, without a
/// loop whose length nobody can predict.
internal struct TextHead: Equatable {
    static let size = 32

    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// The head of the text of `count` bytes at `text`, where `readable` bytes may be read.
    @inline(__always)
    init(_ text: UnsafeRawPointer, _ count: Int, readable: Int) {
        // SAFETY: all four words lie in what may be read.
        guard readable >= Self.size else {
            unsafe words = Self.bytes(text, count)
            return
        }
        unsafe words = (
            TextBytes.word(text) & Self.mask(count),
            TextBytes.word(text + 8) & Self.mask(count &- 8),
            TextBytes.word(text + 16) & Self.mask(count &- 16),
            TextBytes.word(text + 24) & Self.mask(count &- 24)
        )
    }

    /// Byte by byte, for the last texts of a column.
    @inline(never)
    private static func bytes(
        _ text: UnsafeRawPointer,
        _ count: Int
    ) -> (UInt64, UInt64, UInt64, UInt64) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for index in 0..<min(count, size) {
            // SAFETY: the byte lies inside the text.
            let byte = unsafe UInt64((text + index).load(as: UInt8.self)) << UInt64((index & 7) * 8)
            switch index >> 3 {
            case 0: words.0 |= byte
            case 1: words.1 |= byte
            case 2: words.2 |= byte
            default: words.3 |= byte
            }
        }
        return words
    }

    /// All bits of a word's first `count` bytes.
    @inline(__always)
    private static func mask(_ count: Int) -> UInt64 {
        let bytes = min(max(count, 0), 8)
        // Smart shifts: 64 places leave nothing.
        return ~(UInt64.max << UInt64(bytes &* 8))
    }

    @inline(__always)
    func hash(_ count: Int) -> UInt64 {
        let first = (words.0 ^ 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: words.1 ^ 0xBF58_476D_1CE4_E5B9)
        let second = (words.2 ^ 0x94D0_49BB_1331_11EB)
            .multipliedFullWidth(by: words.3 ^ 0xD6E8_FEB8_6659_FD93)
        let both = first.high ^ first.low ^ second.high &* 3 ^ second.low
        return Self.mix(both, UInt64(truncatingIfNeeded: count))
    }

    @inline(__always)
    static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xBF58_476D_1CE4_E5B9)
        return product.high ^ product.low
    }

    @inline(__always)
    static func == (one: TextHead, other: TextHead) -> Bool {
        let (left, right) = (one.words, other.words)
        return (left.0 ^ right.0) | (left.1 ^ right.1) | (left.2 ^ right.2) | (left.3 ^ right.3)
            == 0
    }
}

/// Short texts, eight bytes at a time.
internal enum TextBytes {
    @inline(__always)
    static func word(_ place: UnsafeRawPointer) -> UInt64 {
        // SAFETY: the caller has eight bytes there.
        UInt64(littleEndian: unsafe place.loadUnaligned(as: UInt64.self))
    }

    /// The last eight bytes of a text, or all of a shorter one, as one number.
    @inline(__always)
    static func tail(_ text: UnsafeRawPointer, _ count: Int) -> UInt64 {
        // SAFETY: every load lies inside the `count` bytes.
        if count >= 8 { return unsafe word(text + (count &- 8)) }
        if count >= 4 {
            let low = unsafe text.loadUnaligned(as: UInt32.self)
            let high = unsafe (text + (count &- 4)).loadUnaligned(as: UInt32.self)
            return UInt64(UInt32(littleEndian: high)) << 32 | UInt64(UInt32(littleEndian: low))
        }
        guard count > 0 else { return 0 }
        let first = unsafe UInt64(text.load(as: UInt8.self))
        let middle = unsafe UInt64((text + count / 2).load(as: UInt8.self))
        let last = unsafe UInt64((text + (count &- 1)).load(as: UInt8.self))
        return first | middle << 8 | last << 16
    }

    @inline(__always)
    static func areEqual(
        _ one: UnsafeRawPointer,
        _ other: UnsafeRawPointer,
        _ count: Int
    ) -> Bool {
        var offset = 0
        while offset &+ 8 <= count {
            // SAFETY: the eight bytes lie inside both texts.
            if unsafe word(one + offset) != word(other + offset) { return false }
            offset &+= 8
        }
        // SAFETY: `tail` reads the last bytes of the texts and no others.
        return unsafe offset == count || tail(one, count) == tail(other, count)
    }

    /// True when the first text comes before the second, byte by byte.
    @inline(__always)
    static func precedes(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        let common = min(one.count, other.count)
        var offset = 0
        // SAFETY: all loads lie below the shorter text's end.
        while offset &+ 8 <= common {
            let left = unsafe one.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let right = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if left != right { return left.bigEndian < right.bigEndian }
            offset &+= 8
        }
        while offset < common {
            let (left, right) = unsafe (one[offset], other[offset])
            if left != right { return left < right }
            offset &+= 1
        }
        return one.count < other.count
    }
}
