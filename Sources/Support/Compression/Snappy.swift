internal import Bytes
internal import CSnappy

/// Snappy in the two forms that Kafka clients send.
///
/// *Raw* (librdkafka, Go clients): one Snappy block, which begins with its uncompressed length.
/// *Xerial* (Java clients, snappy-java): eight magic bytes, a version and the lowest compatible
/// version (i32 each), then blocks: length (i32, big-endian) and a raw Snappy block each.
enum Snappy {
    private static let name = "snappy"
    private static let xerialMagic: UInt64 = 0x8253_4e41_5050_5900
    private static let xerialHeaderSize = 16

    static func compress(
        _ input: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        var length = snappy_max_compressed_length(input.byteCount)
        var status = SNAPPY_OK
        // SAFETY: snappy reads `count` bytes and writes at most the bound it named itself; no
        // pointer outlives its closure.
        unsafe input.withUnsafeBytes { source in
            unsafe output.appendUninitialized(capacity: length) { target in
                status = unsafe snappy_compress(
                    source.bindMemory(to: CChar.self).baseAddress ?? emptyInput,
                    source.count,
                    target.bindMemory(to: CChar.self).baseAddress,
                    &length
                )
                return status == SNAPPY_OK ? length : 0
            }
        }
        guard status == SNAPPY_OK else {
            throw CompressionError(name, .failed("snappy_compress returned \(status.rawValue)"))
        }
    }

    static func decompress(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        guard isXerial(input) else {
            return try block(input, into: &output, start: output.count, limit: limit)
        }
        let start = output.count
        var reader = ByteReader(input.extracting(xerialHeaderSize...))
        while !reader.isAtEnd {
            let compressed = try nextBlock(&reader)
            try block(compressed, into: &output, start: start, limit: limit)
        }
    }

    @_lifetime(copy reader)
    private static func nextBlock(
        _ reader: inout ByteReader
    ) throws(CompressionError) -> RawSpan {
        do throws(ByteError) {
            return try reader.readBytes(Int(try reader.read(Int32.self)))
        } catch {
            throw CompressionError(name, .truncated)
        }
    }

    private static func isXerial(_ input: RawSpan) -> Bool {
        guard input.byteCount >= xerialHeaderSize else { return false }
        // SAFETY: eight bytes are there, checked just above.
        let magic = unsafe input.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
        return UInt64(bigEndian: magic) == xerialMagic
    }

    private static func block(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        start: Int,
        limit: Int
    ) throws(CompressionError) {
        var status = SNAPPY_OK
        var length = 0
        // SAFETY: snappy reads `count` bytes and writes at most `length`, which it is given again;
        // no pointer outlives its closure.
        try unsafe input.withUnsafeBytes { (source) throws(CompressionError) in
            let text = unsafe source.bindMemory(to: CChar.self).baseAddress ?? emptyInput
            status = unsafe snappy_uncompressed_length(text, source.count, &length)
            guard status == SNAPPY_OK else {
                throw CompressionError(name, .corrupt("no uncompressed length"))
            }
            guard length <= limit - (output.count - start) else {
                throw CompressionError(name, .tooLarge(limit: limit))
            }
            // An element of three bytes makes at most 64 bytes; a length beyond that is a lie, and
            // must not be allocated.
            guard length <= source.count * 22 else {
                throw CompressionError(name, .corrupt("impossible uncompressed length \(length)"))
            }
            unsafe output.appendUninitialized(capacity: max(length, 1)) { target in
                status = unsafe snappy_uncompress(
                    text,
                    source.count,
                    target.bindMemory(to: CChar.self).baseAddress,
                    &length
                )
                return status == SNAPPY_OK ? length : 0
            }
        }
        guard status == SNAPPY_OK else {
            throw CompressionError(name, .corrupt("invalid block"))
        }
    }

    /// What stands for the start of no bytes: snappy wants a pointer even then.
    // SAFETY: one byte that is never freed and never written again.
    private nonisolated(unsafe) static let emptyInput: UnsafePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        unsafe byte.initialize(to: 0)
        return unsafe UnsafePointer(byte)
    }()
}
