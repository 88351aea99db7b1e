internal import Bytes
internal import Clocks
internal import Files

// The file `<offset>.snapshot`: the idempotent producers of a partition as the batches below that
// offset make them, written when a segment is closed and when the log is. In the frame of a sealed
// file:
//
//     topic id 16 bytes, offset i64, producers u32
//     for each: producer id i64, epoch i16, when it was last heard of i64 (milliseconds since
//     1970), batches u8
//       for each: first sequence i32, last sequence i32, first offset i64, last offset i64

extension ProducerTable {
    static let suffix = ".snapshot"

    /// The table as a file for the state below `offset`.
    func encoded(topicID: TopicID, offset: Int64) -> ByteBuffer {
        var buffer = SealedFile.begin(.producers)
        buffer.append(topicID)
        buffer.append(offset)
        buffer.append(UInt32(entries.count))
        for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
            buffer.append(id)
            buffer.append(entry.epoch)
            buffer.append(entry.lastSeen.milliseconds)
            buffer.append(UInt8(entry.batches.count))
            for batch in entry.batches {
                buffer.append(batch.firstSequence)
                buffer.append(batch.lastSequence)
                buffer.append(batch.baseOffset)
                buffer.append(batch.lastOffset)
            }
        }
        SealedFile.end(&buffer)
        return buffer
    }

    /// Reads the snapshot at `path`; nil when it is not whole or not that partition's.
    static func load<FS: FileSystem>(
        _ path: String,
        _ files: FS,
        topicID: TopicID,
        offset: Int64
    ) throws(FileError) -> ProducerTable? {
        guard let slab = try SealedFile.load(.producers, path, files) else { return nil }
        do throws(ByteError) {
            var reader = try ByteReader.content(of: slab)
            guard try reader.readUUID() == topicID, try reader.read(Int64.self) == offset else {
                return nil
            }
            var table = ProducerTable()
            for _ in 0..<(try reader.read(UInt32.self)) {
                let id: Int64 = try reader.read()
                table.restore(id, try readEntry(&reader))
            }
            return table
        } catch {
            return nil
        }
    }

    @_lifetime(reader: copy reader)
    private static func readEntry(_ reader: inout ByteReader) throws(ByteError) -> Entry {
        let epoch: Int16 = try reader.read()
        let lastSeen = Timestamp(milliseconds: try reader.read())
        var batches: [Batch] = []
        for _ in 0..<(try reader.read(UInt8.self)) {
            batches.append(
                Batch(
                    firstSequence: try reader.read(),
                    lastSequence: try reader.read(),
                    baseOffset: try reader.read(),
                    lastOffset: try reader.read()
                )
            )
        }
        return Entry(epoch: epoch, batches: batches, lastSeen: lastSeen)
    }
}
