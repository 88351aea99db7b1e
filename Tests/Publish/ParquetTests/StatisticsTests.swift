import ArrowData
import Bytes
import Columns
import IcebergModel
import Parquet
import Testing

/// Writes one column of `type` and returns its statistics.
private func statistics(
    _ type: IcebergType,
    rows: Int,
    options: ParquetOptions = ParquetOptions(),
    batch: Int = .max,
    _ append: (inout ColumnSet, Int) -> Void
) throws -> ColumnStatistics {
    let directory = TemporaryDirectory()
    let layout = try ColumnLayout(Schema(fields: [.optional(9, "a", type)]))
    var set = ColumnSet(layout: layout, pool: BlockPool())
    var writer = try ParquetWriter(
        path: "\(directory.path)/a",
        fields: layout.fields,
        options: options
    )
    for row in 0..<rows {
        append(&set, row)
        set.finish(Int64(row))
        if set.rowCount == batch { try writer.write(set.takeBatch()) }
    }
    try writer.write(set.takeBatch())
    let summary = try writer.close()
    #expect(summary.rows == Int64(rows))
    let column = try #require(summary.columns.first)
    #expect(column.fieldID == 9)
    #expect(column.valueCount == Int64(rows))
    #expect(column.compressedBytes > 0)
    return column
}

private func textBounds(_ texts: [String]) throws -> (lower: [UInt8]?, upper: [UInt8]?) {
    let column = try statistics(.string, rows: texts.count) { $0.append(text: texts[$1], to: 0) }
    return (column.lowerBound, column.upperBound)
}

@Test func `integers have exact bounds in little-endian bytes, also negative ones`() throws {
    let ints = try statistics(.int, rows: 100) { $0.append(int: Int32($1 - 50), to: 0) }
    #expect(ints.lowerBound == [0xCE, 0xFF, 0xFF, 0xFF])
    #expect(ints.upperBound == [49, 0, 0, 0])
    #expect(ints.nullCount == 0 && ints.nanCount == nil)
    var options = ParquetOptions()
    options.rowGroupRowsMax = 10
    let longs = try statistics(.long, rows: 100, options: options, batch: 10) { set, row in
        if row / 10 == 3 {
            set.appendNull(to: 0)
        } else {
            set.append(long: Int64(row - 256), to: 0)
        }
    }
    #expect(longs.lowerBound == [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(longs.upperBound == [99 &- 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(longs.nullCount == 10)
    let dates = try statistics(.date, rows: 2) { $0.append(int: Int32($1 + 300), to: 0) }
    #expect(dates.lowerBound == [44, 1, 0, 0])
    let flags = try statistics(.boolean, rows: 2) { $0.append(boolean: $1 == 1, to: 0) }
    #expect(flags.lowerBound == [0] && flags.upperBound == [1])
}

@Test(arguments: [2, 9, 18, 19, 38])
func `decimals have exact bounds, big-endian in as few bytes as hold them`(digits: Int) throws {
    let type = IcebergType.decimal(precision: digits, scale: 1)
    var options = ParquetOptions()
    options.rowGroupRowsMax = 2
    let values: [Int128] = [0, -1, 99, -129 + 100, 50, 7]
    let column = try statistics(type, rows: 6, options: options, batch: 2) { set, row in
        set.append(unscaled: values[row], to: 0)
    }
    #expect(column.lowerBound == [UInt8(bitPattern: -29)])
    #expect(column.upperBound == [99])
    let wide = try statistics(.decimal(precision: 38, scale: 0), rows: 2) { set, row in
        set.append(unscaled: row == 0 ? Int128(1) << 100 : -128, to: 0)
    }
    #expect(wide.upperBound == [0x10] + Array(repeating: 0, count: 12))
    #expect(wide.lowerBound == [0x80])
}

@Test func `nothing but nulls has no bounds`() throws {
    let column = try statistics(.string, rows: 10) { set, _ in set.appendNull(to: 0) }
    #expect(column.nullCount == 10)
    #expect(column.lowerBound == nil && column.upperBound == nil)
}

@Test func `NaN is counted and never a bound, and a zero gets the safe sign`() throws {
    let values: [Double] = [.nan, 0.0, -0.0, .nan, 5]
    let column = try statistics(.double, rows: 5) { $0.append(double: values[$1], to: 0) }
    #expect(column.nanCount == 2 && column.nullCount == 0)
    #expect(column.lowerBound == [0, 0, 0, 0, 0, 0, 0, 0x80])
    #expect(column.upperBound == [0, 0, 0, 0, 0, 0, 0x14, 0x40])
    let onlyNaN = try statistics(.double, rows: 3) { set, _ in set.append(double: .nan, to: 0) }
    #expect(onlyNaN.nanCount == 3)
    #expect(onlyNaN.lowerBound == nil && onlyNaN.upperBound == nil)
    let singles = try statistics(.float, rows: 3) { $0.append(float: Float($1) - 1, to: 0) }
    #expect(singles.lowerBound == [0, 0, 0x80, 0xBF])
    #expect(singles.upperBound == [0, 0, 0x80, 0x3F])
    let infinite = try statistics(.double, rows: 2) { set, row in
        set.append(double: row == 0 ? -.infinity : .infinity, to: 0)
    }
    #expect(infinite.lowerBound == [0, 0, 0, 0, 0, 0, 0xF0, 0xFF])
    #expect(infinite.upperBound == [0, 0, 0, 0, 0, 0, 0xF0, 0x7F])
}

@Test func `short texts are bounds as they are, by bytes and not by UTF-16`() throws {
    // U+FF5E sorts before U+1F600 by bytes, and after it by UTF-16 units.
    let bounds = try textBounds(["b", "\u{FF5E}", "\u{1F600}", ""])
    #expect(bounds.lower == [])
    #expect(bounds.upper == Array("\u{1F600}".utf8))
}

@Test func `long texts are cut at 16 code points and the upper bound is raised`() throws {
    let plain = try textBounds([String(repeating: "a", count: 20)])
    #expect(plain.lower == Array(String(repeating: "a", count: 16).utf8))
    #expect(plain.upper == Array((String(repeating: "a", count: 15) + "b").utf8))
    let wide = try textBounds([String(repeating: "\u{1F600}", count: 17)])
    #expect(wide.lower == Array(String(repeating: "\u{1F600}", count: 16).utf8))
    #expect(wide.upper == Array((String(repeating: "\u{1F600}", count: 15) + "\u{1F601}").utf8))
    let exact = try textBounds([String(repeating: "z", count: 16)])
    #expect(exact.upper == Array(String(repeating: "z", count: 16).utf8))
}

@Test func `an upper bound steps over surrogates and gives way to the code point before`() throws {
    let surrogate = try textBounds([String(repeating: "\u{D7FF}", count: 17)])
    #expect(surrogate.upper == Array((String(repeating: "\u{D7FF}", count: 15) + "\u{E000}").utf8))
    let last = "a" + String(repeating: "\u{10FFFF}", count: 20)
    #expect(try textBounds([last]).upper == Array("b".utf8))
    let impossible = try textBounds([String(repeating: "\u{10FFFF}", count: 20)])
    #expect(impossible.upper == nil)
    #expect(impossible.lower == Array(String(repeating: "\u{10FFFF}", count: 16).utf8))
}

@Test func `bytes are cut at 16 and raised at the last byte that can be`() throws {
    let value = [UInt8](repeating: 1, count: 14) + [7, 0xFF, 0xFF, 0xFF]
    let column = try statistics(.binary, rows: 1) { set, _ in set.append(bytes: value, to: 0) }
    #expect(column.lowerBound == Array(value[..<16]))
    #expect(column.upperBound == [UInt8](repeating: 1, count: 14) + [8])
    let full = [UInt8](repeating: 0xFF, count: 20)
    let impossible = try statistics(.binary, rows: 1) { set, _ in set.append(bytes: full, to: 0) }
    #expect(impossible.upperBound == nil)
}

@Test func `a value too long for the file's statistics takes the bound away, not the truth`() throws
{
    let texts = ["m", String(repeating: "z", count: 10_000)]
    let bounds = try textBounds(texts)
    #expect(bounds.lower == nil || bounds.lower == Array("m".utf8))
    #expect(bounds.upper == nil || bounds.upper?.lexicographicallyPrecedes(texts[1].utf8) == false)
}

@Test func `every value lies within its column's bounds`() throws {
    var random = SplitMix(seed: 7)
    for _ in 0..<40 {
        let texts = (0..<20).map { _ in random.text() }
        let bounds = try textBounds(texts)
        for text in texts {
            if let lower = bounds.lower {
                #expect(!text.utf8.lexicographicallyPrecedes(lower))
            }
            if let upper = bounds.upper {
                #expect(!upper.lexicographicallyPrecedes(text.utf8))
            }
        }
    }
}

@Test func `columns beyond the limit have no statistics`() throws {
    let directory = TemporaryDirectory()
    let layout = try ColumnLayout(
        Schema(fields: (1...5).map { .optional($0, "c\($0)", .long) })
    )
    var options = ParquetOptions()
    options.statisticsColumnsMax = 3
    let writer = try ParquetWriter(
        path: "\(directory.path)/a",
        fields: layout.fields,
        options: options
    )
    #expect(try writer.close().columns.map(\.fieldID) == [1, 2, 3])
}

/// SplitMix64: the same values from the same seed.
private struct SplitMix {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = ["a", "~", "\u{7F}", "\u{D7FF}", "\u{FFFF}", "\u{10FFFF}"]
        var text = String.UnicodeScalarView()
        for _ in 0..<(next() % 24) { text.append(alphabet[Int(next() % 6)]) }
        return String(text)
    }
}
