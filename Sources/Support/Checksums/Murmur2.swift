/// MurmurHash2 (32 bits) of `bytes` with the seed of Kafka's Java client.
///
/// `(murmur2(key) & 0x7fffffff) % partitions` is the partition that Java producers choose for a
/// key, and so the one that everybody who wants equal keys in one partition has to choose.
public func murmur2(_ bytes: RawSpan) -> UInt32 {
    let factor: UInt32 = 0x5bd1_e995
    let count = bytes.byteCount
    var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: count)
    var offset = 0
    while count &- offset >= 4 {
        // SAFETY: four bytes lie before `count`.
        let raw = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        var word = UInt32(littleEndian: raw) &* factor
        word = (word ^ word >> 24) &* factor
        hash = hash &* factor ^ word
        offset &+= 4
    }
    var tail: UInt32 = 0
    for index in stride(from: count &- 1, through: offset, by: -1) {
        // SAFETY: `index` is below `count`.
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        tail = tail << 8 | UInt32(byte)
    }
    if count > offset { hash = (hash ^ tail) &* factor }
    hash = (hash ^ hash >> 13) &* factor
    return hash ^ hash >> 15
}
