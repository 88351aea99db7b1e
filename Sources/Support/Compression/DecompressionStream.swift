public import Bytes
internal import CZlib
internal import CZstd

/// Decompresses a file piece by piece: gzip (RFC 1952) or zstd (RFC 8878), members or frames that
/// follow one another included.
///
/// Memory is the libraries' windows and what the caller makes room for, whatever the file claims.
/// Belongs to one thread at a time; of no use after an error.
public final class DecompressionStream {
    private var gzip: GzipStream?
    private var zstd: ZstdStream?

    /// A stream before its first byte. Only gzip and zstd are for files.
    public init(_ codec: CompressionCodec) throws(CompressionError) {
        switch codec {
        case .gzip:
            gzip = try GzipStream()
            zstd = nil
        case .zstd:
            gzip = nil
            zstd = try ZstdStream()
        case .none, .snappy, .lz4:
            throw CompressionError("\(codec)", .failed("it is not a codec of files"))
        }
    }

    /// True where the input may end: before its first byte, and behind a whole member or frame.
    public private(set) var isWhole = true

    /// Takes bytes from the beginning of `input` and appends what they were, at most `bytesMax`.
    ///
    /// Call again with the rest of the input while either number is above zero.
    ///
    /// - Returns: how many bytes were taken.
    public func decompress(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        bytesMax: Int
    ) throws(CompressionError) -> Int {
        let room = min(max(bytesMax, 1), 1 << 30)
        let start = output.count
        do throws(CompressionError) {
            // SAFETY: the libraries read and write only as many bytes as they are told are there;
            // no pointer outlives its closure.
            return try unsafe input.withUnsafeBytes { (source) throws(CompressionError) in
                var taken = 0
                try unsafe output.appendUninitialized(capacity: room) {
                    (target) throws(CompressionError) in
                    let done: Progress
                    if gzip != nil {
                        done = try unsafe gzip?.step(source, target) ?? Progress()
                    } else {
                        done = try unsafe zstd?.step(source, target) ?? Progress()
                    }
                    taken = done.taken
                    isWhole = done.isWhole
                    return done.made
                }
                return taken
            }
        } catch {
            output.truncate(to: start)
            throw error
        }
    }
}

/// What a step has come to.
private struct Progress {
    var taken = 0
    var made = 0
    var isWhole = true
}

/// One zlib stream over many pieces. zlib keeps a pointer to the struct, so it lives on the heap.
@safe
private struct GzipStream: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private var isWhole = true

    init() throws(CompressionError) {
        // SAFETY: the block is owned by this value and freed in `deinit`, also when zlib refuses.
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe inflateInit2_(
            stream,
            DeflateWrapping.gzip.windowBits,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else {
            throw CompressionError("gzip", .failed("inflateInit2 returned \(code)"))
        }
    }

    deinit {
        // SAFETY: initialised in `init`, ended and freed exactly once.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    mutating func step(
        _ source: UnsafeRawBufferPointer,
        _ target: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Progress {
        if unsafe isWhole && source.isEmpty { return Progress() }
        // A member has ended, and another begins.
        if isWhole { unsafe inflateReset(stream) }
        isWhole = false
        let given = min(source.count, 1 << 30)
        // SAFETY: the pointers are the caller's for the duration of the call, with these lengths.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: source.bindMemory(to: UInt8.self).baseAddress
        )
        unsafe stream.pointee.avail_in = UInt32(given)
        unsafe stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = UInt32(target.count)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        switch code {
        case Z_STREAM_END: isWhole = true
        case Z_OK, Z_BUF_ERROR: break
        default:
            // SAFETY: `msg` is nil or a constant text of zlib's.
            let text = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
            throw CompressionError("gzip", .corrupt(text ?? "zlib error \(code)"))
        }
        return unsafe Progress(
            taken: given - Int(stream.pointee.avail_in),
            made: target.count - Int(stream.pointee.avail_out),
            isWhole: isWhole
        )
    }
}

/// One zstd context over many pieces.
@safe
private struct ZstdStream: ~Copyable {
    private let context: OpaquePointer
    private var isWhole = true

    init() throws(CompressionError) {
        // SAFETY: freed in `deinit`.
        guard let made = unsafe ZSTD_createDCtx() else {
            throw CompressionError("zstd", .failed("no memory for a context"))
        }
        unsafe context = made
    }

    deinit {
        // SAFETY: made in `init`, freed exactly once.
        unsafe ZSTD_freeDCtx(context)
    }

    mutating func step(
        _ source: UnsafeRawBufferPointer,
        _ target: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Progress {
        if unsafe isWhole && source.isEmpty { return Progress() }
        // SAFETY: zstd reads and writes only as many bytes as it is told are there.
        var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let code = unsafe ZSTD_decompressStream(context, &output, &input)
        guard ZSTD_isError(code) == 0 else {
            let words = unsafe String(cString: ZSTD_getErrorName(code))
            throw CompressionError("zstd", .corrupt(words))
        }
        isWhole = code == 0
        return unsafe Progress(taken: input.pos, made: output.pos, isWhole: isWhole)
    }
}
