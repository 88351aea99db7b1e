internal import Bytes
internal import Checksums
internal import Clocks
internal import Files
internal import KafkaProtocol

/// What the journal holds when a log is opened: the batches that may be missing in their segments.
internal struct JournalReader<FS: FileSystem> {
    /// Consecutive batches of one partition, in a journal file.
    struct Entry: Sendable {
        let file: FS.File
        let position: Int64
        let bytes: Int
        let baseOffset: Int64
        let nextOffset: Int64
    }

    /// For each partition, in order of offsets.
    private(set) var entries: [Checkpoint.Key: [Entry]] = [:]
    /// Files found, whether they hold something or not.
    private(set) var fileCount = 0

    private let files: FS
    private let directory: String

    /// Reads the journal of the log in `directory`.
    init(_ files: FS, directory: String) throws(FileError) {
        self.files = files
        self.directory = "\(directory)/\(JournalFormat.directory)"
        guard files.exists(self.directory) else { return }
        for name in try files.list(self.directory) {
            guard JournalFormat.number(in: name) != nil else { continue }
            fileCount += 1
            try read(try files.open("\(self.directory)/\(name)", .read))
        }
        for key in entries.keys { entries[key]?.sort { $0.baseOffset < $1.baseOffset } }
    }

    private mutating func read(_ file: FS.File) throws(FileError) {
        let size = try file.size()
        guard let generation = try Self.generation(of: file) else { return }
        var position = Int64(JournalFormat.sectorBytes)
        var sequence: UInt64?
        while let record = try Self.record(in: file, at: position, generation, size: size) {
            if let sequence, record.sequence != sequence &+ 1 { return }
            sequence = record.sequence
            for (key, entry) in record.entries { entries[key, default: []].append(entry) }
            position += Int64(JournalFormat.aligned(record.bytes))
        }
    }

    /// The generation in the file's head, or nil when it holds nothing.
    private static func generation(of file: FS.File) throws(FileError) -> UInt64? {
        var buffer = ByteBuffer(capacity: JournalFormat.fileHeadBytes)
        _ = try file.read(at: 0, count: JournalFormat.fileHeadBytes, into: &buffer)
        guard buffer.count == JournalFormat.fileHeadBytes else { return nil }
        var reader = ByteReader(buffer.bytes)
        guard (try? reader.read(UInt32.self)) == JournalFormat.fileMagic,
            (try? reader.read(UInt16.self)) == JournalFormat.version,
            (try? reader.read(UInt16.self)) == 0,
            let generation = try? reader.read(UInt64.self),
            let checksum = try? reader.read(UInt32.self),
            checksum == crc32c(buffer.bytes.extracting(0..<16))
        else { return nil }
        return generation
    }

    private struct Record {
        let sequence: UInt64
        /// Head, entries and batches.
        let bytes: Int
        let entries: [(Checkpoint.Key, Entry)]
    }

    /// The record at `position`, or nil when there is no whole one of that generation.
    private static func record(
        in file: FS.File,
        at position: Int64,
        _ generation: UInt64,
        size: Int64
    ) throws(FileError) -> Record? {
        var head = ByteBuffer(capacity: 4096)
        _ = try file.read(at: position, count: JournalFormat.recordHeadBytes, into: &head)
        guard let (sequence, count) = fields(of: head, generation) else { return nil }
        let table = count * JournalFormat.entryBytes
        let tablePosition = position + Int64(JournalFormat.recordHeadBytes)
        guard tablePosition + Int64(table) <= size else { return nil }
        _ = try file.read(at: tablePosition, count: table, into: &head)
        var reader = ByteReader(head.bytes)
        guard (try? reader.skip(4)) != nil, let checksum = try? reader.read(UInt32.self),
            checksum == crc32c(head.bytes.extracting(8..<head.count))
        else { return nil }
        var entries: [(Checkpoint.Key, Entry)] = []
        var start = tablePosition + Int64(table)
        for number in 0..<count {
            let at = JournalFormat.recordHeadBytes + number * JournalFormat.entryBytes
            guard let (key, bytes, base) = entry(of: head, at: at),
                let next = try nextOffset(in: file, at: start, bytes, base, size: size)
            else { return nil }
            let entry = Entry(
                file: file,
                position: start,
                bytes: bytes,
                baseOffset: base,
                nextOffset: next
            )
            entries.append((key, entry))
            start += Int64(bytes)
        }
        return Record(sequence: sequence, bytes: Int(start - position), entries: entries)
    }

    /// Sequence and number of entries of a record's head, or nil when it is not one of that
    /// generation.
    private static func fields(
        of head: borrowing ByteBuffer,
        _ generation: UInt64
    ) -> (sequence: UInt64, count: Int)? {
        var reader = ByteReader(head.bytes)
        guard (try? reader.read(UInt32.self)) == JournalFormat.recordMagic,
            (try? reader.read(UInt32.self)) != nil,
            (try? reader.read(UInt64.self)) == generation,
            let sequence = try? reader.read(UInt64.self),
            let count = try? reader.read(UInt32.self),
            (try? reader.read(UInt32.self)) == 0
        else { return nil }
        return (sequence, Int(count))
    }

    private static func entry(
        of head: borrowing ByteBuffer,
        at offset: Int
    ) -> (Checkpoint.Key, bytes: Int, base: Int64)? {
        var reader = ByteReader(head.bytes)
        guard (try? reader.skip(offset)) != nil, let topic = try? reader.readUUID(),
            let index: Int32 = try? reader.read(),
            let bytes: UInt32 = try? reader.read(), let base: Int64 = try? reader.read()
        else { return nil }
        return (Checkpoint.Key(topic: topic, index: index), Int(bytes), base)
    }

    /// The offset after the `bytes` of batches at `position`, or nil when they are not whole or do
    /// not follow each other.
    private static func nextOffset(
        in file: FS.File,
        at position: Int64,
        _ bytes: Int,
        _ base: Int64,
        size: Int64
    ) throws(FileError) -> Int64? {
        let end = position + Int64(bytes)
        guard end <= size else { return nil }
        var scanner = BatchScanner(file, from: position, to: end, chunkBytes: 64 << 10)
        var next = base
        while scanner.position < end {
            guard let header = try scanner.peekVerified(), header.baseOffset == next,
                header.partitionLeaderEpoch == 0
            else { return nil }
            next = header.nextOffset
            scanner.skip(header)
        }
        return next
    }

    /// Makes the files hold nothing, durably. To be called when everything in them is durable
    /// elsewhere.
    static func clear(_ files: FS, directory: String) throws(FileError) {
        let directory = "\(directory)/\(JournalFormat.directory)"
        guard files.exists(directory) else { return }
        var zeros = ByteBuffer()
        zeros.appendZeros(JournalFormat.sectorBytes)
        for name in try files.list(directory) where JournalFormat.number(in: name) != nil {
            let file = try files.open("\(directory)/\(name)", .readWrite)
            if try generation(of: file) == nil { continue }
            try file.write(zeros.bytes, at: 0)
            try file.sync()
        }
    }

    /// Opens the files for writing over and brings them to `options`' size and number. They must
    /// hold nothing.
    static func recycle(
        _ files: FS,
        directory: String,
        options: LogOptions
    ) throws(FileError) -> [JournalFile<FS>] {
        let directory = "\(directory)/\(JournalFormat.directory)"
        guard files.exists(directory) else { return [] }
        var free: [JournalFile<FS>] = []
        for name in try files.list(directory) {
            guard let number = JournalFormat.number(in: name) else { continue }
            let path = "\(directory)/\(name)"
            let file = try files.open(path, .readWrite)
            if number == free.count && number < options.journalFilesMax,
                try file.size() == Int64(options.journalFileBytes)
            {
                free.append(JournalFile(file))
            } else {
                try files.remove(path)
            }
        }
        return free
    }
}
