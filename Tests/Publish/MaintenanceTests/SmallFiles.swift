import ArrowData
import Bytes
import Catalogs
import Clocks
import Columns
import DataFiles
import Files
import Glibc
import IcebergModel
import Maintenance
import Parquet
import Stores
import Tables
import Testing

/// A table of real files, each with the rows of some offsets.
final class SmallFiles {
    let folder: String
    let store = LocalStore(LocalFiles())
    let lake: Lake
    var table: Table
    private var layout: ColumnLayout
    private var count = 0

    init() throws {
        folder = "/tmp/millrace-maintenance-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        lake = Lake(
            catalog: try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "lake",
                warehouse: "file://\(folder)/lake"
            ),
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
        let schema = Schema(fields: [LogColumn.field(id: 1), .optional(10, "item", .string)])
        table = try lake.createTable(
            TableIdentifier(namespace: ["shop"], name: "t"),
            schema: schema
        )
        layout = try ColumnLayout(schema)
    }

    /// Another process's view of the same lake.
    func another() throws -> Lake {
        Lake(
            catalog: try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "lake",
                warehouse: "file://\(folder)/lake"
            ),
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
    }

    deinit {
        func remove(_ path: String) {
            for name in (try? LocalFiles().list(path)) ?? [] { remove("\(path)/\(name)") }
            // SAFETY: the path lives during the calls.
            if unsafe rmdir(path) != 0 { unsafe unlink(path) }
        }
        remove(folder)
    }

    func newName() -> String {
        count += 1
        return "\(table.metadata.location)/data/\(count).parquet"
    }

    /// Commits a file with a row for each offset.
    func append(_ offsets: Range<Int64>) throws {
        let uri = newName()
        var set = ColumnSet(layout: layout, pool: BlockPool())
        let item = try #require(layout.number(ofColumn: "item"))
        var writer = try ParquetWriter(
            path: try FileURI.path(ofURI: uri),
            fields: layout.fields
        )
        for offset in offsets {
            // SAFETY: the span is used only for the copy.
            unsafe set.append(bytes: "item \(offset)".utf8.span.bytes, to: item)
            let place = LogPosition(partition: 0, offset: offset, timestampMicros: offset)
            set.finishRow(at: place, recordBytes: 20)
        }
        try writer.write(set.takeBatch())
        let file = DataFile(try writer.close(), uri: uri, partition: [])
        table = try table.refreshed()
        table = try table.apply(
            TableCommit(files: [file], expectedBase: table.metadata.currentSnapshotID)
        )
    }

    func addColumn(_ name: String) throws {
        table = try table.refreshed()
        table = try table.apply(
            TableCommit(
                files: [],
                newColumns: [NewColumn(name, .long)],
                expectedBase: table.metadata.currentSnapshotID
            )
        )
        layout = try ColumnLayout(table.metadata.schema)
    }

    /// The offsets of all rows, in the order of the table's files.
    func offsets() throws -> [Int64] {
        var offsets: [Int64] = []
        for file in try table.refreshed().dataFiles() {
            var reader = try ParquetReader(path: FileURI.path(ofURI: file.path))
            while let batch = try reader.next() {
                let column = batch.column(0).child(1)
                for row in 0..<batch.rowCount { offsets.append(column.int64(row)) }
            }
        }
        return offsets
    }

    func plan() throws -> CompactionPlan {
        CompactionPlan(
            try table.liveFiles(),
            CompactionPlan.Rules(targetBytes: 64 << 20, filesMin: 2, isTiered: false)
        )
    }

    func merge(_ goesOn: (Int) -> Bool = { _ in true }) throws -> Compaction.Result? {
        table = try table.refreshed()
        let group = try #require(try plan().groups.first)
        return try Compaction(in: lake, store: store, summary: ["engine-name": "millrace"])
            .merge(group, of: table, newName: { _ in newName() }, goesOn: goesOn)
    }

    func dataFileCount() throws -> Int {
        try LocalFiles().list(FileURI.path(ofURI: "\(table.metadata.location)/data")).count
    }
}
