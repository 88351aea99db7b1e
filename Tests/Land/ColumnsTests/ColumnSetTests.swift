import ArrowData
import Bytes
import Columns
import IcebergModel
import Testing

private func layout(_ fields: [NestedField]) throws -> ColumnLayout {
    try ColumnLayout(Schema(fields: fields))
}

private func position(_ offset: Int64) -> LogPosition {
    LogPosition(partition: 3, offset: offset, timestampMicros: 1_000_000 + offset)
}

private func texts(_ column: borrowing ArrowColumnView) -> [String?] {
    var texts: [String?] = []
    for row in 0..<column.count {
        texts.append(column.isNull(row) ? nil : String(repairingUTF8: column.bytes(row)))
    }
    return texts
}

private func longs(_ column: borrowing ArrowColumnView) -> [Int64?] {
    var values: [Int64?] = []
    for row in 0..<column.count {
        values.append(column.isNull(row) ? nil : column.int64(row))
    }
    return values
}

extension ColumnSet {
    fileprivate mutating func append(text: String, to column: Int) {
        // SAFETY: the span is used only for the copy.
        unsafe append(bytes: text.utf8.span.bytes, to: column)
    }

    fileprivate mutating func append(bytes: [UInt8], to column: Int) {
        // SAFETY: as above.
        unsafe append(bytes: bytes.span.bytes, to: column)
    }

    fileprivate mutating func extend(_ text: String, in column: Int) {
        // SAFETY: as above.
        unsafe extendBytes(text.utf8.span.bytes, in: column)
    }

    fileprivate mutating func finish(_ offset: Int64) {
        finishRow(at: position(offset), recordBytes: 10)
    }
}

@Test func `every type keeps its values`() throws {
    let types: [IcebergType] = [
        .boolean, .int, .long, .float, .double, .string, .binary, .date, .timestamp, .timestamptz,
    ]
    let layout = try layout(
        types.enumerated().map { .optional($0.offset + 1, "\($0.element)", $0.element) }
    )
    var set = ColumnSet(layout: layout, pool: BlockPool())
    for row in 0..<1000 {
        set.append(boolean: row % 3 == 0, to: 0)
        set.append(int: Int32(-row), to: 1)
        set.append(long: Int64(row) << 40, to: 2)
        set.append(float: Float(row) / 2, to: 3)
        set.append(double: Double(row) / 4, to: 4)
        set.append(text: "row \(row)", to: 5)
        set.append(bytes: [UInt8(row & 255), 0], to: 6)
        set.append(int: Int32(row), to: 7)
        set.append(long: Int64(row), to: 8)
        set.append(long: -Int64(row), to: 9)
        set.finish(Int64(row))
    }
    let batch = set.takeBatch()
    #expect(batch.rowCount == 1000)
    for row in stride(from: 0, to: 1000, by: 37) {
        #expect(batch.column(0).boolean(row) == (row % 3 == 0))
        #expect(batch.column(1).int32(row) == Int32(-row))
        #expect(batch.column(2).int64(row) == Int64(row) << 40)
        #expect(batch.column(3).float32(row) == Float(row) / 2)
        #expect(batch.column(4).float64(row) == Double(row) / 4)
        #expect(String(repairingUTF8: batch.column(5).bytes(row)) == "row \(row)")
        #expect(Array(copying: batch.column(6).bytes(row)) == [UInt8(row & 255), 0])
        #expect(batch.column(7).int32(row) == Int32(row))
        #expect(batch.column(8).int64(row) == Int64(row))
        #expect(batch.column(9).int64(row) == -Int64(row))
    }
    #expect(batch.fields.map(\.fieldID) == Array(1...10))
    #expect((0..<10).allSatisfy { batch.column($0).nullCount == 0 })
}

@Test func `a row that is rolled back leaves nothing`() throws {
    let layout = try layout([
        .optional(1, "a", .string), .optional(2, "b", .long), .optional(3, "c", .boolean),
    ])
    var set = ColumnSet(layout: layout, pool: BlockPool())
    set.append(text: "kept", to: 0)
    set.finish(0)
    set.append(text: "lost", to: 0)
    set.append(long: 5, to: 1)
    set.appendNull(to: 2)
    set.rollbackRow()
    set.extend("half a te", in: 0)
    set.rollbackRow()
    let isFilled = [set.hasValue(0), set.hasValue(1), set.hasValue(2)]
    #expect(isFilled == [false, false, false])
    set.append(text: "too", to: 0)
    set.append(long: 6, to: 1)
    set.append(boolean: true, to: 2)
    set.finish(1)
    let batch = set.takeBatch()
    #expect(texts(batch.column(0)) == ["kept", "too"])
    #expect(longs(batch.column(1)) == [nil, 6])
    let flags = batch.column(2)
    let nulls = [flags.isNull(0), flags.isNull(1)]
    #expect(nulls == [true, false])
    #expect(flags.boolean(1) == true)
}

@Test func `rows without a value are null wherever they are`() throws {
    let layout = try layout([.optional(1, "text", .string), .optional(2, "flag", .boolean)])
    var set = ColumnSet(layout: layout, pool: BlockPool())
    var expected: [String?] = []
    for row in 0..<10_000 {
        switch row % 7 {
        case 0:
            set.append(text: "\(row)", to: 0)
            expected.append("\(row)")
        case 1:
            set.appendNull(to: 0)
            expected.append(nil)
        default:
            expected.append(nil)
        }
        if row == 9_000 { set.append(boolean: true, to: 1) }
        set.finish(Int64(row))
    }
    let batch = set.takeBatch()
    #expect(texts(batch.column(0)) == expected)
    #expect(batch.column(1).nullCount == 9_999)
    #expect(batch.column(1).boolean(9_000) == true)
    #expect(batch.column(1).isNull(9_000) == false)
}

@Test func `a column added in mid-batch is null in the rows before`() throws {
    let first = try layout([.optional(1, "a", .long), LogColumn.field(id: 2)])
    let second = try layout([
        .optional(1, "a", .long), LogColumn.field(id: 2), .optional(6, "b", .string),
    ])
    var set = ColumnSet(layout: first, pool: BlockPool())
    for row in 0..<3 {
        set.append(long: Int64(row), to: 0)
        set.finish(Int64(row))
    }
    try set.adopt(second)
    set.append(text: "new", to: 4)
    set.finish(3)
    let batch = set.takeBatch()
    #expect(batch.fields.map(\.name) == ["a", "_log", "b"])
    #expect(longs(batch.column(0)) == [0, 1, 2, nil])
    #expect(texts(batch.column(2)) == [nil, nil, nil, "new"])
    #expect(longs(batch.column(1).child(1)) == [0, 1, 2, 3])
    #expect(longs(batch.column(1).child(2)) == [1_000_000, 1_000_001, 1_000_002, 1_000_003])
    #expect(batch.column(1).child(0).int32(3) == 3)
}

@Test func `a layout that drops or changes a column is refused`() throws {
    let first = try layout([.optional(1, "a", .long), .optional(2, "b", .long)])
    var set = ColumnSet(layout: first, pool: BlockPool())
    let changes: [[NestedField]] = [
        [.optional(1, "a", .long)],
        [.optional(1, "a", .string), .optional(2, "b", .long)],
        [.optional(1, "a", .long), .optional(2, "b", .long), .required(3, "c", .long)],
        [.optional(1, "a", .long), .optional(2, "b", .long), LogColumn.field(id: 3)],
    ]
    for change in changes {
        let layout = try layout(change)
        #expect(throws: ColumnError.self) { try set.adopt(layout) }
    }
    #expect(set.layout === first)
}

@Test func `schemas that rows cannot be built of are refused by name`() {
    #expect(throws: ColumnError.unsupportedType(column: "d", type: "time")) {
        try layout([.optional(1, "d", .time)])
    }
    #expect(throws: ColumnError.logColumnShape) { try layout([.optional(1, "_log", .string)]) }
    #expect(throws: ColumnError.duplicateColumn("x")) {
        try layout([.optional(1, "x", .string), .optional(2, "x", .long)])
    }
}

@Test func `required columns without a value are named`() throws {
    let layout = try layout([.optional(1, "a", .long), .required(2, "b", .long)])
    var set = ColumnSet(layout: layout, pool: BlockPool())
    set.append(long: 1, to: 0)
    #expect(set.missingRequiredColumn == 1)
    set.append(long: 2, to: 1)
    #expect(set.missingRequiredColumn == nil)
}

@Test func `batches follow each other in recycled memory`() throws {
    let layout = try layout([.optional(1, "a", .string), LogColumn.field(id: 2)])
    let pool = BlockPool()
    var set = ColumnSet(layout: layout, pool: pool)
    for round in 0..<5 {
        for row in 0..<5000 {
            set.append(text: "round \(round) row \(row)", to: 0)
            set.finish(Int64(row))
        }
        let batch = set.takeBatch()
        #expect(batch.rowCount == 5000)
        #expect(String(repairingUTF8: batch.column(0).bytes(4999)) == "round \(round) row 4999")
        #expect(set.rowCount == 0 && set.byteCount == 0)
    }
    // What the last batch had, and nothing that grew from round to round.
    #expect(pool.bytesRetained < 1 << 20)
}

@Test func `two values for one column in one row trap`() async {
    await #expect(processExitsWith: .failure) {
        var set = ColumnSet(layout: try layout([.optional(1, "a", .long)]), pool: BlockPool())
        set.append(long: 1, to: 0)
        set.append(long: 2, to: 0)
    }
}
