import Clocks
import Files
import IcebergModel
import Maintenance
import Stores
import Tables
import Testing

extension SmallFiles {
    /// Takes out all but the last snapshot and those with names.
    func expire() throws -> Expiry.Result? {
        table = try table.refreshed()
        let choice = SnapshotRetention(maxAge: 0, countMin: 1).choice(
            from: table.metadata,
            at: table.metadata.lastUpdatedMilliseconds + 1000
        )
        return try Expiry(in: lake, store: store).expire(choice, of: table)
    }

    fileprivate func tag(_ name: String) throws {
        table = try table.refreshed()
        let id = try #require(table.metadata.currentSnapshotID)
        _ = try lake.catalog.commit([
            CatalogChange(
                table.identifier,
                requirements: [.tableUUID(table.metadata.uuid)],
                updates: [.setReference(name, SnapshotReference(snapshotID: id, kind: .tag))]
            )
        ])
    }

    /// Avro files beside the metadata.
    fileprivate func avroFiles() throws -> Set<String> {
        let folder = try FileURI.path(ofURI: "\(table.metadata.location)/metadata")
        let names = try LocalFiles().list(folder).filter { $0.hasSuffix(".avro") }
        return Set(names.map { "\(table.metadata.location)/metadata/\($0)" })
    }

    /// Manifests and manifest lists that the table's snapshots name.
    fileprivate func namedFiles() throws -> Set<String> {
        let table = try table.refreshed()
        var named: Set<String> = []
        for snapshot in table.metadata.snapshots {
            named.insert(snapshot.manifestList)
            for manifest in try table.manifests(of: snapshot) { named.insert(manifest.path) }
        }
        return named
    }
}

@Suite struct ExpiryTests {
    @Test func `what was merged goes with the snapshots that had it`() throws {
        let lake = try SmallFiles()
        for start in 0..<5 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        _ = try lake.merge()
        #expect(try lake.dataFileCount() == 6)
        let result = try #require(try lake.expire())
        #expect(result.snapshots == 5)
        #expect(result.dataFiles == 5)
        #expect(result.table.metadata.snapshots.count == 1)
        #expect(try lake.dataFileCount() == 1)
        #expect(try lake.offsets().sorted() == Array(0..<50))
        #expect(try lake.avroFiles() == lake.namedFiles())
    }

    @Test func `no data file goes where nothing was taken out`() throws {
        let lake = try SmallFiles()
        for start in 0..<5 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        let result = try #require(try lake.expire())
        #expect(result.snapshots == 4)
        #expect(result.dataFiles == 0)
        #expect(try lake.offsets().sorted() == Array(0..<50))
        #expect(try lake.avroFiles() == lake.namedFiles())
    }

    @Test func `what a tag names stays readable`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.append(10..<20)
        try lake.tag("before")
        try lake.append(20..<30)
        _ = try lake.merge()
        let result = try #require(try lake.expire())
        #expect(result.dataFiles == 1)
        let tagged = try #require(result.table.metadata.references["before"]?.snapshotID)
        let files = try result.table.dataFiles(snapshotID: tagged)
        #expect(files.count == 2)
        for file in files { #expect(try lake.store.exists(file.path)) }
        #expect(try lake.offsets().sorted() == Array(0..<30))
        #expect(try lake.expire()?.snapshots == nil)
    }

    @Test func `commits go on after an expiry`() throws {
        let lake = try SmallFiles()
        for start in 0..<30 { try lake.append(Int64(start)..<Int64(start) + 1) }
        _ = try lake.expire()
        try lake.append(30..<31)
        _ = try lake.merge()
        _ = try lake.expire()
        try lake.append(31..<32)
        #expect(try lake.offsets().sorted() == Array(0..<32))
    }
}
