import ArrowData
import Bytes
import Columns
import IcebergModel
import Parquet
import Testing

// Pages are made by two writers: ours, and Arrow's when a page index is wanted. Whatever goes in,
// both must give the same rows and the same statistics back.

private let everyLeaf = Schema(fields: [
    .optional(1, "boolean", .boolean), .optional(2, "int", .int), .optional(3, "long", .long),
    .optional(4, "float", .float), .optional(5, "double", .double),
    .optional(6, "word", .string), .optional(7, "text", .string), .optional(8, "bytes", .binary),
    .optional(9, "date", .date), .optional(10, "time", .timestamptz), LogColumn.field(id: 20),
])

/// Splitmix64: the same numbers in every run.
private struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func below(_ bound: UInt64) -> Int { Int(next() % bound) }
}

/// What one seed's file is like.
private struct Shape {
    var batches: [Int]
    /// How many different values a column has at most.
    var variety: UInt64
    /// One value in so many is null; 0 for none.
    var nullsEvery: UInt64
    var textMax: UInt64

    init(_ dice: inout Dice) {
        let sizes: [UInt64] = [1, 7, 8, 9, 63, 256, 1000, 3000]
        batches = (0..<1 + dice.below(4)).map { _ in 1 + dice.below(sizes[dice.below(8)]) }
        variety = [1, 2, 3, 17, 300, 5000, .max][dice.below(7)]
        nullsEvery = [0, 0, 1, 2, 20][dice.below(5)]
        textMax = [1, 4, 12, 40, 300][dice.below(5)]
    }
}

private func fillRow(_ set: inout ColumnSet, _ dice: inout Dice, _ shape: Shape) {
    func hasValue(_ dice: inout Dice) -> Bool {
        shape.nullsEvery == 0 || dice.next() % shape.nullsEvery != 0
    }
    func text(_ dice: inout Dice) -> [UInt8] {
        var letters = Dice(state: dice.next() % shape.variety)
        return (0..<letters.below(shape.textMax)).map { _ in UInt8(0x20 + letters.below(90)) }
    }
    func number(_ dice: inout Dice) -> Int64 {
        var picked = Dice(state: dice.next() % shape.variety)
        return Int64(bitPattern: picked.next() >> UInt64(picked.below(63)))
    }
    if hasValue(&dice) { set.append(boolean: dice.next() & 1 == 0, to: 0) }
    if hasValue(&dice) { set.append(int: Int32(truncatingIfNeeded: number(&dice)), to: 1) }
    if hasValue(&dice) { set.append(long: number(&dice), to: 2) }
    if hasValue(&dice) { set.append(float: Float(number(&dice)) / 7, to: 3) }
    if hasValue(&dice) {
        let special = [Double.nan, .infinity, -.infinity, 0, -0.0]
        let isSpecial = dice.below(50) == 0
        set.append(double: isSpecial ? special[dice.below(5)] : Double(number(&dice)), to: 4)
    }
    for column in 5...7 where hasValue(&dice) { set.append(bytes: text(&dice), to: column) }
    if hasValue(&dice) { set.append(int: Int32(dice.below(40_000)), to: 8) }
    if hasValue(&dice) { set.append(long: number(&dice) / 4, to: 9) }
    set.finish(Int64(dice.below(3)) + Int64(set.rowCount))
}

private struct Written {
    var columns: [ColumnStatistics]
    var rows: [String]
    var groups: Int
}

private func write(seed: UInt64, _ options: ParquetOptions, path: String) throws -> Written {
    var dice = Dice(state: seed)
    let shape = Shape(&dice)
    let layout = try ColumnLayout(everyLeaf)
    var set = ColumnSet(layout: layout, pool: BlockPool())
    var writer = try ParquetWriter(path: path, fields: layout.fields, options: options)
    for rows in shape.batches {
        for _ in 0..<rows { fillRow(&set, &dice, shape) }
        try writer.write(set.takeBatch())
    }
    let summary = try writer.close()
    var reader = try ParquetReader(path: path, batchRows: 500)
    #expect(reader.summary.rows == summary.rows)
    var rows: [String] = []
    while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
            var cells: [String] = []
            for column in 0..<10 { cells.append(cell(batch.column(column), row)) }
            for child in 0..<3 { cells.append(cell(batch.column(10).child(child), row)) }
            rows.append(cells.joined(separator: "|"))
        }
    }
    return Written(columns: summary.columns, rows: rows, groups: summary.splitOffsets.count)
}

private func cell(_ column: borrowing ArrowColumnView, _ row: Int) -> String {
    if column.isNull(row) { return "null" }
    switch column.field.type {
    case .boolean: return "\(column.boolean(row))"
    case .int32, .date32: return "\(column.int32(row))"
    case .int64, .timestampMicros: return "\(column.int64(row))"
    case .float32: return "\(column.float32(row).bitPattern)"
    case .float64: return "\(column.float64(row).bitPattern)"
    default: return String(repairingUTF8: column.bytes(row))
    }
}

@Test(arguments: 0..<12)
func `our pages hold what Arrow's pages hold`(part: Int) throws {
    let directory = TemporaryDirectory()
    for seed in UInt64(part * 12)..<UInt64(part * 12 + 12) {
        var dice = Dice(state: seed ^ 0xABCD)
        var options = ParquetOptions()
        options.rowGroupRowsMax = [100, 2000, 1 << 18][dice.below(3)]
        options.dataPageRows = [8, 64, 1 << 16][dice.below(3)]
        options.dataPageBytes = [100, 5000, 1 << 20][dice.below(3)]
        options.dictionaryPageBytes = [50, 2000, 1 << 20][dice.below(3)]
        options.hasPageChecksums = dice.below(2) == 0
        var arrows = options
        arrows.hasPageIndex = true
        let mine = try write(seed: seed, options, path: "\(directory.path)/mine-\(seed)")
        let theirs = try write(seed: seed, arrows, path: "\(directory.path)/theirs-\(seed)")
        #expect(mine.rows == theirs.rows, "seed \(seed)")
        #expect(mine.groups == theirs.groups, "seed \(seed)")
        for (one, other) in zip(mine.columns, theirs.columns) {
            #expect(one.fieldID == other.fieldID)
            #expect(one.valueCount == other.valueCount, "seed \(seed)")
            #expect(one.nullCount == other.nullCount, "seed \(seed)")
            #expect(one.nanCount == other.nanCount, "seed \(seed)")
            #expect(one.lowerBound == other.lowerBound, "seed \(seed), column \(one.fieldID)")
            #expect(one.upperBound == other.upperBound, "seed \(seed), column \(one.fieldID)")
        }
    }
}

@Test func `a dictionary that grows too large gives way to plain values in mid-file`() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/a"
    let layout = try ColumnLayout(Schema(fields: [.optional(1, "a", .string)]))
    var options = ParquetOptions()
    options.dictionaryPageBytes = 4000
    var set = ColumnSet(layout: layout, pool: BlockPool())
    var writer = try ParquetWriter(path: path, fields: layout.fields, options: options)
    // First few values, then ever new ones.
    for batch in 0..<6 {
        for row in 0..<1000 {
            let number = batch < 2 ? row % 5 : batch * 1000 + row
            set.append(text: "value number \(number)", to: 0)
            set.finish(0)
        }
        try writer.write(set.takeBatch())
    }
    let summary = try writer.close()
    #expect(summary.rows == 6000)
    #expect(summary.columns.first?.lowerBound == Array("value number 0".utf8))
    #expect(summary.columns.first?.upperBound == Array("value number 59:".utf8))
    var reader = try ParquetReader(path: path, batchRows: 1000)
    for batch in 0..<6 {
        guard let rows = try reader.next() else {
            Issue.record("only \(batch) thousand rows")
            return
        }
        #expect(rows.rowCount == 1000)
        for row in 0..<1000 {
            let number = batch < 2 ? row % 5 : batch * 1000 + row
            #expect(String(repairingUTF8: rows.column(0).bytes(row)) == "value number \(number)")
        }
    }
}
