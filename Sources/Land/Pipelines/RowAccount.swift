import ArrowData
import Bytes
import Columns

/// Which records of a batch are still there after a transform, by the places that rows carry.
struct RowAccount {
    /// A record's place; topics are counted as they are met.
    private struct Key: Hashable {
        let topic: Int32
        let partition: Int32
        let offset: Int64
    }

    private var topics: [String]
    private var keys: [Key] = []
    private var isTaken: [Bool]
    /// Where the next row is looked for first: most transforms keep the order.
    private var cursor = 0
    /// Made when a row is not near there.
    private var indices: [Key: Int] = [:]

    /// How far ahead a row is looked for before all are listed.
    private static let reach = 64

    /// The rows that go in. `topic` is that of tables that do not tell it.
    init(_ batch: borrowing ArrowBatch, topic: String) {
        topics = [topic]
        isTaken = Array(repeating: false, count: batch.rowCount)
        keys = readKeys(batch)
    }

    /// Takes note of rows that come out.
    /// - Returns: the place of one that did not go in, or comes out twice.
    mutating func take(_ part: borrowing ArrowBatch) -> RecordPlace? {
        for key in readKeys(part) {
            guard let index = find(key), !isTaken[index] else { return place(key) }
            isTaken[index] = true
            cursor = index + 1
        }
        return nil
    }

    /// The records of which nothing came out.
    var left: [RecordPlace] {
        keys.indices.filter { !isTaken[$0] }.map { place(keys[$0]) }
    }

    private mutating func find(_ key: Key) -> Int? {
        for index in cursor..<min(max(cursor, 0) + Self.reach, keys.count)
        where keys[index] == key {
            return index
        }
        if indices.isEmpty {
            for (index, key) in keys.enumerated() { indices[key] = index }
        }
        return indices[key]
    }

    private func place(_ key: Key) -> RecordPlace {
        RecordPlace(
            partition: SourcePartition(topic: topics[Int(key.topic)], index: key.partition),
            offset: key.offset
        )
    }

    private mutating func readKeys(_ batch: borrowing ArrowBatch) -> [Key] {
        guard let log = batch.fields.firstIndex(where: { $0.name == LogColumn.name }) else {
            preconditionFailure("rows on their way to a table have _log")
        }
        let column = batch.column(log)
        let names = column.field.children.map(\.name)
        guard let partition = names.firstIndex(of: "partition"),
            let offset = names.firstIndex(of: "offset")
        else { preconditionFailure("_log has partition and offset") }
        let topic = names.firstIndex(of: "topic")
        let partitions = column.child(partition)
        let offsets = column.child(offset)
        var read: [Key] = []
        read.reserveCapacity(batch.rowCount)
        for row in 0..<batch.rowCount {
            var number: Int32 = 0
            if let topic { number = self.number(column.child(topic).bytes(row)) }
            read.append(
                Key(topic: number, partition: partitions.int32(row), offset: offsets.int64(row))
            )
        }
        return read
    }

    private mutating func number(_ name: RawSpan) -> Int32 {
        let name = String(repairingUTF8: name)
        if let index = topics.firstIndex(of: name) { return Int32(index) }
        topics.append(name)
        return Int32(topics.count - 1)
    }
}
