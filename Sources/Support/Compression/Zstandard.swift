internal import Bytes
internal import CZstd

private let name = "zstd"

/// zstd's own words for an error code.
private func text(of code: Int) -> String {
    // SAFETY: a constant text of zstd's.
    unsafe String(cString: ZSTD_getErrorName(code))
}

/// One zstd context that compresses.
@safe
struct ZstdEncoder: ~Copyable {
    private let context: OpaquePointer
    private let level: Int32

    init(level: Int32) throws(CompressionError) {
        // SAFETY: freed in `deinit`.
        guard let made = unsafe ZSTD_createCCtx() else {
            throw CompressionError(name, .failed("no memory for a context"))
        }
        unsafe context = made
        self.level = level
    }

    deinit {
        // SAFETY: made in `init`, freed exactly once.
        unsafe ZSTD_freeCCtx(context)
    }

    mutating func compress(
        _ input: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        let room = ZSTD_compressBound(input.byteCount)
        var code = 0
        // SAFETY: zstd reads `count` bytes and writes at most the bound it named itself; no pointer
        // outlives its closure.
        unsafe input.withUnsafeBytes { source in
            unsafe output.appendUninitialized(capacity: room) { target in
                code = unsafe ZSTD_compressCCtx(
                    context,
                    target.baseAddress,
                    target.count,
                    source.baseAddress,
                    source.count,
                    level
                )
                return ZSTD_isError(code) == 0 ? code : 0
            }
        }
        guard ZSTD_isError(code) == 0 else {
            throw CompressionError(name, .failed(text(of: code)))
        }
    }
}

/// One zstd context that decompresses.
@safe
struct ZstdDecoder: ~Copyable {
    private let context: OpaquePointer

    /// The most a block can make (RFC 8878, 3.1.1.2.4); a block takes at least four bytes then.
    private static let blockBytesMax = 128 * 1024

    init() throws(CompressionError) {
        // SAFETY: freed in `deinit`.
        guard let made = unsafe ZSTD_createDCtx() else {
            throw CompressionError(name, .failed("no memory for a context"))
        }
        unsafe context = made
    }

    deinit {
        // SAFETY: made in `init`, freed exactly once.
        unsafe ZSTD_freeDCtx(context)
    }

    /// Appends what `input` was before. Frames that follow one another are one text.
    ///
    /// A single frame that tells its size is decompressed straight into place; everything else as a
    /// stream, through zstd's own window.
    mutating func decompress(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        // SAFETY: zstd reads and writes only as many bytes as it is told are there; no pointer
        // outlives its closure.
        try unsafe input.withUnsafeBytes { (source) throws(CompressionError) in
            let size = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
            let frame = unsafe ZSTD_findFrameCompressedSize(source.baseAddress, source.count)
            guard frame == source.count, let size = Int(exactly: size) else {
                return try unsafe stream(source, into: &output, limit: limit)
            }
            guard size <= limit else { throw CompressionError(name, .tooLarge(limit: limit)) }
            guard size <= (source.count / 4 + 1) * Self.blockBytesMax else {
                throw CompressionError(name, .corrupt("impossible content size \(size)"))
            }
            try unsafe output.appendUninitialized(capacity: max(size, 1)) {
                (target) throws(CompressionError) in
                let code = unsafe ZSTD_decompressDCtx(
                    context,
                    target.baseAddress,
                    size,
                    source.baseAddress,
                    source.count
                )
                guard ZSTD_isError(code) == 0 else {
                    throw CompressionError(name, .corrupt(text(of: code)))
                }
                return code
            }
        }
    }

    private mutating func stream(
        _ source: UnsafeRawBufferPointer,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        // SAFETY: as in `decompress`.
        unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        let start = output.count
        var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var expected = 1
        var filled = false
        while unsafe input.pos < source.count || (expected != 0 && filled) {
            try unsafe output.growing(since: start, limit: limit) {
                (target) throws(CompressionError) in
                var piece = unsafe ZSTD_outBuffer(
                    dst: target.baseAddress,
                    size: target.count,
                    pos: 0
                )
                expected = unsafe ZSTD_decompressStream(context, &piece, &input)
                guard ZSTD_isError(expected) == 0 else {
                    throw CompressionError(name, .corrupt(text(of: expected)))
                }
                filled = unsafe piece.pos == piece.size
                return unsafe piece.pos
            }
            guard output.count - start <= limit else {
                throw CompressionError(name, .tooLarge(limit: limit))
            }
        }
        guard expected == 0 else { throw CompressionError(name, .truncated) }
    }
}
