import ArrowData
import Bytes
import Catalogs
import Clocks
import Columns
import DataFiles
import Files
import Glibc
import IcebergModel
import Parquet
import Stores
import Tables
import Testing

/// A table of real Parquet files in a folder of its own.
final class FileLake: Sendable {
    let folder: String
    let store = LocalStore(LocalFiles())
    let catalog: SQLiteCatalog
    let table: Table
    let layout: ColumnLayout
    static let name = TableIdentifier(namespace: ["shop"], name: "purchases")

    init(withTopic hasTopic: Bool = false) throws {
        folder = "/tmp/millrace-datafiles-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        catalog = try SQLiteCatalog(
            path: "\(folder)/catalog.db",
            name: "lake",
            warehouse: "file://\(folder)/lake"
        )
        let lake = Lake(
            catalog: catalog,
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
        let schema = Schema(
            fields: [LogColumn.field(id: 1, withTopic: hasTopic)]
                + [
                    .optional(10, "item", .string), .optional(11, "price", .double),
                    .optional(12, "blob", .binary),
                ]
        )
        table = try lake.createTable(
            Self.name,
            schema: schema,
            spec: PartitionSpec.day(of: "_log.timestamp", in: schema)
        )
        layout = try ColumnLayout(schema)
    }

    deinit {
        func remove(_ path: String) {
            for name in (try? LocalFiles().list(path)) ?? [] { remove("\(path)/\(name)") }
            // SAFETY: the path lives during the calls.
            if unsafe rmdir(path) != 0 { unsafe unlink(path) }
        }
        remove(folder)
    }

    var fields: PlaceFields {
        PlaceFields(partition: 2, offset: 3, topic: layout.logColumnCount == 4 ? 5 : nil)
    }

    func uri(_ name: String) -> String { "\(table.metadata.location)/data/\(name).parquet" }

    /// A file with a row for each offset.
    func file(
        _ name: String,
        partition: Int32 = 0,
        offsets: some Sequence<Int64>,
        topic: String = "",
        day: Int32 = 20_000
    ) throws -> DataFile {
        var set = ColumnSet(layout: layout, pool: BlockPool())
        set.setTopic(topic)
        let item = try #require(layout.number(ofColumn: "item"))
        let price = try #require(layout.number(ofColumn: "price"))
        let blob = try #require(layout.number(ofColumn: "blob"))
        let path = try FileURI.path(ofURI: uri(name))
        var writer = try ParquetWriter(path: path, fields: layout.fields)
        for offset in offsets {
            // SAFETY: the spans are used only for the copies.
            unsafe set.append(bytes: "item \(offset)".utf8.span.bytes, to: item)
            if offset % 3 != 0 { set.append(double: Double(offset) / 4, to: price) }
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: offset), count: 5)
            unsafe set.append(bytes: bytes.span.bytes, to: blob)
            set.finishRow(
                at: LogPosition(
                    partition: partition,
                    offset: offset,
                    timestampMicros: Int64(day) * 86_400_000_000 + offset
                ),
                recordBytes: 20
            )
            if set.rowCount == 1000 { try writer.write(set.takeBatch()) }
        }
        try writer.write(set.takeBatch())
        return DataFile(try writer.close(), uri: uri(name), partition: [.date(day)])
    }

    func removal(from table: Table) -> RowRemoval {
        RowRemoval(from: table, fields: fields, store: store)
    }

    /// The rows of a table as text, in the order of its files.
    func rows(of table: Table) throws -> [String] {
        var rows: [String] = []
        for file in try table.dataFiles() {
            var reader = try ParquetReader(path: FileURI.path(ofURI: file.path))
            while let batch = try reader.next() {
                let log = batch.column(0)
                let (item, price, blob) = (batch.column(1), batch.column(2), batch.column(3))
                for row in 0..<batch.rowCount {
                    var text = "\(log.child(0).int32(row))/\(log.child(1).int64(row))"
                    text += " \(log.child(2).int64(row))"
                    text += " \(String(repairingUTF8: item.bytes(row)))"
                    text += " \(price.isNull(row) ? "-" : "\(price.float64(row))")"
                    text += " \(blob.bytes(row).byteCount)"
                    rows.append(text)
                }
            }
        }
        return rows
    }

    /// A file that names rows by their files and positions.
    func deletes(_ name: String, _ rows: [(file: String, position: Int64)]) throws -> DataFile {
        let schema = Schema(fields: [
            LogColumn.field(id: 1, withTopic: false),
            .required(2_147_483_546, "file_path", .string),
            .required(2_147_483_545, "pos", .long),
        ])
        let layout = try ColumnLayout(schema)
        var set = ColumnSet(layout: layout, pool: BlockPool())
        let path = try #require(layout.number(ofColumn: "file_path"))
        let position = try #require(layout.number(ofColumn: "pos"))
        let local = try FileURI.path(ofURI: uri(name))
        var writer = try ParquetWriter(path: local, fields: layout.fields)
        for row in rows {
            // SAFETY: the span is used only for the copy.
            unsafe set.append(bytes: uri(row.file).utf8.span.bytes, to: path)
            set.append(long: row.position, to: position)
            set.finishRow(
                at: LogPosition(partition: 0, offset: 0, timestampMicros: 0),
                recordBytes: 20
            )
        }
        try writer.write(set.takeBatch())
        var file = DataFile(try writer.close(), uri: uri(name), partition: [.date(20_000)])
        file.content = .positionDeletes
        return file
    }

    /// The table after another writer has added files of deletes to it.
    func deleting(_ deletes: [DataFile], from table: Table) throws -> Table {
        let metadata = table.metadata
        let id = Int64.random(in: 1...Int64.max)
        let number = metadata.lastSequenceNumber + 1
        let written = try Manifest.write(
            deletes.map { .added($0, snapshotID: id) },
            schema: metadata.schema,
            spec: metadata.spec,
            content: .deletes,
            path: "\(metadata.location)/metadata/\(id)-deletes.avro",
            snapshotID: id,
            sequenceNumber: number,
            sync: [UInt8](0..<16)
        )
        try store.create(written.file.path, written.bytes)
        var added = written.file
        added.sequenceNumber = number
        added.minSequenceNumber = number
        let list = "\(metadata.location)/metadata/snap-\(id).avro"
        let parent = try #require(metadata.currentSnapshot)
        let all = try ManifestList.write(
            [added] + table.manifests(of: parent),
            snapshotID: id,
            parentSnapshotID: parent.id,
            sequenceNumber: number,
            sync: [UInt8](0..<16)
        )
        try store.create(list, all)
        let snapshot = Snapshot(
            id: id,
            parentID: parent.id,
            sequenceNumber: number,
            timestampMilliseconds: metadata.lastUpdatedMilliseconds,
            manifestList: list,
            summary: ["operation": "delete"],
            schemaID: metadata.currentSchemaID
        )
        var buffer = ByteBuffer()
        try metadata.appending(snapshot).write(to: &buffer)
        let file = "\(metadata.location)/metadata/\(id).metadata.json"
        try store.create(file, Slab(buffer))
        try catalog.commit([
            PointerSwap(table: Self.name, expected: table.metadataLocation, new: file)
        ])
        return try table.refreshed()
    }

    /// Commits what a removal came to.
    func commit(_ result: RowRemoval.Result, to table: Table) throws -> Table {
        try table.apply(
            TableCommit(
                files: result.added,
                removedFiles: result.removed,
                appliedDeletes: result.appliedDeletes,
                expectedBase: table.metadata.currentSnapshotID
            )
        )
    }
}

extension Table {
    func adding(_ files: [DataFile]) throws -> Table {
        try apply(TableCommit(files: files, expectedBase: metadata.currentSnapshotID))
    }
}

private func place(_ partition: Int32, _ offset: Int64, _ topic: String? = nil) -> RowPlace {
    RowPlace(topic: topic, partition: partition, offset: offset)
}

struct RowRemovalTests {
    @Test func `single rows go and the others stay as they were`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<2500), lake.file("b", offsets: 2500..<5000),
            lake.file("c", partition: 1, offsets: 0..<2500, day: 20_001),
        ])
        let gone: Set = [place(0, 0), place(0, 7), place(0, 8), place(0, 2499), place(1, 1200)]
        var asked: [String] = []
        let result = try lake.removal(from: before).rewrite(without: gone) { file in
            asked.append(file.path)
            return file.path + "-new.parquet"
        }
        // b has no place within its bounds and is not read.
        #expect(asked == [lake.uri("a"), lake.uri("c")])
        #expect(result.removed == asked)
        #expect(result.found == gone && result.rows == 5)
        let after = try lake.commit(result, to: before)
        let goneRows = Set(["0/0 ", "0/7 ", "0/8 ", "0/2499 ", "1/1200 "])
        let expected = try lake.rows(of: before).filter { row in
            !goneRows.contains { row.hasPrefix($0) }
        }
        #expect(try Set(lake.rows(of: after)) == Set(expected))
        #expect(expected.count == 7495)

        let files = try after.dataFiles()
        #expect(files.reduce(0) { $0 + $1.recordCount } == 7495)
        let a = try #require(files.first { $0.path.hasPrefix(lake.uri("a")) })
        #expect(a.partition == [.date(20_000)])
        #expect(a.lowerBounds[3] == IcebergValue.long(1).singleValueBytes)
        #expect(a.upperBounds[3] == IcebergValue.long(2498).singleValueBytes)
        #expect(a.nullValueCounts[11] == Int64((1..<2499).count { $0 % 3 == 0 }))
        let original = try ParquetReader(path: FileURI.path(ofURI: lake.uri("a")))
        let written = try ParquetReader(path: FileURI.path(ofURI: a.path))
        #expect(written.fields == original.fields)
        #expect(written.fields.map(\.fieldID) == [1, 10, 11, 12])
    }

    @Test func `a file of which every row goes is not replaced by an empty one`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<3), lake.file("b", offsets: 3..<6),
        ])
        let result = try lake.removal(from: before).rewrite(
            without: [place(0, 0), place(0, 1), place(0, 2)]
        ) { $0.path + "-new.parquet" }
        #expect(result.removed == [lake.uri("a")] && result.added.isEmpty)
        let after = try lake.commit(result, to: before)
        #expect(try lake.rows(of: after).count == 3)
        let data = try FileURI.path(ofURI: "\(before.metadata.location)/data")
        #expect(try LocalFiles().list(data) == ["a.parquet", "b.parquet"])
    }

    @Test func `places that no row has change nothing`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([
            lake.file("even", offsets: stride(from: Int64(0), to: 100, by: 2))
        ])
        let result = try lake.removal(from: before).rewrite(
            without: [place(0, 51), place(0, 100), place(3, 4)]
        ) { $0.path + "-new.parquet" }
        #expect(result.removed.isEmpty && result.added.isEmpty && result.found.isEmpty)
        let data = try FileURI.path(ofURI: "\(before.metadata.location)/data")
        #expect(try LocalFiles().list(data) == ["even.parquet"])
    }

    @Test func `rows of another topic with the same place stay`() throws {
        let lake = try FileLake(withTopic: true)
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<10, topic: "one"),
            lake.file("b", offsets: 0..<10, topic: "two"),
        ])
        let result = try lake.removal(from: before).rewrite(without: [place(0, 5, "two")]) {
            $0.path + "-new.parquet"
        }
        #expect(result.removed == [lake.uri("b")])
        #expect(result.found == [place(0, 5, "two")])
        #expect(result.added.map(\.recordCount) == [9])
    }

    @Test func `rows that another engine has deleted do not come back`() throws {
        let lake = try FileLake()
        let both = try lake.table.adding([
            lake.file("a", offsets: 0..<2000), lake.file("b", offsets: 2000..<2010),
            lake.file("c", offsets: 3000..<3010),
        ])
        let deletes = try lake.deletes(
            "d",
            [("a", 1), ("b", 0), ("b", 0), ("a", 1500), ("b", 9), ("none", 4)]
        )
        let before = try lake.deleting([deletes], from: both)
        var positions = PositionDeletes(of: try before.scan(), store: lake.store)
        #expect(try (0..<3).map { try positions.positions(of: $0) } == [[1, 1500], [0, 9], []])
        // 1 is gone already: nobody finds it.
        let result = try lake.removal(from: before).rewrite(
            without: [place(0, 1), place(0, 5), place(0, 3002)]
        ) { $0.path + "-new.parquet" }
        #expect(result.removed == [lake.uri("a"), lake.uri("c")])
        #expect(result.found == [place(0, 5), place(0, 3002)] && result.rows == 2)
        #expect(result.added.map(\.recordCount) == [1997, 9])
        #expect(result.appliedDeletes == [deletes.path])
        let after = try lake.commit(result, to: before)
        let scan = try after.scan()
        #expect(scan.files.map(\.deletes.count) == [0, 0, 1])
        #expect(scan.deletes.map(\.live.file.path) == [deletes.path])
        // All rows of b that are left, by ranges, unread.
        let rest = try lake.removal(from: after).rewrite(
            without: ranges([2000..<2010]),
            isRehearsal: false
        ) { $0.path + "-new.parquet" }
        #expect(rest.dropped == 1 && rest.rows == 8 && rest.appliedDeletes == [deletes.path])
        let last = try lake.commit(rest, to: after)
        #expect(try last.scan().deletes.isEmpty)
        #expect(try last.scan().files.count == 2)
    }

    @Test func `a row that is there twice goes twice`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([lake.file("a", offsets: [1, 2, 2, 3])])
        let result = try lake.removal(from: before).rewrite(without: [place(0, 2)]) {
            $0.path + "-new.parquet"
        }
        #expect(result.rows == 2 && result.found.count == 1)
        #expect(result.added.map(\.recordCount) == [2])
    }

    @Test func `a file without bounds is read`() throws {
        let lake = try FileLake()
        var file = try lake.file("a", offsets: 0..<10)
        file.lowerBounds = [:]
        file.upperBounds = [:]
        let before = try lake.table.adding([file])
        let result = try lake.removal(from: before).rewrite(without: [place(0, 9)]) {
            $0.path + "-new.parquet"
        }
        #expect(result.added.map(\.recordCount) == [9])
    }

    @Test func `a failure leaves no new file behind`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<10), lake.file("b", offsets: 0..<10),
        ])
        #expect(throws: RowRemovalError.self) {
            _ = try lake.removal(from: before).rewrite(without: [place(0, 5)]) { file in
                // The second name is taken.
                file.path.hasSuffix("b.parquet")
                    ? lake.uri("a") : file.path + "-new.parquet"
            }
        }
        let data = try FileURI.path(ofURI: "\(before.metadata.location)/data")
        #expect(try LocalFiles().list(data) == ["a.parquet", "b.parquet"])
    }

    private func ranges(
        _ ranges: [Range<Int64>],
        partition: Int32 = 0,
        topic: String? = nil
    ) -> PlaceRanges {
        PlaceRanges([PlaceRanges.Partition(topic: topic, number: partition): ranges])
    }

    @Test func `files wholly in a range go without being read, others are written anew`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<100), lake.file("b", offsets: 100..<200),
            lake.file("c", offsets: 200..<300), lake.file("d", partition: 1, offsets: 0..<300),
        ])
        // Unreadable, so that nobody can have read it.
        for name in ["b", "c"] {
            let path = try FileURI.path(ofURI: lake.uri(name))
            // SAFETY: the path lives during the call.
            #expect(unsafe truncate(path, 0) == 0)
        }
        let gone = ranges([90..<150, 150..<Int64.max])
        // Two ranges are not one: b is in both, in neither wholly.
        #expect(throws: RowRemovalError.self) {
            try lake.removal(from: before).rewrite(without: gone, isRehearsal: true) { $0.path }
        }
        var asked: [String] = []
        let whole = ranges([90..<Int64.max])
        let rehearsal = try lake.removal(from: before).rewrite(without: whole, isRehearsal: true) {
            asked.append($0.path)
            return $0.path
        }
        #expect(asked.isEmpty && rehearsal.added.isEmpty)
        #expect(rehearsal.rows == 210 && rehearsal.dropped == 2 && rehearsal.removed.count == 3)
        let result = try lake.removal(from: before).rewrite(without: whole, isRehearsal: false) {
            asked.append($0.path)
            return $0.path + "-new.parquet"
        }
        #expect(asked == [lake.uri("a")])
        #expect(result.rows == 210 && result.dropped == 2 && result.found.isEmpty)
        #expect(Set(result.removed) == Set(["a", "b", "c"].map(lake.uri)))
        let after = try lake.commit(result, to: before)
        let rows = try lake.rows(of: after)
        #expect(rows.count == 390)
        let first = rows.filter { $0.hasPrefix("0/") }.map { $0.split(separator: " ")[0] }
        #expect(first == (0..<90).map { "0/\($0)" })
    }

    @Test func `a hole in a range stays, whatever the file's bounds are`() throws {
        let lake = try FileLake()
        let before = try lake.table.adding([lake.file("a", offsets: 0..<100)])
        let result = try lake.removal(from: before).rewrite(
            without: ranges([0..<40, 41..<100]),
            isRehearsal: false
        ) { $0.path + "-new.parquet" }
        #expect(result.dropped == 0 && result.rows == 99)
        let after = try lake.commit(result, to: before)
        #expect(try lake.rows(of: after).map { $0.split(separator: " ")[0] } == ["0/40"])
    }

    @Test func `ranges of another topic or partition leave rows alone`() throws {
        let lake = try FileLake(withTopic: true)
        var both = try lake.file("c", offsets: 0..<10, topic: "one")
        // As if it had rows of two topics.
        both.upperBounds[5] = Array("two".utf8)
        let before = try lake.table.adding([
            lake.file("a", offsets: 0..<10, topic: "one"),
            lake.file("b", offsets: 0..<10, topic: "two"), both,
            lake.file("d", partition: 1, offsets: 0..<10, topic: "one"),
        ])
        let result = try lake.removal(from: before).rewrite(
            without: ranges([0..<100], topic: "one"),
            isRehearsal: false
        ) { $0.path + "-new.parquet" }
        // c is read, since its bounds do not tell one topic.
        #expect(result.removed == [lake.uri("a"), lake.uri("c")])
        #expect(result.dropped == 1 && result.rows == 20)
    }

    @Test func `a file without bounds is not dropped unread`() throws {
        let lake = try FileLake()
        var file = try lake.file("a", offsets: 0..<10)
        file.lowerBounds = [:]
        let before = try lake.table.adding([file])
        let result = try lake.removal(from: before).rewrite(
            without: ranges([0..<5]),
            isRehearsal: false
        ) { $0.path + "-new.parquet" }
        #expect(result.dropped == 0 && result.rows == 5 && result.added.map(\.recordCount) == [5])
    }
}
