import ArrowData
import Bytes
import Columns
import IcebergModel
import SQLEngine
import Testing

private func layout() throws -> ColumnLayout {
    let list = IcebergType.list(ListType(elementID: 7, elementRequired: false, element: .long))
    return try ColumnLayout(
        Schema(fields: [
            LogColumn.field(id: 1), .optional(5, "name", .string), .optional(6, "tags", list),
            .optional(8, "price", .decimal(precision: 10, scale: 2)), .optional(9, "n", .long),
        ])
    )
}

/// Rows 0..<count: name "r<n>" but for every third, tags [n, n + 1], price n / 2.
private func batch(_ rows: Range<Int>, _ layout: ColumnLayout, _ pool: BlockPool) throws
    -> ArrowBatch
{
    var set = ColumnSet(layout: layout, pool: pool)
    let name = try #require(layout.number(ofColumn: "name"))
    let tags = try #require(layout.number(ofColumn: "tags"))
    let price = try #require(layout.number(ofColumn: "price"))
    let number = try #require(layout.number(ofColumn: "n"))
    for row in rows {
        if row % 3 > 0 {
            // SAFETY: the span lives during the call.
            unsafe set.append(bytes: "r\(row)".utf8.span.bytes, to: name)
        }
        let place = set.beginList(tags)
        for value in row...(row + 1) {
            set.beginElement(of: tags)
            set.append(long: Int64(value), to: tags + 1)
        }
        set.endList(tags, place)
        set.append(unscaled: Int128(row * 50), to: price)
        set.append(long: Int64(row), to: number)
        let position = LogPosition(partition: 3, offset: Int64(row), timestampMicros: 7)
        set.finishRow(at: position, recordBytes: 10)
    }
    return set.takeBatch()
}

/// A row of the answer.
private struct Found {
    let partition: Int32
    let offset: Int64
    let name: String?
    let tags: [Int64]
    let price: Int128

    init(_ part: borrowing ArrowBatch, _ row: Int) {
        partition = part.column(0).child(0).int32(row)
        offset = part.column(0).child(1).int64(row)
        let names = part.column(1)
        name = names.isNull(row) ? nil : String(validatingUTF8: names.bytes(row))
        let lists = part.column(2)
        tags = lists.elements(row).map { lists.child(0).int64($0) }
        price = part.column(3).int128(row)
    }
}

@Test func `a question is asked of each batch, and the answer is in Arrow's layout`() throws {
    let query = try ArrowQuery(
        """
        select _log, upper(name) as who, tags, price * 2 as double_price, n
        from events where n % 2 = 0
        """,
        about: "events"
    )
    let layout = try layout()
    let pool = BlockPool()
    let fields = try query.fields(for: batch(0..<0, layout, pool))
    #expect(fields.map(\.name) == ["_log", "who", "tags", "double_price", "n"])
    #expect(fields.map(\.type.format) == ["+s", "u", "+l", "d:18,2", "l"])
    var offsets: [Int64] = []
    for start in [0, 5000, 10_000] {
        let rows = try batch(start..<(start + 5000), layout, pool)
        let failure = try query.run(rows, as: fields) { (part) throws(CancellationError) in
            for row in 0..<part.rowCount {
                let found = Found(part, row)
                let offset = found.offset
                offsets.append(offset)
                #expect(found.partition == 3)
                let name: String? = offset % 3 == 0 ? nil : "R\(offset)"
                #expect(found.name == name)
                #expect(found.tags == [offset, offset + 1])
                #expect(found.price == Int128(offset) * 100)
            }
        }
        #expect(failure == nil)
    }
    let expected = Array(stride(from: Int64(0), to: 15_000, by: 2))
    #expect(offsets == expected)
}

@Test(arguments: [
    "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "drop table events",
    "copy events to '/tmp/x'", "select 1; select 2", "insert into events values (1)", "",
    "select getenv('HOME')", "attach '/tmp/x.db'", "set memory_limit = '1TB'",
])
func `nothing but the rows can be reached`(sql: String) throws {
    #expect(throws: SQLError.self) {
        let query = try ArrowQuery(sql, about: "events")
        _ = try query.fields(for: batch(0..<1, layout(), BlockPool()))
    }
}

@Test func `a question that fails over some rows says why, and answers the next batch`() throws {
    let query = try ArrowQuery("select cast(name as int) as n from events", about: "events")
    let layout = try layout()
    let pool = BlockPool()
    let fields = try query.fields(for: batch(0..<0, layout, pool))
    #expect(throws: SQLError.self) {
        _ = try query.run(batch(1..<2, layout, pool), as: fields) { (_) throws(CancellationError) in
        }
    }
    var rows = 0
    _ = try query.run(batch(0..<1, layout, pool), as: fields) { (part) throws(CancellationError) in
        rows += part.rowCount
    }
    #expect(rows == 1)
}

@Test func `what stops the caller stops the answer`() throws {
    let query = try ArrowQuery("select n from events", about: "events")
    let layout = try layout()
    let pool = BlockPool()
    let fields = try query.fields(for: batch(0..<0, layout, pool))
    var parts = 0
    let failure = try query.run(batch(0..<10_000, layout, pool), as: fields) {
        (_) throws(CancellationError) in
        parts += 1
        throw CancellationError()
    }
    #expect(failure != nil && parts == 1)
}
