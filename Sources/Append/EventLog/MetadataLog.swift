// The file `meta`: which topics there are.
//
// A sequence of entries, each appended and synced before the change it describes is told to
// anybody:
//
//     length    u32   bytes after the checksum
//     checksum  u32   CRC-32C of those bytes
//     kind      u8    1 log, 2 topic created, 3 partitions added, 4 topic deleted
//     …               by kind, integers big-endian, texts as u16 length and UTF-8:
//       1  version u16 (1), cluster id 16 bytes       (always the first entry)
//       2  topic id 16 bytes, partitions u32, name, settings u16, then name and value of each
//       3  topic id 16 bytes, partitions u32          (the new number)
//       4  topic id 16 bytes
//
// The first entry that is cut off or has another checksum ends the file: it was being written when
// the machine stopped, and nobody was told of it. Each opening writes the file anew.
internal import Bytes
internal import Checksums
internal import Clocks
internal import Files

/// The durable list of topics. Not thread-safe: the log guards it.
internal struct MetadataLog<FS: FileSystem>: Sendable {
    static var version: UInt16 { 1 }
    private static var fileBytesMax: Int { 1 << 30 }

    /// One topic as the file tells it.
    struct TopicEntry: Sendable, Equatable {
        let id: TopicID
        let name: String
        var partitions: Int
        let configuration: [String: String]
    }

    let clusterID: UUID16
    private(set) var topics: [TopicID: TopicEntry]
    private let file: FS.File
    private var end: Int64
    /// Why no more changes are taken.
    private var failure: String?

    private init(_ content: Content, _ file: FS.File, end: Int64) {
        clusterID = content.clusterID
        topics = content.topics
        self.file = file
        self.end = end
    }

    /// Opens the file in `directory`, or begins it with a new cluster id.
    static func open(
        _ files: FS,
        directory: String,
        random: some RandomSource
    ) throws(LogError) -> MetadataLog {
        let path = "\(directory)/meta"
        var random = random
        var found = Content(clusterID: UUID16(random: &random))
        let isOld = files.exists(path)
        if isOld {
            let bytes = try LogError.storing { () throws(FileError) in
                Slab(try files.contents(of: path, bytesMax: fileBytesMax))
            }
            found = try read(bytes.bytes, path)
        }
        do throws(FileError) {
            let buffer = encoded(found)
            try files.replace(path, with: buffer.bytes)
            return MetadataLog(found, try files.open(path, .readWrite), end: Int64(buffer.count))
        } catch {
            // On a full device the old file must do: the log can still be read.
            if !isOld || !error.isNoSpace { throw .storage(error) }
        }
        return try LogError.storing { () throws(FileError) in
            let file = try files.open(path, .readWrite)
            try file.truncate(to: found.end)
            try file.sync()
            return MetadataLog(found, file, end: found.end)
        }
    }

    /// What a file says.
    private struct Content {
        var clusterID: UUID16
        var topics: [TopicID: TopicEntry] = [:]
        /// Where the last whole entry ends.
        var end: Int64 = 0
    }

    /// A file that says it in the fewest entries: short again, and durable whatever became of the
    /// syncs of the process before.
    private static func encoded(_ content: Content) -> ByteBuffer {
        var buffer = ByteBuffer()
        appendLog(content.clusterID, to: &buffer)
        for topic in content.topics.values.sorted(by: { $0.id < $1.id }) {
            appendTopic(topic, to: &buffer)
        }
        return buffer
    }

    private static func read(_ bytes: RawSpan, _ path: String) throws(LogError) -> Content {
        var reader = ByteReader(bytes)
        guard let first = nextEntry(&reader), let id = try readLog(first, path) else {
            throw .corrupt(path: path, detail: "it does not begin with a log's identity")
        }
        var content = Content(clusterID: id, end: Int64(reader.offset))
        while let entry = nextEntry(&reader) {
            do throws(ByteError) { try apply(entry, to: &content.topics) } catch {
                throw .corrupt(path: path, detail: "entry at byte \(content.end): \(error)")
            }
            content.end = Int64(reader.offset)
        }
        return content
    }

    /// The next whole entry, or nil where the file ends or is torn.
    @_lifetime(copy reader)
    private static func nextEntry(_ reader: inout ByteReader) -> RawSpan? {
        guard let length = try? reader.read(UInt32.self),
            let checksum = try? reader.read(UInt32.self),
            length >= 1, let body = try? reader.readBytes(Int(length)),
            crc32c(body) == checksum
        else { return nil }
        return body
    }

    private static func readLog(_ body: RawSpan, _ path: String) throws(LogError) -> UUID16? {
        var reader = ByteReader(body)
        guard (try? reader.read(UInt8.self)) == 1, let version = try? reader.read(UInt16.self)
        else { return nil }
        if version != Self.version {
            throw .corrupt(path: path, detail: "format \(version) is not one this program knows")
        }
        return try? reader.readUUID()
    }

    private static func apply(
        _ body: RawSpan,
        to topics: inout [TopicID: TopicEntry]
    ) throws(ByteError) {
        var reader = ByteReader(body)
        let kind = try reader.read(UInt8.self)
        let id = try reader.readUUID()
        switch kind {
        case 2:
            let partitions = Int(try reader.read(UInt32.self))
            let name = try reader.readShortText()
            var configuration: [String: String] = [:]
            for _ in 0..<(try reader.read(UInt16.self)) {
                let key = try reader.readShortText()
                configuration[key] = try reader.readShortText()
            }
            topics[id] = TopicEntry(
                id: id,
                name: name,
                partitions: partitions,
                configuration: configuration
            )
        case 3: topics[id]?.partitions = Int(try reader.read(UInt32.self))
        case 4: topics[id] = nil
        default:
            throw .lengthOutOfRange(offset: 0, length: Int(kind), limit: 4)
        }
    }

    /// Records a new topic, durably.
    mutating func create(_ topic: TopicEntry) throws(LogError) {
        var buffer = ByteBuffer()
        Self.appendTopic(topic, to: &buffer)
        try append(buffer)
        topics[topic.id] = topic
    }

    /// Records that a topic has `partitions` partitions now, durably.
    mutating func setPartitions(of id: TopicID, to partitions: Int) throws(LogError) {
        var buffer = ByteBuffer()
        Self.appendEntry(to: &buffer) { body in
            body.append(3 as UInt8)
            body.append(id)
            body.append(UInt32(partitions))
        }
        try append(buffer)
        topics[id]?.partitions = partitions
    }

    /// Records that a topic is gone, durably.
    mutating func delete(_ id: TopicID) throws(LogError) {
        var buffer = ByteBuffer()
        Self.appendEntry(to: &buffer) { body in
            body.append(4 as UInt8)
            body.append(id)
        }
        try append(buffer)
        topics[id] = nil
    }

    /// Appends and syncs an entry. After an error the change has not happened; when it is not even
    /// known whether the device has the entry, no further change is taken until the log was opened
    /// again.
    private mutating func append(_ buffer: borrowing ByteBuffer) throws(LogError) {
        if let failure { throw .failed(reason: failure) }
        do throws(FileError) {
            try file.write(buffer.bytes, at: end)
        } catch {
            // Whoever reads the file next must not find the entry of a change that was refused.
            do throws(FileError) {
                try file.truncate(to: end)
                try file.sync()
            } catch {
                failure = error.description
            }
            throw .storage(error)
        }
        do throws(FileError) { try file.sync() } catch {
            failure = error.description
            throw .storage(error)
        }
        end += Int64(buffer.count)
    }

    private static func appendLog(_ clusterID: UUID16, to buffer: inout ByteBuffer) {
        appendEntry(to: &buffer) { body in
            body.append(1 as UInt8)
            body.append(version)
            body.append(clusterID)
        }
    }

    private static func appendTopic(_ topic: TopicEntry, to buffer: inout ByteBuffer) {
        appendEntry(to: &buffer) { body in
            body.append(2 as UInt8)
            body.append(topic.id)
            body.append(UInt32(topic.partitions))
            body.appendShortText(topic.name)
            body.append(UInt16(topic.configuration.count))
            for (key, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
                body.appendShortText(key)
                body.appendShortText(value)
            }
        }
    }

    private static func appendEntry(
        to buffer: inout ByteBuffer,
        _ body: (inout ByteBuffer) -> Void
    ) {
        let start = buffer.count
        buffer.append(0 as UInt32)
        buffer.append(0 as UInt32)
        body(&buffer)
        let content = (start + 8)..<buffer.count
        buffer.overwrite(UInt32(content.count), at: start)
        buffer.overwrite(crc32c(buffer.bytes.extracting(content)), at: start + 4)
    }
}
