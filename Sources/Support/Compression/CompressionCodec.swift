public import Bytes

/// A way of compressing bytes, numbered as in the attributes of Kafka's record batches.
public enum CompressionCodec: UInt8, CaseIterable, Sendable {
    /// Bytes as they are.
    case none = 0
    /// RFC 1952, one or several members.
    case gzip = 1
    /// Snappy: written as one raw block; read raw or in the framing of Java clients (xerial).
    case snappy = 2
    /// The LZ4 frame format with independent blocks, the only ones Java clients read.
    case lz4 = 3
    /// RFC 8878, one or several frames.
    case zstd = 4

    /// Appends `span`, compressed, to `output`.
    ///
    /// Makes its contexts anew; `Compressor` keeps them.
    public func compress(
        _ span: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        try Compressor().compress(span, with: self, into: &output)
    }

    /// Appends what `span` was before it was compressed to `output`.
    ///
    /// At most `limit` bytes are made; more is an error, and so is anything that is not whole. On
    /// an error `output` is as it was. Makes its contexts anew; `Decompressor` keeps them.
    public func decompress(
        _ span: RawSpan,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        try Decompressor().decompress(span, with: self, into: &output, limit: limit)
    }
}

extension CompressionCodec: CustomStringConvertible {
    /// The codec's name as Kafka's settings spell it.
    public var description: String {
        switch self {
        case .none: "none"
        case .gzip: "gzip"
        case .snappy: "snappy"
        case .lz4: "lz4"
        case .zstd: "zstd"
        }
    }
}
