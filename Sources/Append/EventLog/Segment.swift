internal import Files
internal import KafkaProtocol
internal import Synchronization

/// A stretch of a partition's batches in one file, `<20 digits>.log`, byte for byte what Kafka
/// would store.
///
/// All offsets in it are at least `baseOffset` and smaller than the next segment's. The writer
/// thread appends; any thread reads what lies below the readable end that the partition publishes.
/// The file is opened when it is first needed.
internal final class Segment<FS: FileSystem>: Sendable {
    let baseOffset: Int64
    let path: String
    private let files: FS
    private let opened: Mutex<FS.File?>
    /// Bytes that belong to the log. Changed by the writer thread alone.
    let size: Atomic<Int64>
    let index: Mutex<SegmentIndex>

    init(
        files: FS,
        path: String,
        file: FS.File?,
        size: Int64,
        index: SegmentIndex
    ) {
        self.files = files
        self.path = path
        baseOffset = index.baseOffset
        opened = Mutex(file)
        self.size = Atomic(size)
        self.index = Mutex(index)
    }

    /// The open file.
    func file() throws(FileError) -> FS.File {
        if let file = opened.withLock({ $0 }) { return file }
        let file = try files.open(path, .readWrite)
        // Another thread may have opened it meanwhile; either one serves.
        opened.withLock { $0 = file }
        return file
    }

    /// The name of the file that begins with `baseOffset`: twenty digits and `suffix`.
    static func name(_ baseOffset: Int64, _ suffix: String) -> String {
        let digits = String(baseOffset)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits + suffix
    }

    /// The offset in such a name.
    static func baseOffset(ofName name: String, _ suffix: String) -> Int64? {
        guard name.hasSuffix(suffix), name.utf8.count == 20 + suffix.utf8.count else { return nil }
        let digits = name.prefix(20)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(digits)
    }
}
