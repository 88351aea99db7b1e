internal import Bytes
internal import Clocks
internal import Files

// The file `checkpoint`: how far each partition is known to be whole and durable. In the frame of a
// sealed file:
//
//     partitions  u32
//     for each:   topic id 16 bytes, index i32, base offset of a segment i64, position in it i64,
//                 offset i64
//
// Everything before that position was synced, with all segments before it; the batch there has that
// offset, or will have. Opening verifies what follows and nothing else. Without the file it
// verifies everything.

/// A place in a partition before which everything is durable.
internal struct RecoveryPoint: Equatable, Sendable {
    /// The segment, by its base offset.
    var segment: Int64
    /// Bytes of it.
    var position: Int64
    /// The offset of the batch at that position.
    var offset: Int64
}

/// The recovery points of all partitions.
internal struct Checkpoint: Sendable, Equatable {
    struct Key: Hashable, Sendable {
        let topic: TopicID
        let index: Int32
    }

    var points: [Key: RecoveryPoint] = [:]

    static func path(_ directory: String) -> String { "\(directory)/checkpoint" }

    /// Reads the checkpoint of the log in `directory`; an empty one when there is none.
    static func load<FS: FileSystem>(
        _ directory: String,
        _ files: FS
    ) throws(FileError) -> Checkpoint {
        guard let slab = try SealedFile.load(.checkpoint, path(directory), files) else {
            return Checkpoint()
        }
        return (try? Checkpoint(slab)) ?? Checkpoint()
    }

    /// No recovery points: everything will be verified.
    init() {}

    /// How far `partitions` are durable now.
    init<FS: FileSystem>(of partitions: [Partition<FS>]) {
        for partition in partitions {
            guard let view = try? partition.view(), let point = view.recoveryPoint() else {
                continue
            }
            points[Key(topic: partition.topicID, index: partition.index)] = point
        }
    }

    private init(_ slab: Slab) throws(ByteError) {
        var reader = try ByteReader.content(of: slab)
        for _ in 0..<(try reader.read(UInt32.self)) {
            let key = Key(topic: try reader.readUUID(), index: try reader.read())
            points[key] = RecoveryPoint(
                segment: try reader.read(),
                position: try reader.read(),
                offset: try reader.read()
            )
        }
    }

    /// Replaces the checkpoint of the log in `directory`, durably.
    func store<FS: FileSystem>(_ directory: String, _ files: FS) throws(FileError) {
        var buffer = SealedFile.begin(.checkpoint)
        buffer.append(UInt32(points.count))
        for (key, point) in points.sorted(by: {
            ($0.key.topic, $0.key.index) < ($1.key.topic, $1.key.index)
        }) {
            buffer.append(key.topic)
            buffer.append(key.index)
            buffer.append(point.segment)
            buffer.append(point.position)
            buffer.append(point.offset)
        }
        SealedFile.end(&buffer)
        try files.replace(Self.path(directory), with: buffer.bytes)
    }
}
