import DataFiles
import IcebergModel
import Maintenance
import Tables
import Testing

@Suite struct CompactionTests {
    @Test func `small files become one with the same rows`() throws {
        let lake = try SmallFiles()
        for start in 0..<5 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        let result = try #require(try lake.merge())
        #expect(result.removed.count == 5)
        #expect(result.added.map(\.recordCount) == [50])
        #expect(try lake.offsets() == Array(0..<50))
        let summary = try #require(result.table.metadata.currentSnapshot?.summary)
        #expect(summary["operation"] == "replace")
        #expect(summary["total-records"] == "50")
        #expect(summary["total-data-files"] == "1")
        let bounds = PlaceBounds(
            of: result.added[0],
            PlaceFields(partition: 2, offset: 3, topic: nil)
        )
        #expect(bounds.offsets == 0...49)
    }

    @Test func `what others commit meanwhile stays`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        let base = lake.table
        let group = try #require(try lake.plan().groups.first)
        try lake.append(30..<40)
        let result = try Compaction(in: lake.lake, store: lake.store)
            .merge(group, of: base, newName: { _ in lake.newName() }, goesOn: { _ in true })
        #expect(result?.removed.count == 3)
        #expect(try lake.offsets().sorted() == Array(0..<40))
        #expect(try lake.table.refreshed().dataFiles().count == 2)
    }

    @Test func `files that somebody else has merged are not merged again`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        let base = lake.table
        let group = try #require(try lake.plan().groups.first)
        _ = try lake.merge()
        let before = try lake.dataFileCount()
        #expect(throws: MaintenanceError.self) {
            try Compaction(in: lake.lake, store: lake.store)
                .merge(group, of: base, newName: { _ in lake.newName() }, goesOn: { _ in true })
        }
        #expect(try lake.offsets() == Array(0..<30))
        #expect(try lake.dataFileCount() == before)
    }

    @Test func `a stop leaves the table and no file behind`() throws {
        let lake = try SmallFiles()
        for start in 0..<3 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        #expect(throws: MaintenanceError.self) { try lake.merge { _ in false } }
        #expect(try lake.offsets().sorted() == Array(0..<30))
        #expect(try lake.dataFileCount() == 3)
    }

    @Test func `files with other columns are merged among themselves`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.append(10..<20)
        try lake.addColumn("price")
        try lake.append(20..<30)
        let result = try #require(try lake.merge())
        #expect(result.removed.count == 2)
        #expect(try lake.offsets().sorted() == Array(0..<30))
        try lake.append(30..<40)
        #expect(try lake.merge()?.removed.count == 2)
        #expect(try lake.offsets().sorted() == Array(0..<40))
    }
}
