import Bytes
import Catalogs
import Clocks
import Files
import IcebergModel
import JSONText
import Maintenance
import Stores
import Tables
import Testing

extension SmallFiles {
    private static let all = OrphanFiles.Rules(before: Int64.max)

    fileprivate var location: String { table.metadata.location }

    /// Removes every file that nobody names, however young.
    fileprivate func clean(
        _ rules: OrphanFiles.Rules = SmallFiles.all,
        whileFound: () throws -> Void = {}
    ) throws -> [String] {
        table = try table.refreshed()
        let orphans = OrphanFiles(in: lake, store: store)
        let found = try orphans.find(table, rules)
        try whileFound()
        return try orphans.remove(found, of: table, rules).files.map(\.name)
    }

    @discardableResult
    fileprivate func leave(_ name: String, _ text: String = "left") throws -> String {
        let path = try FileURI.path(ofURI: "\(location)/\(name)")
        try LocalFiles().createDirectories(directoryName(of: path))
        var bytes = ByteBuffer()
        bytes.append(utf8: text)
        try LocalFiles().open(path, .createNew).write(bytes.bytes, at: 0)
        return path
    }

    /// Every file below the table's location.
    fileprivate func everything() throws -> Set<String> {
        func files(_ folder: String) throws -> [String] {
            try store.entries(of: folder).flatMap { entry in
                entry.isFolder ? try files(entry.uri) : [entry.name]
            }
        }
        return Set(try files(location))
    }

    fileprivate func set(_ properties: [String: String]) throws {
        table = try table.refreshed()
        table = try table.apply(
            TableCommit(
                files: [],
                setProperties: properties,
                expectedBase: table.metadata.currentSnapshotID
            )
        )
    }

    fileprivate func update(_ updates: [TableUpdate]) throws {
        let change = CatalogChange(table.identifier, requirements: [], updates: updates)
        _ = try lake.catalog.commit([change])
    }

    /// Takes out all snapshots but the last, and leaves their files: an expiry that was killed.
    fileprivate func forgetSnapshots() throws {
        let metadata = try table.refreshed().metadata
        let gone = metadata.snapshots.map(\.id).filter { $0 != metadata.currentSnapshotID }
        try update([.removeSnapshots(gone)])
    }
}

@Suite struct OrphanFilesTests {
    @Test func `what nobody names goes, and what anything names stays`() throws {
        let lake = try SmallFiles()
        for start in 0..<4 { try lake.append(Int64(start) * 10..<Int64(start) * 10 + 10) }
        _ = try lake.merge()
        let before = try lake.everything()
        let left = [
            "data/compacted-1.parquet", "data/day=2026-11-20/a.parquet", "data/_day=1/b.orc",
            "metadata/11-m0.avro", "metadata/snap-1-0-2.avro", "metadata/3.stats",
            "metadata/4.puffin",
        ]
        for name in left { try lake.leave(name) }
        let kept = ["metadata/pending-p-1.txt", "data/_staging/c.parquet", "notes.txt"]
        for name in kept { try lake.leave(name) }
        let names = { (paths: [String]) in Set(paths.map { ObjectName.last(of: $0) }) }
        #expect(Set(try lake.clean()) == names(left))
        #expect(try lake.everything() == before.union(names(kept)))
        #expect(try lake.clean() == [])
        #expect(try lake.offsets().sorted() == Array(0..<40))
    }

    @Test func `what is younger than the threshold is counted and stays`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let path = try lake.leave("data/young.parquet")
        let made = try LocalFiles().status(of: path, followingLinks: false).changedNanoseconds
        let orphans = OrphanFiles(in: lake.lake, store: lake.store)
        let found = try orphans.find(lake.table, OrphanFiles.Rules(before: made))
        #expect(found.files.isEmpty)
        #expect(found.young == 1)
        let older = try orphans.find(lake.table, OrphanFiles.Rules(before: made + 1))
        #expect(older.files.map(\.name) == ["young.parquet"])
        #expect(older.bytes == 4)
    }

    @Test func `branches, tags, old snapshots and statistics keep their files`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let first = try #require(lake.table.metadata.currentSnapshotID)
        try lake.leave("metadata/s.stats")
        try lake.leave("metadata/p.parquet")
        try lake.update([
            .setReference("audit", SnapshotReference(snapshotID: first, kind: .branch)),
            .setStatistics(
                .table,
                snapshotID: first,
                ["snapshot-id": .integer(first), "statistics-path": "file:/x/metadata/s.stats"]
            ),
            .setStatistics(
                .partition,
                snapshotID: first,
                ["snapshot-id": .integer(first), "statistics-path": "s3a://x/metadata/p.parquet"]
            ),
        ])
        try lake.append(10..<20)
        _ = try lake.merge()
        #expect(try lake.clean() == [])
        #expect(try lake.table.refreshed().dataFiles(snapshotID: first).count == 1)
    }

    @Test(arguments: [
        ("file:", "1.parquet"), ("s3a://elsewhere", "1.parquet"), ("", "1.parquet"),
        ("file://", "a%20b.parquet"),
    ])
    func `a file is known however its place is written`(prefix: String, name: String) throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        var file = try #require(try lake.table.dataFiles().first)
        let folder = try FileURI.path(ofURI: lake.location) + "/data"
        if name.contains("%") {
            try lake.leave("data/a b.parquet", "left")
            file.fileSize = 4
        }
        file.path = "\(prefix)\(folder)/\(name)"
        if prefix == "s3a://elsewhere" { return try elsewhere(lake, file) }
        lake.table = try lake.table.apply(
            TableCommit(
                files: [file],
                removedFiles: try lake.table.dataFiles().map(\.path),
                expectedBase: lake.table.metadata.currentSnapshotID
            )
        )
        try lake.forgetSnapshots()
        let removed = try lake.clean()
        // Manifests of the snapshot before went, the data file is the one that is named.
        #expect(removed.contains { $0.hasSuffix(".parquet") } == name.contains("%"))
        #expect(removed.contains("a b.parquet") == false)
    }

    /// A name that this store cannot reach: its table is read, not committed to.
    private func elsewhere(_ lake: SmallFiles, _ file: DataFile) throws {
        try lake.leave("data/orphan.parquet")
        try lake.update([
            .setStatistics(
                .table,
                snapshotID: lake.table.metadata.currentSnapshotID ?? 0,
                [
                    "snapshot-id": .integer(lake.table.metadata.currentSnapshotID ?? 0),
                    "statistics-path": .string("s3a://elsewhere/orphan.parquet"),
                ]
            )
        ])
        #expect(try lake.clean() == [])
    }

    @Test func `what is committed between finding and removing stays`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let data = try FileURI.path(ofURI: "\(lake.location)/data")
        var committed: DataFile?
        // A file that is written, and committed only after it was found.
        try lake.append(10..<20)
        let table = try lake.table.refreshed()
        committed = try table.dataFiles().first { $0.path.hasSuffix("/2.parquet") }
        let file = try #require(committed)
        lake.table = try table.apply(
            TableCommit(
                files: [],
                removedFiles: [file.path],
                expectedBase: table.metadata.currentSnapshotID
            )
        )
        try lake.forgetSnapshots()
        let removed = try lake.clean(whileFound: {
            let table = try lake.table.refreshed()
            _ = try table.apply(
                TableCommit(files: [file], expectedBase: table.metadata.currentSnapshotID)
            )
        })
        #expect(removed.contains("2.parquet") == false)
        #expect(LocalFiles().exists("\(data)/2.parquet"))
        #expect(try lake.offsets().sorted() == Array(0..<20))
    }

    @Test func `a writer that the table knows keeps its files`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.leave("data/p-7-1.parquet")
        try lake.leave("data/p-6-1.parquet")
        let rules = OrphanFiles.Rules(before: Int64.max) { table, name in
            name.hasPrefix("p-\(table.metadata.properties["epoch"] ?? "7")-")
        }
        // The writer of 6 has taken over before anything was removed.
        let removed = try lake.clean(rules, whileFound: { try lake.set(["epoch": "6"]) })
        #expect(removed == [])
        try lake.set(["epoch": "8"])
        #expect(Set(try lake.clean(rules)) == ["p-7-1.parquet", "p-6-1.parquet"])
    }

    @Test func `a commit under way keeps its manifest until it was given up`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let file = try #require(try lake.table.dataFiles().first)
        let prepared = try lake.table.prepare(
            TableCommit(
                files: [file],
                removedFiles: [file.path],
                expectedBase: lake.table.metadata.currentSnapshotID
            )
        )
        #expect(try lake.clean() == [])
        _ = try lake.table.commit(prepared)
        #expect(try lake.clean() == [])
        #expect(try lake.offsets() == Array(0..<10))
    }

    @Test func `a metadata file of a commit under way stays until the table has passed it`() throws
    {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let current = try FileURI.path(ofURI: lake.table.metadataLocation)
        let bytes = Slab(try LocalFiles().contents(of: current, bytesMax: 1 << 20))
        try lake.store.create("\(lake.location)/metadata/00002-x.metadata.json", bytes)
        try lake.leave("metadata/00000-torn.metadata.json", "{\"table-uuid\": \"cut")
        #expect(try lake.clean() == ["00000-torn.metadata.json"])
        try lake.append(10..<20)
        #expect(try lake.clean() == ["00002-x.metadata.json"])
    }

    @Test func `the folder of a table below this one is left alone`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let inner = try lake.lake.createTable(
            TableIdentifier(namespace: ["shop"], name: "inner"),
            schema: Schema(fields: [.optional(1, "n", .long)]),
            location: "\(lake.location)/data/inner"
        )
        try lake.leave("data/inner/data/theirs.parquet")
        try lake.leave("data/ours.parquet")
        try lake.leave("data/inner2/ours2.parquet")
        #expect(Set(try lake.clean()) == ["ours.parquet", "ours2.parquet"])
        let orphans = OrphanFiles(in: lake.lake, store: lake.store)
        #expect(throws: MaintenanceError.self) {
            _ = try orphans.find(inner, OrphanFiles.Rules(before: Int64.max))
        }
        #expect(try lake.everything().contains("theirs.parquet"))
    }

    @Test func `a folder that another table had before is left alone`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        let uuid = "3f2a7a7e-0000-4000-8000-000000000000"
        try lake.leave("metadata/00000-a.metadata.json", "{\"table-uuid\": \"\(uuid)\"}")
        try lake.leave("data/theirs.parquet")
        let error = #expect(throws: MaintenanceError.self) { try lake.clean() }
        #expect(error?.description.contains(uuid) == true)
        #expect(error?.isRetriable == false)
        #expect(try lake.everything().contains("theirs.parquet"))
    }

    @Test func `a table that is made anew meanwhile is left alone`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.leave("data/orphan.parquet")
        #expect(throws: MaintenanceError.self) {
            _ = try lake.clean(whileFound: {
                let catalog = try #require(lake.lake.catalog as? EmbeddedCatalog)
                _ = try catalog.pointers.dropTable(lake.table.identifier)
                _ = try lake.lake.createTable(
                    lake.table.identifier,
                    schema: lake.table.metadata.schema,
                    location: lake.location
                )
            })
        }
        #expect(try lake.everything().contains("orphan.parquet"))
    }

    @Test func `a table whose files others may name is left alone`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.append(10..<20)
        try lake.set([OrphanFiles.isOwnerProperty: "false"])
        try lake.leave("data/orphan.parquet")
        #expect(throws: MaintenanceError.self) { try lake.clean() }
        #expect(throws: MaintenanceError.self) { _ = try lake.expire() }
        #expect(try lake.table.refreshed().metadata.snapshots.count == 2)
    }

    @Test func `a snapshot that cannot be read stops everything`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        try lake.leave("data/orphan.parquet")
        let list = try #require(lake.table.metadata.currentSnapshot?.manifestList)
        try lake.store.delete(list)
        // A lake that has not read it before.
        let other = try lake.another()
        let table = try other.table(lake.table.identifier)
        #expect(throws: MaintenanceError.self) {
            _ = try OrphanFiles(in: other, store: lake.store)
                .find(table, OrphanFiles.Rules(before: Int64.max))
        }
    }

    @Test func `a store without times is refused`() throws {
        let files = CrashFiles()
        let store = LocalStore(files)
        let catalog = try SmallFiles()
        let lake = Lake(
            catalog: try SQLiteCatalog(
                path: "\(catalog.folder)/other.db",
                name: "lake",
                warehouse: "file:///lake"
            ),
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
        let table = try lake.createTable(
            TableIdentifier(namespace: ["shop"], name: "t"),
            schema: Schema(fields: [.optional(1, "n", .long)])
        )
        let error = #expect(throws: MaintenanceError.self) {
            _ = try OrphanFiles(in: lake, store: store)
                .find(table, OrphanFiles.Rules(before: Int64.max))
        }
        #expect(error?.isRetriable == false)
    }

    @Test func `it can be stopped, and goes on where it was`() throws {
        let lake = try SmallFiles()
        try lake.append(0..<10)
        for number in 0..<5 { try lake.leave("data/left-\(number).parquet") }
        let orphans = OrphanFiles(in: lake.lake, store: lake.store)
        let rules = OrphanFiles.Rules(before: Int64.max)
        #expect(throws: MaintenanceError.self) {
            _ = try orphans.find(lake.table, rules) { _ in false }
        }
        let found = try orphans.find(lake.table, rules)
        let some = try orphans.remove(found, of: lake.table, rules) { $0.removed < 2 }
        #expect(some.files.count == 2)
        #expect(try lake.clean().count == 3)
    }
}
