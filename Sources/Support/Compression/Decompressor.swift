public import Bytes

/// Decompresses with every codec and keeps the libraries' contexts from one call to the next.
///
/// Belongs to one thread at a time. Contexts are made when first needed.
public final class Decompressor {
    private var inflaterForGzip: Inflater?
    private var inflaterForRaw: Inflater?
    private var lz4: LZ4Decoder?
    private var zstd: ZstdDecoder?

    /// A decompressor without any context yet.
    public init() {}

    /// Appends what `span` was before it was compressed with `codec` to `output`.
    ///
    /// At most `limit` bytes are made; more is an error, and so is anything that is not whole. On
    /// an error `output` is as it was.
    public func decompress(
        _ span: RawSpan,
        with codec: CompressionCodec,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        let start = output.count
        let limit = Self.sane(limit)
        do throws(CompressionError) {
            switch codec {
            case .none:
                guard span.byteCount <= limit else {
                    throw CompressionError("uncompressed", .tooLarge(limit: limit))
                }
                output.append(span)
            case .gzip:
                if inflaterForGzip == nil { inflaterForGzip = try Inflater(.gzip) }
                try inflaterForGzip?.inflate(span, into: &output, limit: limit)
            case .snappy:
                try Snappy.decompress(span, into: &output, limit: limit)
            case .lz4:
                if lz4 == nil { lz4 = try LZ4Decoder() }
                try lz4?.decompress(span, into: &output, limit: limit)
            case .zstd:
                if zstd == nil { zstd = try ZstdDecoder() }
                try zstd?.decompress(span, into: &output, limit: limit)
            }
        } catch {
            output.truncate(to: start)
            throw error
        }
    }

    /// Like `decompress`, for a bare deflate stream (RFC 1951) without the gzip wrapping, as Avro
    /// container files hold it.
    ///
    /// Up to `trailingMax` bytes behind the stream's end are passed over: Python's Avro libraries
    /// leave up to four of zlib's checksum there.
    public func inflateRaw(
        _ span: RawSpan,
        into output: inout ByteBuffer,
        limit: Int,
        trailingMax: Int = 0
    ) throws(CompressionError) {
        let start = output.count
        let limit = Self.sane(limit)
        do throws(CompressionError) {
            if inflaterForRaw == nil { inflaterForRaw = try Inflater(.raw) }
            try inflaterForRaw?.inflate(
                span,
                into: &output,
                limit: limit,
                trailingMax: trailingMax
            )
        } catch {
            output.truncate(to: start)
            throw error
        }
    }

    /// A limit that can be counted with: not negative, and one more is still a number.
    private static func sane(_ limit: Int) -> Int { min(max(limit, 0), Int.max - 1) }
}

extension ByteBuffer {
    /// Lets `body` fill at most `room` bytes; for decoders, which say how many they wrote.
    ///
    /// `room` grows with what was made, so that a few bytes of input cannot claim much memory.
    mutating func growing(
        since start: Int,
        limit: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int
    ) throws(CompressionError) {
        let made = count - start
        // One byte more than allowed, to see that there is more.
        let room = min(max(16 * 1024, made), limit - made + 1, 1 << 30)
        // SAFETY: `body` writes at most `room` bytes, and says how many.
        try unsafe appendUninitialized(capacity: room, body)
    }
}
