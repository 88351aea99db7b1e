/// MurmurHash3 (x86, 32 bits) of `bytes`.
///
/// Iceberg's bucket transform is this hash with seed 0 (Iceberg table spec, appendix B). Kafka's
/// default partitioner is *not*: it uses murmur2 (`murmur2(_:)`).
public func murmur3x86_32(_ bytes: RawSpan, seed: UInt32 = 0) -> UInt32 {
    let first: UInt32 = 0xcc9e_2d51
    let second: UInt32 = 0x1b87_3593
    var hash = seed
    var offset = 0
    let count = bytes.byteCount
    while count &- offset >= 4 {
        // SAFETY: four bytes lie before `count`.
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        hash ^= rotated(UInt32(littleEndian: word) &* first, by: 15) &* second
        hash = rotated(hash, by: 13) &* 5 &+ 0xe654_6b64
        offset &+= 4
    }
    var tail: UInt32 = 0
    for index in stride(from: count &- 1, through: offset, by: -1) {
        // SAFETY: `index` is below `count`.
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        tail = tail << 8 | UInt32(byte)
    }
    if count > offset { hash ^= rotated(tail &* first, by: 15) &* second }
    hash ^= UInt32(truncatingIfNeeded: count)
    hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
    hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
    return hash ^ hash >> 16
}

private func rotated(_ value: UInt32, by bits: UInt32) -> UInt32 {
    value << bits | value >> (32 - bits)
}
