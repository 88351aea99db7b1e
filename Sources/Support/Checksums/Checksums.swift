internal import CChecksums

/// The CRC-32C (Castagnoli) of `bytes`, as Kafka's record batches carry it.
///
/// `crc` is the checksum of the bytes before, so that a checksum can be made piece by piece; 0
/// begins. Uses the processor's CRC instructions where there are any.
public func crc32c(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
    // SAFETY: C reads exactly `count` bytes from the start and keeps no pointer.
    unsafe bytes.withUnsafeBytes { buffer in
        unsafe c_checksums_crc32c(crc, buffer.baseAddress, buffer.count)
    }
}

/// `crc32c` by tables alone: what every processor can do, and the reference for the fast way.
func crc32cByTables(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
    // SAFETY: as in `crc32c`.
    unsafe bytes.withUnsafeBytes { buffer in
        unsafe c_checksums_crc32c_portable(crc, buffer.baseAddress, buffer.count)
    }
}

/// True when `crc32c` uses the processor's CRC instructions on this machine.
public var crc32cIsAccelerated: Bool { c_checksums_crc32c_is_accelerated() != 0 }
