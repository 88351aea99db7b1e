internal import Bytes
internal import Files
internal import Synchronization

/// Hands out producer ids, each once, also across restarts.
///
/// A file says where the next block of ids begins. It is replaced, durably, before the first id of
/// a block is given out; a restart wastes what is left of a block. The file holds one decimal
/// number.
internal final class ProducerIDs<FS: FileSystem>: Sendable {
    private static var blockSize: Int64 { 1000 }
    private static var fileBytesMax: Int { 64 }

    private struct Range {
        /// The next id to give out.
        var next: Int64
        /// The first id that is not covered by the file.
        var end: Int64
    }
    private let files: FS
    private let path: String
    private let range: Mutex<Range>

    /// Reads the file in `directory`; without one, ids begin at 1.
    init(files: FS, directory: String) throws(BrokerError) {
        self.files = files
        path = "\(directory)/producer-ids"
        var start: Int64 = 1
        if files.exists(path) {
            let text: String
            do throws(FileError) {
                let bytes = try files.contents(of: path, bytesMax: Self.fileBytesMax)
                text = String(repairingUTF8: bytes.bytes)
            } catch {
                throw .storage(error)
            }
            guard text.hasSuffix("\n"), let number = Int64(text.dropLast()), number > 0 else {
                throw .producerIDs(path: path)
            }
            start = number
        }
        range = Mutex(Range(next: start, end: start))
    }

    /// An id nobody had before. Once in a thousand calls it blocks for the disk.
    func next() throws(FileError) -> Int64 {
        try range.withLock { range throws(FileError) in
            if range.next == range.end {
                let end = range.end + Self.blockSize
                var bytes = ByteBuffer(capacity: 32)
                bytes.append(utf8: "\(end)\n")
                try files.replace(path, with: bytes.bytes)
                range.end = end
            }
            defer { range.next += 1 }
            return range.next
        }
    }
}
