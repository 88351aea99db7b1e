/// The field names that records have had, and in what order.
///
/// Events of one kind have the same fields in the same order, byte for byte. So each key remembers
/// which key came after it last time, and its own bytes from the quotation mark to the end of the
/// white space behind the colon: if the record goes on with exactly these, the key is found by one
/// comparison. Else it is read, looked up by hash, and remembered.
internal struct KeyTable {
    /// One field name.
    struct Key {
        /// What the owner of the table knows it as; negative values are the owner's own codes.
        var number: Int
        /// The key that followed last time, or -1.
        var next = -1
        /// The record it was last seen in, by the owner's count.
        var seen = 0
        fileprivate var name: Range<Int>
        fileprivate var hash: UInt64
        /// Where its bytes in a record are kept, and how many there may be.
        fileprivate var glue: Range<Int>
        fileprivate var glueCapacity: Int
    }

    private(set) var keys: [Key] = []
    /// Names and glue of all keys.
    private var bytes: [UInt8] = []
    /// Open addressing over `keys`; -1 is free. A power of two, at most half full.
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    /// The key that began the last record, or -1.
    private var first = -1

    /// Adds a key; its name must not be there yet.
    mutating func add(name: some Collection<UInt8>, number: Int) -> Int {
        if (keys.count + 1) * 2 > slots.count { enlarge() }
        let hash = Self.hash(name)
        let nameStart = bytes.count
        bytes.append(contentsOf: name)
        let nameEnd = bytes.count
        // Room for the name in quotation marks, a colon, and some white space on either side of it.
        let capacity = name.count + 11
        bytes.append(contentsOf: repeatElement(0, count: capacity))
        let index = keys.count
        keys.append(
            Key(
                number: number,
                name: nameStart..<nameEnd,
                hash: hash,
                glue: nameEnd..<nameEnd,
                glueCapacity: capacity
            )
        )
        place(index)
        return index
    }

    /// Drops all keys but the first `count`.
    mutating func truncate(to count: Int) {
        guard count < keys.count else { return }
        bytes.removeLast(bytes.count - keys[count].name.lowerBound)
        keys.removeLast(keys.count - count)
        first = -1
        for index in keys.indices where keys[index].next >= count { keys[index].next = -1 }
        for index in slots.indices { slots[index] = -1 }
        for index in keys.indices { place(index) }
    }

    /// The key's name.
    func name(_ key: Int) -> String {
        String(decoding: bytes[keys[key].name], as: UTF8.self)
    }

    /// Says that the key was seen in that record; true when it had been already.
    @inline(__always)
    mutating func mark(_ key: Int, record: Int) -> Bool {
        if keys[key].seen == record { return true }
        keys[key].seen = record
        return false
    }

    /// Gives the key another number.
    mutating func renumber(_ key: Int, to number: Int) { keys[key].number = number }

    /// The key called `name`, or -1.
    func find(_ name: some Collection<UInt8>) -> Int {
        let hash = Self.hash(name)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index].hash == hash, bytes[keys[index].name].elementsEqual(name) {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return -1
    }

    private mutating func place(_ index: Int) {
        var slot = Int(truncatingIfNeeded: keys[index].hash) & (slots.count - 1)
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
        let guess = previous < 0 ? first : keys[previous].next
        guard guess >= 0 else { return -1 }
        let glue = keys[guess].glue
        let count = glue.count
        guard count >= 4, count <= cursor.end &- cursor.position,
            matches(cursor, glue.lowerBound, count)
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
        if previous < 0 { first = key } else { keys[previous].next = key }
        let start = keys[key].glue.lowerBound
        guard glue.byteCount >= 4, glue.byteCount <= keys[key].glueCapacity else { return }
        for index in 0..<glue.byteCount {
            // SAFETY: the index is below the span's byte count.
            bytes[start + index] = unsafe glue.unsafeLoad(
                fromUncheckedByteOffset: index,
                as: UInt8.self
            )
        }
        keys[key].glue = start..<start + glue.byteCount
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
