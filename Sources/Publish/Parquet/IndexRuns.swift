internal import Bytes

/// Parquet's hybrid of runs and packed bits, for dictionary indices and levels
/// (parquet-format, Encodings.md, "RLE / Bit-Packing Hybrid").
internal enum IndexRuns {
    /// Repetitions from which a run pays.
    private static let runMin = 16

    /// Bits that the numbers below `count` take, at least one.
    static func width(of count: Int) -> Int {
        count <= 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount
    }

    /// Appends `indices`, each below 2^`width`.
    static func append(
        _ buffer: borrowing IndexBuffer,
        width: Int,
        to output: inout ByteBuffer
    ) {
        let indices = buffer.indices
        var place = 0
        var packedStart = 0
        while place < indices.count {
            let value = indices[place]
            var end = place &+ 1
            while end < indices.count, indices[end] == value { end &+= 1 }
            if end &- place >= runMin {
                pack(indices, packedStart..<place, width, to: &output)
                appendRun(of: value, count: end &- place, width: width, to: &output)
                place = end
                packedStart = end
            } else {
                // Packed bits come in groups of eight.
                place &+= 8
            }
        }
        pack(indices, packedStart..<indices.count, width, to: &output)
    }

    /// Appends `count` times the same number.
    static func appendRun(
        of value: UInt32,
        count: Int,
        width: Int,
        to output: inout ByteBuffer
    ) {
        output.appendUnsignedVarint(UInt64(count) << 1)
        for byte in 0..<(width + 7) / 8 {
            output.append(UInt8(truncatingIfNeeded: value >> UInt32(byte * 8)))
        }
    }

    /// Packs a range; the last group is filled up with zeros.
    private static func pack(
        _ indices: Span<UInt32>,
        _ range: Range<Int>,
        _ width: Int,
        to output: inout ByteBuffer
    ) {
        guard !range.isEmpty else { return }
        let groups = (range.count + 7) / 8
        output.appendUnsignedVarint(UInt64(groups) << 1 | 1)
        let bytes = groups * width
        // SAFETY: words are stored only up to eight bytes beyond `bytes`, which are reserved.
        unsafe output.appendUninitialized(capacity: bytes + 8) { target in
            guard let base = target.baseAddress else { return 0 }
            var bits: UInt64 = 0
            var bitCount = 0
            var place = 0
            for index in range {
                bits |= UInt64(indices[index]) << UInt64(bitCount)
                bitCount &+= width
                if bitCount >= 32 {
                    unsafe base.storeBytes(
                        of: UInt32(truncatingIfNeeded: bits).littleEndian,
                        toByteOffset: place,
                        as: UInt32.self
                    )
                    place &+= 4
                    bits >>= 32
                    bitCount &-= 32
                }
            }
            // What is left, and the zeros that fill the last group up.
            while place < bytes {
                unsafe base.storeBytes(
                    of: UInt8(truncatingIfNeeded: bits),
                    toByteOffset: place,
                    as: UInt8.self
                )
                bits >>= 8
                place &+= 1
            }
            return bytes
        }
    }
}
