internal import Bytes
internal import CZlib

/// How a deflate stream is wrapped.
enum DeflateWrapping {
    /// RFC 1952: header, stream, checksum.
    case gzip
    /// The stream alone.
    case raw

    /// zlib's "window bits": 15 is the largest window, +16 asks for gzip, negative for none.
    var windowBits: Int32 { self == .gzip ? 15 + 16 : -15 }
    var name: String { self == .gzip ? "gzip" : "deflate" }
}

/// One zlib stream that decompresses. zlib keeps a pointer to the struct, so it lives on the heap.
@safe
struct Inflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let wrapping: DeflateWrapping

    init(_ wrapping: DeflateWrapping) throws(CompressionError) {
        self.wrapping = wrapping
        // SAFETY: the block is owned by this value and freed in `deinit`, or here if zlib refuses.
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe inflateInit2_(
            stream,
            wrapping.windowBits,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else {
            throw CompressionError(wrapping.name, .failed("inflateInit2 returned \(code)"))
        }
    }

    deinit {
        // SAFETY: initialised in `init`, ended and freed exactly once.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Appends what `input` was before. Members that follow one another are one text. Up to
    /// `trailingMax` bytes may follow the end.
    mutating func inflate(
        _ input: RawSpan,
        into output: inout ByteBuffer,
        limit: Int,
        trailingMax: Int = 0
    ) throws(CompressionError) {
        let start = output.count
        // SAFETY: zlib reads only the bytes announced in `avail_in` and writes only those announced
        // in `avail_out`; neither pointer is used after its closure.
        try unsafe input.withUnsafeBytes { (source) throws(CompressionError) in
            guard source.count <= Int(UInt32.max) else {
                throw CompressionError(wrapping.name, .failed("more than 4 GiB of input"))
            }
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.bindMemory(to: UInt8.self).baseAddress
            )
            unsafe stream.pointee.avail_in = UInt32(source.count)
            repeat {
                unsafe inflateReset(stream)
                try member(into: &output, start: start, limit: limit)
            } while unsafe wrapping == .gzip && stream.pointee.avail_in > 0
            guard unsafe Int(stream.pointee.avail_in) <= trailingMax else {
                throw CompressionError(wrapping.name, .corrupt("bytes follow the stream"))
            }
        }
    }

    private mutating func member(
        into output: inout ByteBuffer,
        start: Int,
        limit: Int
    ) throws(CompressionError) {
        while true {
            var code = Z_OK
            // SAFETY: as in `inflate`.
            try unsafe output.growing(since: start, limit: limit) { target in
                unsafe stream.pointee.next_out =
                    target.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                return unsafe target.count - Int(stream.pointee.avail_out)
            }
            guard output.count - start <= limit else {
                throw CompressionError(wrapping.name, .tooLarge(limit: limit))
            }
            if code == Z_STREAM_END { return }
            if unsafe code == Z_BUF_ERROR || (code == Z_OK && stream.pointee.avail_out > 0) {
                throw CompressionError(wrapping.name, .truncated)
            }
            guard code == Z_OK else {
                // SAFETY: `msg` is nil or a constant text of zlib's.
                let text = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
                throw CompressionError(wrapping.name, .corrupt(text ?? "zlib error \(code)"))
            }
        }
    }
}

/// One zlib stream that compresses. zlib keeps a pointer to the struct, so it lives on the heap.
@safe
struct Deflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let wrapping: DeflateWrapping

    init(_ wrapping: DeflateWrapping, level: Int32) throws(CompressionError) {
        self.wrapping = wrapping
        // SAFETY: the block is owned by this value and freed in `deinit`, also when zlib refuses.
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe deflateInit2_(
            stream,
            level,
            Z_DEFLATED,
            wrapping.windowBits,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else {
            throw CompressionError(wrapping.name, .failed("deflateInit2 returned \(code)"))
        }
    }

    deinit {
        // SAFETY: initialised in `init`, ended and freed exactly once.
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    mutating func deflate(
        _ input: RawSpan,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        guard input.byteCount <= Int(UInt32.max) else {
            throw CompressionError(wrapping.name, .failed("more than 4 GiB of input"))
        }
        // SAFETY: `deflateBound` is room enough for one call with Z_FINISH; zlib reads and writes
        // only the bytes announced, and neither pointer is used after its closure.
        unsafe deflateReset(stream)
        let room = unsafe Int(deflateBound(stream, UInt(input.byteCount)))
        var code = Z_OK
        unsafe input.withUnsafeBytes { source in
            unsafe output.appendUninitialized(capacity: room) { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress
                )
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.pointee.avail_out = UInt32(clamping: target.count)
                code = unsafe CZlib.deflate(stream, Z_FINISH)
                return unsafe code == Z_STREAM_END ? Int(stream.pointee.total_out) : 0
            }
        }
        guard code == Z_STREAM_END else {
            throw CompressionError(wrapping.name, .failed("deflate returned \(code)"))
        }
    }
}
