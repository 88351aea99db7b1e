internal import Bytes
internal import Checksums
internal import Clocks
internal import Files

// The log's small files that are replaced as a whole (checkpoint, index, producer snapshot) share
// one frame:
//
//     magic     u32   says which kind of file it is
//     version   u16   1
//     checksum  u32   CRC-32C of everything behind it
//     …               the content
//
// A file whose frame is not right counts as not being there: all of them can be made again from the
// batches.

/// The frame around the content of a small file.
internal enum SealedFile {
    enum Kind: UInt32 {
        case checkpoint = 0x4d52_4350  // "MRCP"
        case index = 0x4d52_4958  // "MRIX"
        case producers = 0x4d52_5053  // "MRPS"
    }

    static let version: UInt16 = 1
    static let frameBytes = 10

    /// Begins a file of that kind; the content is appended by the caller.
    static func begin(_ kind: Kind) -> ByteBuffer {
        var buffer = ByteBuffer(capacity: 4096)
        buffer.append(kind.rawValue)
        buffer.append(version)
        buffer.append(0 as UInt32)
        return buffer
    }

    /// Writes the checksum of what was appended since `begin`.
    static func end(_ buffer: inout ByteBuffer) {
        let content = frameBytes..<buffer.count
        buffer.overwrite(crc32c(buffer.bytes.extracting(content)), at: 6)
    }

    /// Writes a file without syncing it: where it is torn by a crash, it counts as not being there.
    static func store<FS: FileSystem>(
        _ content: RawSpan,
        _ path: String,
        _ files: FS
    ) throws(FileError) {
        let file = try files.open(path, .create)
        try file.write(content, at: 0)
        try file.truncate(to: Int64(content.byteCount))
    }

    /// The content of the file, or nil when there is no whole file of that kind and version.
    static func load<FS: FileSystem>(
        _ kind: Kind,
        _ path: String,
        _ files: FS,
        bytesMax: Int = 1 << 30
    ) throws(FileError) -> Slab? {
        guard files.exists(path) else { return nil }
        let slab = Slab(try files.contents(of: path, bytesMax: bytesMax))
        var reader = ByteReader(slab.bytes)
        guard (try? reader.read(UInt32.self)) == kind.rawValue,
            (try? reader.read(UInt16.self)) == version,
            let checksum = try? reader.read(UInt32.self),
            crc32c(slab.bytes.extracting(frameBytes..<slab.count)) == checksum
        else { return nil }
        return slab
    }
}

extension ByteReader {
    /// A reader of a sealed file's content.
    @_lifetime(borrow slab)
    internal static func content(of slab: borrowing Slab) throws(ByteError) -> ByteReader {
        var reader = ByteReader(slab.bytes)
        try reader.skip(SealedFile.frameBytes)
        return reader
    }
}
