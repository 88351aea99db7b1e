internal import Bytes
internal import CLZ4

/// The LZ4 frame format.
enum LZ4Frame {
    static let name = "lz4"

    static func compress(
        _ input: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        let room = unsafe LZ4F_compressFrameBound(input.byteCount, &preferences)
        var code = 0
        // SAFETY: lz4 reads `count` bytes and writes at most the bound it named itself; no pointer
        // outlives its closure.
        unsafe input.withUnsafeBytes { source in
            unsafe output.appendUninitialized(capacity: room) { target in
                code = unsafe LZ4F_compressFrame(
                    target.baseAddress,
                    target.count,
                    source.baseAddress,
                    source.count,
                    &preferences
                )
                return LZ4F_isError(code) == 0 ? code : 0
            }
        }
        guard LZ4F_isError(code) == 0 else {
            throw CompressionError(name, .failed(text(of: code)))
        }
    }

    /// lz4's own words for an error code.
    static func text(of code: Int) -> String {
        // SAFETY: a constant text of lz4's.
        unsafe String(cString: LZ4F_getErrorName(code))
    }
}

/// One lz4 context that decompresses frames.
@safe
struct LZ4Decoder: ~Copyable {
    private let context: OpaquePointer

    init() throws(CompressionError) {
        var made: OpaquePointer?
        // SAFETY: lz4 sets `made` or returns an error; the context is freed in `deinit`.
        let code = unsafe LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(code) == 0, let made = unsafe made else {
            throw CompressionError(LZ4Frame.name, .failed(LZ4Frame.text(of: code)))
        }
        unsafe context = made
    }

    deinit {
        // SAFETY: made in `init`, freed exactly once.
        unsafe LZ4F_freeDecompressionContext(context)
    }

    /// Appends what `input` was before. Frames that follow one another are one text.
    mutating func decompress(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(CompressionError) {
        // SAFETY: lz4 reads and writes only as many bytes as it is told are there and puts the
        // numbers used in their place; no pointer outlives its closure.
        unsafe LZ4F_resetDecompressionContext(context)
        let start = output.count
        try unsafe input.withUnsafeBytes { (source) throws(CompressionError) in
            var read = 0
            var expected = 1
            var filled = false
            while read < source.count || (expected != 0 && filled) {
                try unsafe output.growing(since: start, limit: limit) {
                    (target) throws(CompressionError) in
                    var taken = source.count - read
                    var made = target.count
                    let next = unsafe source.baseAddress.map { unsafe $0 + read }
                    expected = unsafe LZ4F_decompress(
                        context,
                        target.baseAddress,
                        &made,
                        next,
                        &taken,
                        nil
                    )
                    guard LZ4F_isError(expected) == 0 else {
                        let text = LZ4Frame.text(of: expected)
                        throw CompressionError(LZ4Frame.name, .corrupt(text))
                    }
                    read += taken
                    filled = made == target.count
                    return made
                }
                guard output.count - start <= limit else {
                    throw CompressionError(LZ4Frame.name, .tooLarge(limit: limit))
                }
            }
            guard expected == 0 else { throw CompressionError(LZ4Frame.name, .truncated) }
        }
    }
}
