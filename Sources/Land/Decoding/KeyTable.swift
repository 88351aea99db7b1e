/// The field names that records have had, and in what order.
///
/// Events of one kind have the same fields in the same order, byte for byte. So each key remembers
/// which key came after it last time, and its own bytes from the quotation mark to the end of the
/// white space behind the colon: if the record goes on with exactly these, the key is found by one
/// comparison. Else it is read, looked up by hash, and remembered.
internal struct KeyTable {
    /// What is read of a key in every record; 16 bytes, so that four share a cache line.
    struct Key {
        /// What the owner of the table knows it as; negative values are the owner's own codes.
        var number: Int32
        /// The key that followed last time, or -1.
        fileprivate var next: Int32 = -1
        /// Where its bytes in a record are kept.
        fileprivate var glueStart: Int32
        fileprivate var glueCount: Int32 = 0
    }

    /// What is read of a key only when it was not expected.
    private struct Name {
        var start: Int32
        var count: Int32
        var hash: UInt64
        /// The record it was last seen in, by the owner's count.
        var seen = 0

        /// Bytes that may be kept of how it came: the name in quotation marks, a colon, and some
        /// white space on either side of it.
        var glueCapacity: Int { Int(count) + 11 }
        var range: Range<Int> { Int(start)..<Int(start + count) }
    }

    private(set) var keys: [Key] = []
    private var names: [Name] = []
    /// Names and glue of all keys.
    private var bytes: [UInt8] = []
    /// Open addressing over `keys`; -1 is free. A power of two, at most half full.
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    /// The key that began the last record, or -1.
    private(set) var first = -1

    /// Adds a key; its name must not be there yet.
    mutating func add(name: some Collection<UInt8>, number: Int) -> Int {
        if (keys.count + 1) * 2 > slots.count { enlarge() }
        let start = bytes.count
        bytes.append(contentsOf: name)
        let named = Name(start: Int32(start), count: Int32(name.count), hash: Self.hash(name))
        names.append(named)
        keys.append(Key(number: Int32(number), glueStart: Int32(bytes.count)))
        bytes.append(contentsOf: repeatElement(0, count: named.glueCapacity))
        place(keys.count - 1)
        return keys.count - 1
    }

    /// Gives a key another number.
    mutating func renumber(_ key: Int, to number: Int) { keys[key].number = Int32(number) }

    /// Drops all keys but the first `count`.
    mutating func truncate(to count: Int) {
        guard count < keys.count else { return }
        bytes.removeLast(bytes.count - Int(names[count].start))
        names.removeLast(names.count - count)
        keys.removeLast(keys.count - count)
        first = -1
        for index in keys.indices where keys[index].next >= count { keys[index].next = -1 }
        for index in slots.indices { slots[index] = -1 }
        for index in keys.indices { place(index) }
    }

    /// The key's name.
    func name(_ key: Int) -> String {
        String(decoding: bytes[names[key].range], as: UTF8.self)
    }

    /// The key that followed last time, or -1.
    func next(_ key: Int) -> Int { Int(keys[key].next) }

    /// The bytes it came as last time: the key, the colon, and white space around it; empty when
    /// they were not worth keeping.
    func glue(_ key: Int) -> ArraySlice<UInt8> {
        let start = Int(keys[key].glueStart)
        return bytes[start..<start + Int(keys[key].glueCount)]
    }

    /// Says that the key was seen in that record; true when it had been already.
    @inline(__always)
    mutating func mark(_ key: Int, record: Int) -> Bool {
        if names[key].seen == record { return true }
        names[key].seen = record
        return false
    }

    /// The key called `name`, or -1.
    func find(_ name: some Collection<UInt8>) -> Int {
        let hash = Self.hash(name)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if names[index].hash == hash, bytes[names[index].range].elementsEqual(name) {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return -1
    }

    private mutating func place(_ index: Int) {
        var slot = Int(truncatingIfNeeded: names[index].hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
    }

    private mutating func enlarge() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for index in keys.indices { place(index) }
    }

    /// FNV-1a with a last stir, since only the low bits choose a slot.
    private static func hash(_ name: some Collection<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash ^ hash >> 32
    }
}

extension KeyTable {
    /// The key that is expected after `previous` (-1 at the record's beginning), if the record goes
    /// on with it. The cursor then stands at its value.
    @inline(__always)
    func predicted(_ cursor: inout JSONCursor, after previous: Int) -> Int {
        let guess = previous < 0 ? first : Int(keys[previous].next)
        guard guess >= 0 else { return -1 }
        let count = Int(keys[guess].glueCount)
        guard count >= 4, count <= cursor.end &- cursor.position,
            matches(cursor, Int(keys[guess].glueStart), count)
        else { return -1 }
        cursor.position &+= count
        return guess
    }

    /// Compares `count` bytes, at least four, eight at a time; the last eight may overlap.
    @inline(__always)
    private func matches(_ cursor: borrowing JSONCursor, _ start: Int, _ count: Int) -> Bool {
        let position = cursor.position
        return unsafe bytes.withUnsafeBytes { known in
            // SAFETY: both have `count` bytes from their start on: the caller checked the record,
            // and `learn` put that many into the table.
            if count < 8 {
                let low = unsafe known.loadUnaligned(fromByteOffset: start, as: UInt32.self)
                let high = unsafe known.loadUnaligned(
                    fromByteOffset: start &+ count &- 4,
                    as: UInt32.self
                )
                return low == cursor.half(position)
                    && high == cursor.half(position &+ count &- 4)
            }
            var offset = 0
            while offset &+ 8 <= count {
                let word = unsafe known.loadUnaligned(
                    fromByteOffset: start &+ offset,
                    as: UInt64.self
                )
                if UInt64(littleEndian: word) != cursor.word(position &+ offset) { return false }
                offset &+= 8
            }
            let last = count &- 8
            let word = unsafe known.loadUnaligned(fromByteOffset: start &+ last, as: UInt64.self)
            return UInt64(littleEndian: word) == cursor.word(position &+ last)
        }
    }

    /// Remembers that `key` came after `previous`, and the bytes it came as.
    mutating func learn(_ key: Int, after previous: Int, glue: RawSpan) {
        if previous < 0 { first = key } else { keys[previous].next = Int32(key) }
        let count = glue.byteCount
        guard count >= 4, count <= names[key].glueCapacity else { return }
        let start = Int(keys[key].glueStart)
        for index in 0..<count {
            // SAFETY: the index is below the span's byte count.
            bytes[start + index] = unsafe glue.unsafeLoad(
                fromUncheckedByteOffset: index,
                as: UInt8.self
            )
        }
        keys[key].glueCount = Int32(count)
    }
}

extension JSONCursor {
    /// Four bytes from `offset` on; the caller has checked that there are.
    @inline(__always)
    fileprivate func half(_ offset: Int) -> UInt32 {
        // SAFETY: callers compare `offset + 4` with `end` first.
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
    }
}
