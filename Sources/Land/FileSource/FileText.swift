import Bytes
import Checksums
import Compression

/// Why a file could not be read as what it was taken for.
enum FileFault: Error, Equatable {
    /// It is not what its name says: damaged, or something else. The reason is for people.
    case damaged(String)
    /// It is not the file any more that was counted.
    case changed(String)
    /// It is gone.
    case missing(String)
    /// It cannot be read just now.
    case unavailable(String)
    /// Whoever reads it wants to stop.
    case interrupted

    init(_ error: FileStoreError) {
        switch error {
        case .notFound(let path): self = .missing(path)
        case .unavailable(let reason): self = .unavailable(reason)
        }
    }
}

/// The bytes of a file from front to back, with their checksum.
struct FileBytes<Contents: FileContents> {
    private let contents: Contents
    private(set) var position: Int64 = 0
    private(set) var checksum: UInt32 = 0
    private(set) var isEnd = false

    /// Bytes read at a time.
    static var pieceBytes: Int { 256 << 10 }

    init(_ contents: Contents) { self.contents = contents }

    /// Appends the next piece.
    mutating func read(into buffer: inout ByteBuffer) throws(FileFault) {
        let start = buffer.count
        do throws(FileStoreError) {
            let wanted = Self.pieceBytes
            let count = try contents.read(at: position, count: wanted, into: &buffer)
            position += Int64(count)
            let piece = buffer.bytes.extracting(start..<(start + count))
            checksum = crc32c(piece, continuing: checksum)
            isEnd = count < wanted
        } catch { throw FileFault(error) }
    }
}

/// The text of a file from front to back, unpacked on the way if its name ends in `.gz` or `.zst`.
/// Belongs to one thread.
struct FileText<Contents: FileContents>: ~Copyable {
    private var file: FileBytes<Contents>
    private var packed = ByteBuffer(capacity: 0)
    private let stream: DecompressionStream?
    /// True when everything was handed out.
    private(set) var isEnd = false

    /// Bytes handed out at a time.
    static var pieceBytes: Int { FileBytes<Contents>.pieceBytes }

    init(_ contents: Contents, path: String) throws(FileFault) {
        file = FileBytes(contents)
        do throws(CompressionError) {
            stream = try Self.codec(of: path).map { (codec) throws(CompressionError) in
                try DecompressionStream(codec)
            }
        } catch { throw .unavailable("\(error)") }
    }

    private static func codec(of path: String) -> CompressionCodec? {
        if path.hasSuffix(".gz") { return .gzip }
        return path.hasSuffix(".zst") ? .zstd : nil
    }

    /// Bytes of the file that were read.
    var position: Int64 { file.position }
    /// Checksum of the file's bytes so far.
    var checksum: UInt32 { file.checksum }

    /// Appends the next piece to `window`; nothing at the end.
    mutating func fill(_ window: inout ByteBuffer) throws(FileFault) {
        guard let stream else {
            if !isEnd { try file.read(into: &window) }
            isEnd = file.isEnd
            return
        }
        let before = window.count
        while !isEnd, window.count == before {
            if packed.isEmpty, !file.isEnd { try file.read(into: &packed) }
            let taken = try Self.unpack(packed, stream, into: &window)
            packed.removeFirst(taken)
            guard file.isEnd, packed.isEmpty, taken == 0, window.count == before else { continue }
            guard stream.isWhole else { throw .damaged("its packed text is cut short") }
            isEnd = true
        }
    }

    private static func unpack(
        _ packed: borrowing ByteBuffer,
        _ stream: DecompressionStream,
        into window: inout ByteBuffer
    ) throws(FileFault) -> Int {
        do throws(CompressionError) {
            let room = pieceBytes
            return try stream.decompress(packed.bytes, into: &window, bytesMax: room)
        } catch { throw .damaged("\(error)") }
    }
}
