import ArrowData
import Columns
import IcebergModel
import Parquet
import Testing

private let layoutOfFour = Schema(fields: [
    .optional(1, "same", .string), .optional(2, "unique", .string), .optional(3, "number", .long),
    .optional(4, "few", .long), LogColumn.field(id: 5),
])

/// Writes `rows` rows of `layoutOfFour` and returns each column's size, and what was read back.
private func write(
    rows: Int,
    options: ParquetOptions
) throws -> (bytes: [Int: Int64], isWhole: Bool) {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/a"
    let layout = try ColumnLayout(layoutOfFour)
    var set = ColumnSet(layout: layout, pool: BlockPool())
    for row in 0..<rows {
        set.append(text: "always the same", to: 0)
        set.append(text: "number \(row) of many", to: 1)
        set.append(long: Int64(row) * 7919 % 1_000_003, to: 2)
        set.append(long: Int64(row % 3) << 40, to: 3)
        set.finish(Int64(row))
    }
    var writer = try ParquetWriter(path: path, fields: layout.fields, options: options)
    try writer.write(set.takeBatch())
    let summary = try writer.close()
    var reader = try ParquetReader(path: path)
    var row = 0
    var isWhole = true
    while let batch = try reader.next() {
        for index in 0..<batch.rowCount {
            isWhole = isWhole && batch.column(2).int64(index) == Int64(row) * 7919 % 1_000_003
            isWhole = isWhole && batch.column(3).int64(index) == Int64(row % 3) << 40
            isWhole = isWhole && batch.column(4).child(1).int64(index) == Int64(row)
            row += 1
        }
    }
    let sizes = summary.columns.map { ($0.fieldID, $0.compressedBytes) }
    return (Dictionary(uniqueKeysWithValues: sizes), isWhole && row == rows)
}

@Test func `values that repeat go into a dictionary, and rising ones become differences on demand`()
    throws
{
    let written = try write(rows: 20_000, options: ParquetOptions())
    #expect(written.isWhole)
    // A dictionary of one or three values leaves next to nothing.
    #expect(try #require(written.bytes[1]) < 1000)
    #expect(try #require(written.bytes[4]) < 8000)
    // Engines that lack differences are many, so offsets are plain numbers unless asked for.
    #expect(try #require(written.bytes[7]) > 10_000)
    var options = ParquetOptions()
    options.hasDeltaEncoding = true
    let differences = try write(rows: 20_000, options: options)
    #expect(differences.isWhole)
    // Offsets that rise by one are all the same difference.
    #expect(try #require(differences.bytes[7]) < 2000)
}

@Test func `few rows, and rows of nothing but nulls, are written as well`() throws {
    for rows in [1, 2, 255, 256, 257] {
        #expect(try write(rows: rows, options: ParquetOptions()).isWhole)
    }
    let directory = TemporaryDirectory()
    let layout = try ColumnLayout(layoutOfFour)
    var set = ColumnSet(layout: layout, pool: BlockPool())
    for row in 0..<1000 { set.finish(Int64(row)) }
    var writer = try ParquetWriter(path: "\(directory.path)/a", fields: layout.fields)
    try writer.write(set.takeBatch())
    let summary = try writer.close()
    #expect(summary.columns.first?.nullCount == 1000)
}
