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
// the machine stopped, and nobody was told of it. At open the file is written anew when most of it
// is history.
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
    private(set) var topics: [TopicID: TopicEntry] = [:]
    private let file: FS.File
    private var end: Int64

    /// Opens the file in `directory`, or begins it with a new cluster id.
    static func open(
        _ files: FS,
        directory: String,
        random: some RandomSource
    ) throws(LogError) -> MetadataLog {
        let path = "\(directory)/meta"
        var random = random
        let (file, content) = try LogError.storing { () throws(FileError) in
            if !files.exists(path) {
                var buffer = ByteBuffer()
                appendLog(UUID16(random: &random), to: &buffer)
                try files.replace(path, with: buffer.bytes)
            }
            let content = Slab(try files.contents(of: path, bytesMax: fileBytesMax))
            return (try files.open(path, .readWrite), content)
        }
        return try MetadataLog(file, content.bytes, path)
    }

    private init(_ file: FS.File, _ content: RawSpan, _ path: String) throws(LogError) {
        self.file = file
        var reader = ByteReader(content)
        guard let first = Self.nextEntry(&reader), let id = try Self.readLog(first, path) else {
            throw .corrupt(path: path, detail: "it does not begin with a log's identity")
        }
        clusterID = id
        end = Int64(reader.offset)
        while let entry = Self.nextEntry(&reader) {
            do throws(ByteError) { try apply(entry) } catch {
                throw .corrupt(path: path, detail: "entry at byte \(end): \(error)")
            }
            end = Int64(reader.offset)
        }
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

    private mutating func apply(_ body: RawSpan) throws(ByteError) {
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

    private mutating func append(_ buffer: borrowing ByteBuffer) throws(LogError) {
        do throws(FileError) {
            try file.write(buffer.bytes, at: end)
            try file.sync()
        } catch {
            // Whoever reads the file next must not find the entry of a change that was refused.
            try? file.truncate(to: end)
            try? file.sync()
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
