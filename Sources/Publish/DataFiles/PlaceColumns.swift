internal import ArrowData
internal import Bytes

/// Rows that were found, to be taken out.
struct FoundRows {
    var places: Set<RowPlace> = []
    var rows: Int64 = 0
}

/// The rows of one file that were deleted by position, told row by row.
struct DeletedRows {
    private let positions: [Int64]
    private var next = 0
    private var position: Int64 = 0

    /// Rows at these positions, ascending.
    init(_ positions: [Int64]) { self.positions = positions }

    /// Whether the next row of the file is one.
    mutating func takesNext() -> Bool {
        defer { position += 1 }
        guard next < positions.count, positions[next] == position else { return false }
        next += 1
        return true
    }
}

/// Where a file's rows tell their places.
struct PlaceColumns {
    private let column: Int
    private let partition: Int
    private let offset: Int
    private let topic: Int?

    /// Nil when the file has no such fields, or of other types.
    init?(_ fields: PlaceFields, in columns: [ArrowField]) {
        guard
            let column = columns.firstIndex(where: { column in
                column.children.contains { $0.fieldID == fields.partition }
            })
        else { return nil }
        func child(_ id: Int, _ type: ArrowType) -> Int? {
            columns[column].children.firstIndex { $0.fieldID == id && $0.type == type }
        }
        guard let partition = child(fields.partition, .int32),
            let offset = child(fields.offset, .int64)
        else { return nil }
        self.column = column
        self.partition = partition
        self.offset = offset
        if let id = fields.topic {
            guard let topic = child(id, .utf8) else { return nil }
            self.topic = topic
        } else {
            topic = nil
        }
    }

    /// The stretches of rows that stay; those that `choice` takes are noted in `found`, those that
    /// were deleted before are not.
    func runs(
        of batch: borrowing ArrowBatch,
        without choice: some RowChoice,
        _ deleted: inout DeletedRows,
        _ found: inout FoundRows
    ) -> [Range<Int>] {
        let log = batch.column(column)
        let partitions = log.child(partition)
        let offsets = log.child(offset)
        var runs: [Range<Int>] = []
        var start = 0
        for row in 0..<log.count {
            if deleted.takesNext() {
                if row > start { runs.append(start..<row) }
                start = row + 1
                continue
            }
            if log.isNull(row) || partitions.isNull(row) || offsets.isNull(row) { continue }
            let (partition, offset) = (partitions.int32(row), offsets.int64(row))
            guard choice.mayHave(partition: partition, offset: offset) else { continue }
            let topic = self.topic.map { String(repairingUTF8: log.child($0).bytes(row)) }
            guard choice.takes(topic: topic, partition: partition, offset: offset, &found)
            else { continue }
            found.rows += 1
            if row > start { runs.append(start..<row) }
            start = row + 1
        }
        if start < log.count { runs.append(start..<log.count) }
        return runs
    }
}
