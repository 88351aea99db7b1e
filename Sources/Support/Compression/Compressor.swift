public import Bytes

/// Compresses with every codec and keeps the libraries' contexts from one call to the next.
///
/// Belongs to one thread at a time. Contexts are made when first needed.
public final class Compressor {
    private var deflaterForGzip: Deflater?
    private var deflaterForRaw: Deflater?
    private var zstd: ZstdEncoder?
    private var zstdByEntropy: ZstdEntropyEncoder?
    private let gzipLevel: Int32
    private let zstdLevel: Int32

    /// A compressor without any context yet.
    ///
    /// The levels are the libraries' own: gzip 1 (fast) to 9 (small), zstd 1 to 19.
    public init(gzipLevel: Int32 = 6, zstdLevel: Int32 = 3) {
        self.gzipLevel = gzipLevel
        self.zstdLevel = zstdLevel
    }

    /// Appends `span`, compressed with `codec`, to `output`. On an error `output` is as it was.
    public func compress(
        _ span: RawSpan,
        with codec: CompressionCodec,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        switch codec {
        case .none: output.append(span)
        case .gzip:
            if deflaterForGzip == nil { deflaterForGzip = try Deflater(.gzip, level: gzipLevel) }
            try deflaterForGzip?.deflate(span, into: &output)
        case .snappy: try Snappy.compress(span, into: &output)
        case .lz4: try LZ4Frame.compress(span, into: &output)
        case .zstd:
            if zstd == nil { zstd = try ZstdEncoder(level: zstdLevel) }
            try zstd?.compress(span, into: &output)
        }
    }

    /// Appends `span` as a zstd frame that was made by counting letters, without much looking for
    /// repetitions: for bytes that have none, such as random ids, twice as fast as level 1.
    public func compressByEntropy(
        _ span: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        if zstdByEntropy == nil { zstdByEntropy = try ZstdEntropyEncoder() }
        try zstdByEntropy?.compress(span, into: &output)
    }

    /// Appends `span` as a bare deflate stream (RFC 1951), as Avro container files hold it.
    public func deflateRaw(
        _ span: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        if deflaterForRaw == nil { deflaterForRaw = try Deflater(.raw, level: gzipLevel) }
        try deflaterForRaw?.deflate(span, into: &output)
    }
}
