import ArrowData
import Bytes
import Columns
import Glibc
import IcebergModel
import Parquet
import Testing

/// A directory that goes away with what is in it.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() {
        var template = Array("/tmp/millrace-parquet-XXXXXX".utf8CString)
        // SAFETY: mkdtemp writes into the array, which ends in NUL.
        path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return "" }
            return unsafe String(cString: start)
        }
    }

    deinit {
        // SAFETY: the strings live during the calls.
        for name in entries { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }

    var entries: [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // SAFETY: the kernel ends the name with NUL.
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

extension ColumnSet {
    mutating func append(text: String, to column: Int) {
        // SAFETY: the span is used only for the copy.
        unsafe append(bytes: text.utf8.span.bytes, to: column)
    }

    mutating func append(bytes: [UInt8], to column: Int) {
        // SAFETY: as above.
        unsafe append(bytes: bytes.span.bytes, to: column)
    }

    mutating func finish(_ offset: Int64) {
        finishRow(
            at: LogPosition(partition: 1, offset: offset, timestampMicros: 1000 * offset),
            recordBytes: 1
        )
    }
}

let everyType = Schema(fields: [
    .optional(1, "boolean", .boolean), .optional(2, "int", .int), .optional(3, "long", .long),
    .optional(4, "float", .float), .optional(5, "double", .double),
    .optional(6, "string", .string), .optional(7, "binary", .binary),
    .optional(8, "date", .date), .optional(9, "timestamp", .timestamp),
    .optional(10, "timestamptz", .timestamptz), LogColumn.field(id: 11),
])

/// `rows` rows of every type, every fifth all null.
func fill(_ set: inout ColumnSet, rows: Range<Int>) {
    for row in rows {
        if row % 5 != 4 {
            set.append(boolean: row % 2 == 0, to: 0)
            set.append(int: Int32(row), to: 1)
            set.append(long: Int64(row) << 33, to: 2)
            set.append(float: Float(row) / 8, to: 3)
            set.append(double: -Double(row), to: 4)
            set.append(text: "text \(row % 100)", to: 5)
            set.append(bytes: Array("bytes \(row)".utf8), to: 6)
            set.append(int: Int32(20_000 + row), to: 7)
            set.append(long: Int64(row), to: 8)
            set.append(long: Int64(-row), to: 9)
        }
        set.finish(Int64(row))
    }
}

@Test func `what is written is read back`() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/a.parquet"
    let layout = try ColumnLayout(everyType)
    var set = ColumnSet(layout: layout, pool: BlockPool())
    var writer = try ParquetWriter(path: path, fields: layout.fields)
    for start in stride(from: 0, to: 3000, by: 1000) {
        fill(&set, rows: start..<start + 1000)
        try writer.write(set.takeBatch())
    }
    let written = try writer.close()
    #expect(written.rows == 3000)
    var reader = try ParquetReader(path: path, batchRows: 4096)
    let expected = layout.fields.map { field in
        var field = field
        field.children = field.children.map { child in
            var child = child
            child.storage = .general
            return child
        }
        return field
    }
    #expect(reader.fields == expected)
    #expect(reader.summary.bytes == written.bytes)
    #expect(reader.summary.splitOffsets == written.splitOffsets)
    var row = 0
    while let batch = try reader.next() {
        for index in 0..<batch.rowCount {
            #expect(batch.column(10).child(1).int64(index) == Int64(row))
            #expect(batch.column(10).child(2).int64(index) == Int64(row) * 1000)
            #expect(batch.column(3).isNull(index) == (row % 5 == 4))
            if row % 5 != 4 {
                #expect(batch.column(0).boolean(index) == (row % 2 == 0))
                #expect(batch.column(1).int32(index) == Int32(row))
                #expect(batch.column(4).float64(index) == -Double(row))
                #expect(
                    String(repairingUTF8: batch.column(5).bytes(index)) == "text \(row % 100)"
                )
                #expect(batch.column(9).int64(index) == Int64(-row))
            }
            row += 1
        }
    }
    #expect(row == 3000)
}

@Test func `row groups end by rows and by bytes and their starts are the split offsets`() throws {
    let directory = TemporaryDirectory()
    let layout = try ColumnLayout(Schema(fields: [.optional(1, "a", .string)]))
    let cases: [(name: String, rows: Int, bytes: Int, groups: Int)] = [
        ("rows", 100, 1 << 30, 5), ("bytes", 1 << 30, 3000, 10), ("one", 1 << 30, 1 << 30, 1),
    ]
    for one in cases {
        var options = ParquetOptions()
        options.rowGroupRowsMax = one.rows
        options.rowGroupBytesMax = one.bytes
        var set = ColumnSet(layout: layout, pool: BlockPool())
        var writer = try ParquetWriter(
            path: "\(directory.path)/\(one.name)",
            fields: layout.fields,
            options: options
        )
        for _ in 0..<10 {
            for row in 0..<50 {
                set.append(text: "a text of forty-five bytes, more or less \(row)", to: 0)
                set.finish(0)
            }
            try writer.write(set.takeBatch())
        }
        let summary = try writer.close()
        #expect(summary.splitOffsets.count == one.groups, "\(one.name)")
        #expect(summary.splitOffsets.first == 4)
        #expect(summary.splitOffsets == summary.splitOffsets.sorted())
        #expect(summary.rows == 500)
    }
}

@Test func `an existing file is left alone`() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/a.parquet"
    let fields = try ColumnLayout(everyType).fields
    let summary = try ParquetWriter(path: path, fields: fields).close()
    #expect(summary.rows == 0 && summary.splitOffsets.isEmpty)
    do throws(ParquetError) {
        _ = try ParquetWriter(path: path, fields: fields).close()
        Issue.record("the file was overwritten")
    } catch {
        #expect(error.kind == .fileExists)
        #expect(error.description.contains("exists already"))
        #expect(!error.isRetriable)
    }
    #expect(directory.entries == ["a.parquet"])
    #expect(try ParquetReader(path: path).summary.rows == 0)
}

@Test func `an abandoned writer removes its file`() throws {
    let directory = TemporaryDirectory()
    let layout = try ColumnLayout(everyType)
    do {
        var set = ColumnSet(layout: layout, pool: BlockPool())
        fill(&set, rows: 0..<100)
        var writer = try ParquetWriter(path: "\(directory.path)/a", fields: layout.fields)
        try writer.write(set.takeBatch())
        #expect(directory.entries == ["a"])
    }
    #expect(directory.entries == [])
}

@Test func `a missing directory and a batch of another shape are clear errors`() throws {
    let directory = TemporaryDirectory()
    let fields = try ColumnLayout(everyType).fields
    do throws(ParquetError) {
        _ = try ParquetWriter(path: "\(directory.path)/no/a", fields: fields).close()
        Issue.record("a file in a missing directory was created")
    } catch {
        #expect(error.kind == .notFound)
    }
    let other = try ColumnLayout(Schema(fields: [.optional(1, "a", .string)]))
    var set = ColumnSet(layout: other, pool: BlockPool())
    set.append(text: "x", to: 0)
    set.finish(0)
    var writer = try ParquetWriter(path: "\(directory.path)/a", fields: fields)
    do throws(ParquetError) {
        try writer.write(set.takeBatch())
        Issue.record("a batch of another shape was taken")
    } catch {
        #expect(error.kind == .invalid)
    }
}

/// A file system of 256 KiB; needs the right to mount one.
struct TinyDisk: ~Copyable {
    let directory = TemporaryDirectory()

    init?() {
        guard unsafe mount("none", directory.path, "tmpfs", 0, "size=256k") == 0 else {
            return nil
        }
    }

    deinit {
        // SAFETY: the string lives during the call.
        unsafe umount(directory.path)
    }

    static var isAvailable: Bool { TinyDisk() != nil }
}

@Test(.enabled(if: TinyDisk.isAvailable))
func `a full disk is an error that says so and leaves no file`() throws {
    guard let disk = TinyDisk() else { return }
    let path = "\(disk.directory.path)/a.parquet"
    let layout = try ColumnLayout(everyType)
    var options = ParquetOptions()
    options.rowGroupRowsMax = 10_000
    do {
        var set = ColumnSet(layout: layout, pool: BlockPool())
        var writer = try ParquetWriter(path: path, fields: layout.fields, options: options)
        var failure: ParquetError?
        for start in stride(from: 0, to: 1_000_000, by: 10_000) where failure == nil {
            fill(&set, rows: start..<start + 10_000)
            do throws(ParquetError) {
                try writer.write(set.takeBatch())
            } catch {
                failure = error
            }
        }
        #expect(failure?.kind == .diskFull)
        #expect(failure?.isRetriable == true)
        #expect(failure?.description.contains("no space left") == true)
        fill(&set, rows: 0..<1)
        #expect(throws: ParquetError.self) { try writer.write(set.takeBatch()) }
        do throws(ParquetError) {
            _ = try writer.close()
            Issue.record("a failed file was closed")
        } catch {
            #expect(error.kind == .failedBefore)
        }
    }
    #expect(disk.directory.entries == [])
    // There is room again, and a small file fits.
    var set = ColumnSet(layout: layout, pool: BlockPool())
    fill(&set, rows: 0..<10)
    var writer = try ParquetWriter(path: path, fields: layout.fields)
    try writer.write(set.takeBatch())
    #expect(try writer.close().rows == 10)
    // SAFETY: the string lives during the call.
    unsafe unlink(path)
}
