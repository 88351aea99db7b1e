internal import Bytes
internal import CZstd

/// One zstd context that counts letters rather than look for repetitions.
///
/// Random ids in hex, or numbers of which some bytes are always zero, hardly repeat, but use few
/// letters: Huffman codes are all that helps, and looking for more takes most of the time.
@safe
struct ZstdEntropyEncoder: ~Copyable {
    private let context: OpaquePointer

    /// A level that gives a repetition up at once.
    private static let level: Int32 = -20
    /// `ZSTD_c_literalCompressionMode`, which zstd's header names for static linking only, and its
    /// value for Huffman codes, which low levels leave out by themselves.
    private static let literalMode = ZSTD_c_experimentalParam5
    private static let huffman: Int32 = 1

    init() throws(CompressionError) {
        // SAFETY: freed in `deinit`.
        guard let made = unsafe ZSTD_createCCtx() else {
            throw CompressionError("zstd", .failed("no memory for a context"))
        }
        unsafe context = made
        // A library that does not know the mode does without it.
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level)
        unsafe ZSTD_CCtx_setParameter(context, Self.literalMode, Self.huffman)
    }

    deinit {
        // SAFETY: made in `init`, freed exactly once.
        unsafe ZSTD_freeCCtx(context)
    }

    mutating func compress(
        _ input: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        var code = 0
        // SAFETY: zstd reads `count` bytes and writes at most the bound it named itself; no pointer
        // outlives its closure.
        unsafe input.withUnsafeBytes { source in
            unsafe output.appendUninitialized(capacity: ZSTD_compressBound(source.count)) {
                target in
                code = unsafe ZSTD_compress2(
                    context,
                    target.baseAddress,
                    target.count,
                    source.baseAddress,
                    source.count
                )
                return ZSTD_isError(code) == 0 ? code : 0
            }
        }
        guard ZSTD_isError(code) == 0 else {
            // SAFETY: a constant text of zstd's.
            let text = unsafe String(cString: ZSTD_getErrorName(code))
            throw CompressionError("zstd", .failed(text))
        }
    }
}
