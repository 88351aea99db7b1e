import Bytes
import Catalogs
import Clocks
import Files
import Glibc
import IcebergModel
import Stores
import Tables
import Testing

/// What other writers may have left behind in a table.
struct ForeignTableTests {
    @Test func `a snapshot with deletes is refused and not misread`() throws {
        let test = try TestLake()
        let table = try test.createPurchases()
        let sync = [UInt8](0..<16)
        var deletes = try test.file("deletes", of: table)
        deletes.content = .positionDeletes
        let path = "\(table.metadata.location)/metadata/deletes.avro"
        let written = try Manifest.write(
            [.added(deletes, snapshotID: 77)],
            schema: table.metadata.schema,
            spec: table.metadata.spec,
            content: .deletes,
            path: path,
            snapshotID: 77,
            sequenceNumber: 1,
            sync: sync
        )
        let store = LocalStore(test.files)
        try store.create(path, written.bytes)
        let list = "\(table.metadata.location)/metadata/snap-77.avro"
        try store.create(
            list,
            try ManifestList.write(
                [written.file],
                snapshotID: 77,
                parentSnapshotID: nil,
                sequenceNumber: 1,
                sync: sync
            )
        )
        let metadata = try table.metadata.appending(
            Snapshot(
                id: 77,
                parentID: nil,
                sequenceNumber: 1,
                timestampMilliseconds: 1,
                manifestList: list,
                summary: ["operation": "overwrite"],
                schemaID: 0
            )
        )
        var buffer = ByteBuffer()
        metadata.write(to: &buffer)
        let file = "\(table.metadata.location)/metadata/00001-foreign.metadata.json"
        try store.create(file, Slab(buffer))
        try test.catalog.commit([
            PointerSwap(table: purchases, expected: table.metadataLocation, new: file)
        ])
        let current = try test.lake.table(purchases)
        #expect(throws: TableError.hasDeletes(purchases, snapshotID: 77)) {
            _ = try current.dataFiles()
        }
        // What replaces a file would bring the deleted rows back.
        #expect {
            _ = try current.apply(
                TableCommit(files: [], removedFiles: ["file:///x"], expectedBase: 77)
            )
        } throws: { error in
            guard case CommitError.storage(let cause) = error else { return false }
            return cause == .hasDeletes(purchases, snapshotID: 77)
        }
        // Appending is still right: the deletes stay in the list.
        let appended = try current.adding([test.file("a", of: table)])
        let snapshot = try #require(appended.metadata.currentSnapshot)
        #expect(try appended.manifests(of: snapshot).map(\.content) == [.data, .deletes])
        #expect(snapshot.summary["total-delete-files"] == nil)
    }

    @Test func `metadata of another format version are refused with their name`() throws {
        let test = try TestLake()
        let table = try test.createPurchases()
        var buffer = ByteBuffer()
        buffer.append(utf8: "{\"format-version\":3}")
        let file = "\(table.metadata.location)/metadata/v3.metadata.json"
        try LocalStore(test.files).create(file, Slab(buffer))
        try test.catalog.commit([
            PointerSwap(table: purchases, expected: table.metadataLocation, new: file)
        ])
        let error = #expect(throws: TableError.self) { _ = try test.lake.table(purchases) }
        #expect(error?.description.contains(file) == true)
        #expect(error?.description.contains("format version 3") == true)
    }

    @Test func `a metadata file that is gone is named`() throws {
        let test = try TestLake()
        let table = try test.createPurchases()
        try test.catalog.commit([
            PointerSwap(
                table: purchases,
                expected: table.metadataLocation,
                new: "file:///lake/gone.json"
            )
        ])
        let error = #expect(throws: TableError.self) { _ = try test.lake.table(purchases) }
        #expect(error?.description.contains("/lake/gone.json") == true)
        #expect(error?.description.contains("shop.purchases") == true)
    }
}

/// Two processes that append to one table as fast as they can.
struct ProcessTests {
    static func append(_ folder: String, prefix: String, times: Int) throws {
        let lake = Lake(
            catalog: try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "lake",
                warehouse: "file://\(folder)/lake",
                busyTimeout: .seconds(60)
            ),
            store: LocalStore(LocalFiles()),
            clock: SystemClocks(),
            random: SystemRandom()
        )
        var table = try lake.table(purchases)
        for number in 0..<times {
            let path = "\(table.metadata.location)/data/\(prefix)\(number).parquet"
            let local = try FileURI.path(ofURI: path)
            try LocalFiles().open(local, .createNew).truncate(to: 10)
            let file = DataFile(path: path, partition: [], recordCount: 1, fileSize: 10)
            var prepared = try table.prepare(
                TableCommit(files: [file], expectedBase: table.metadata.currentSnapshotID)
            )
            while true {
                do throws(CommitError) {
                    table = try table.commit(prepared)
                    break
                } catch {
                    guard case .conflict(let current, let again) = error else { throw error }
                    table = current
                    prepared = again.expecting(current)
                }
            }
        }
    }

    @Test func `appends of two processes all land once, in one line of snapshots`() async throws {
        let folder = "/tmp/millrace-processes-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        defer { removeTree(folder) }
        let lake = Lake(
            catalog: try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "lake",
                warehouse: "file://\(folder)/lake"
            ),
            store: LocalStore(LocalFiles()),
            clock: SystemClocks(),
            random: SystemRandom()
        )
        _ = try lake.createTable(purchases, schema: landed)
        async let first = #expect(processExitsWith: .success) { [folder = folder as String] in
            try ProcessTests.append(folder, prefix: "a", times: 20)
        }
        async let second = #expect(processExitsWith: .success) { [folder = folder as String] in
            try ProcessTests.append(folder, prefix: "b", times: 20)
        }
        _ = await (first, second)
        let table = try lake.table(purchases)
        let expected = (0..<20).flatMap { ["a\($0).parquet", "b\($0).parquet"] }.sorted()
        #expect(try table.fileNames() == expected)
        #expect(table.metadata.lastSequenceNumber == 40)
        #expect(table.metadata.ancestors(of: table.metadata.currentSnapshotID).count == 40)
    }

    private func removeTree(_ path: String) {
        for name in (try? LocalFiles().list(path)) ?? [] { removeTree("\(path)/\(name)") }
        try? LocalFiles().remove(path)
    }
}
