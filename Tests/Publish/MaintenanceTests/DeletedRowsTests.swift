import ArrowData
import Bytes
import Catalogs
import Columns
import DataFiles
import Files
import IcebergModel
import Maintenance
import Parquet
import Stores
import Tables
import Testing

extension SmallFiles {
    /// What another engine does that deletes rows: a file with their files and positions.
    fileprivate func delete(_ rows: [(file: String, position: Int64)]) throws {
        table = try table.refreshed()
        let metadata = table.metadata
        let id = Int64.random(in: 1...Int64.max)
        let written = try Manifest.write(
            [.added(try deletes(rows, id), snapshotID: id)],
            schema: metadata.schema,
            spec: metadata.spec,
            content: .deletes,
            path: "\(metadata.location)/metadata/\(id)-deletes.avro",
            snapshotID: id,
            sequenceNumber: metadata.lastSequenceNumber + 1,
            sync: [UInt8](repeating: 7, count: 16)
        )
        try store.create(written.file.path, written.bytes)
        let parent = try #require(metadata.currentSnapshot)
        let list = "\(metadata.location)/metadata/snap-\(id).avro"
        try store.create(
            list,
            try ManifestList.write(
                [written.file] + table.manifests(of: parent),
                snapshotID: id,
                parentSnapshotID: parent.id,
                sequenceNumber: metadata.lastSequenceNumber + 1,
                sync: [UInt8](repeating: 7, count: 16)
            )
        )
        let snapshot = Snapshot(
            id: id,
            parentID: parent.id,
            sequenceNumber: metadata.lastSequenceNumber + 1,
            timestampMilliseconds: metadata.lastUpdatedMilliseconds,
            manifestList: list,
            summary: [
                "operation": "delete", "total-records": "30", "total-delete-files": "1",
                "total-position-deletes": "\(rows.count)",
            ],
            schemaID: metadata.currentSchemaID
        )
        let main = SnapshotReference(snapshotID: id, kind: .branch)
        _ = try lake.catalog.commit([
            CatalogChange(
                table.identifier,
                requirements: [.reference(SnapshotReference.main, snapshotID: parent.id)],
                updates: [.addSnapshot(snapshot), .setReference(SnapshotReference.main, main)]
            )
        ])
        table = try table.refreshed()
    }

    private func deletes(
        _ rows: [(file: String, position: Int64)],
        _ id: Int64
    ) throws -> DataFile {
        let layout = try ColumnLayout(
            Schema(fields: [
                LogColumn.field(id: 1), .required(2_147_483_546, "file_path", .string),
                .required(2_147_483_545, "pos", .long),
            ])
        )
        var set = ColumnSet(layout: layout, pool: BlockPool())
        let path = try #require(layout.number(ofColumn: "file_path"))
        let position = try #require(layout.number(ofColumn: "pos"))
        let uri = "\(table.metadata.location)/data/\(id)-deletes.parquet"
        var writer = try ParquetWriter(
            path: try FileURI.path(ofURI: uri),
            fields: layout.fields
        )
        for row in rows {
            let file = "\(table.metadata.location)/data/\(row.file).parquet"
            // SAFETY: the span is used only for the copy.
            unsafe set.append(bytes: file.utf8.span.bytes, to: path)
            set.append(long: row.position, to: position)
            let place = LogPosition(partition: 0, offset: 0, timestampMicros: 0)
            set.finishRow(at: place, recordBytes: 20)
        }
        try writer.write(set.takeBatch())
        var file = DataFile(try writer.close(), uri: uri, partition: [])
        file.content = .positionDeletes
        return file
    }

    /// Merges whatever can be merged, until nothing is left.
    fileprivate func mergeAll(_ goesOn: (Int) -> Bool = { _ in true }) throws {
        while true {
            table = try table.refreshed()
            let scan = try table.scan()
            let plan = CompactionPlan(
                scan.files.map(\.live),
                withDeletes: Set(scan.files.filter { !$0.deletes.isEmpty }.map(\.live.file.path)),
                CompactionPlan.Rules(targetBytes: 64 << 20, filesMin: 2, isTiered: false)
            )
            guard let group = plan.groups.first else { return }
            let done = try Compaction(in: lake, store: store)
                .merge(group, of: table, newName: { _ in newName() }, goesOn: goesOn)
            if done == nil { return }
        }
    }
}

@Suite struct DeletedRowsTests {
    @Test func `deleted rows are left out, and the file that deletes them goes`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        try lake.delete([("1", 0), ("1", 9), ("2", 4)])
        try lake.append(30..<40)
        try lake.mergeAll()
        #expect(try lake.offsets() == (0..<40).filter { ![0, 9, 14].contains($0) })
        let table = try lake.table.refreshed()
        #expect(try table.dataFiles().count == 1)
        let summary = try #require(table.metadata.currentSnapshot?.summary)
        #expect(summary["operation"] == "replace")
        #expect(summary["removed-delete-files"] == "1")
        #expect(summary["total-delete-files"] == "0")
        #expect(summary["total-position-deletes"] == "0")
        #expect(summary["total-records"] == "37")
        // Nothing but the snapshots before needs it any more.
        let result = try #require(try lake.expire())
        #expect(result.dataFiles == 5)
        #expect(try lake.dataFileCount() == 1)
    }

    @Test func `a file of deletes stays while another data file needs it`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        try lake.delete([("1", 0), ("3", 5)])
        let scan = try lake.table.scan()
        let group = try #require(
            CompactionPlan(
                scan.files.map(\.live).filter { !$0.file.path.hasSuffix("/3.parquet") },
                CompactionPlan.Rules(targetBytes: 64 << 20, filesMin: 2, isTiered: false)
            ).groups.first
        )
        _ = try Compaction(in: lake.lake, store: lake.store)
            .merge(group, of: lake.table, newName: { _ in lake.newName() }, goesOn: { _ in true })
        lake.table = try lake.table.refreshed()
        let after = try lake.table.scan()
        #expect(after.files.map(\.deletes.count).sorted() == [0, 1])
        #expect(after.deletes.count == 1)
        try lake.mergeAll()
        #expect(try lake.offsets().sorted() == (0..<30).filter { ![0, 25].contains($0) })
    }

    @Test func `rows that somebody deletes during a merge do not come back`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        try lake.delete([("1", 0)])
        var isDeleted = false
        let deleteOnce = { (_: Int) -> Bool in
            guard !isDeleted else { return true }
            isDeleted = (try? lake.delete([("2", 1)])) != nil
            return isDeleted
        }
        #expect(throws: MaintenanceError.self) { try lake.mergeAll(deleteOnce) }
        #expect(isDeleted)
        let scan = try lake.table.refreshed().scan()
        #expect(scan.files.count == 3)
        #expect(scan.deletes.count == 2)
        try lake.mergeAll()
        #expect(try lake.offsets() == (0..<30).filter { ![0, 11].contains($0) })
    }

    @Test func `a large file, and one that is alone, are written anew without their deleted rows`()
        throws
    {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.mergeAll()
        #expect(try lake.dataFileCount() == 1)
        try lake.delete([("1", 3)])
        try lake.mergeAll()
        #expect(try lake.offsets() == (0..<10).filter { $0 != 3 })
        // What is left of it can go, too.
        try lake.delete((0..<9).map { ("2", $0) })
        try lake.mergeAll()
        #expect(try lake.offsets() == [])
        #expect(try lake.table.refreshed().dataFiles().isEmpty)
    }

    @Test func `old snapshots of a table with deleted rows go`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        try lake.delete([("1", 0)])
        let result = try #require(try lake.expire())
        #expect(result.snapshots == 3)
        #expect(result.dataFiles == 0)
        #expect(try lake.table.refreshed().scan().deletes.count == 1)
    }
}
