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
    @Test func `a snapshot with deletes is not misread by who does not apply them`() throws {
        let test = try TestLake()
        let table = try test.createPurchases()
        let a = try test.file("a", of: table)
        let before = try table.adding([a, test.file("b", of: table)])
        let current = try test.deleting([test.deletes("d", of: table)], from: before)
        let id = try #require(current.metadata.currentSnapshotID)
        #expect(throws: TableError.hasDeletes(purchases, snapshotID: id)) {
            _ = try current.dataFiles()
        }
        #expect(throws: TableError.hasDeletes(purchases, snapshotID: id)) {
            _ = try current.liveFiles()
        }
        #expect(try current.dataPaths(snapshotID: id).count == 2)
        // Appending is still right: the deletes stay in the list.
        let appended = try current.adding([test.file("c", of: table)])
        let snapshot = try #require(appended.metadata.currentSnapshot)
        #expect(try appended.manifests(of: snapshot).map(\.content).contains(.deletes))
        #expect(snapshot.summary["total-delete-files"] == nil)
        // They do not concern what came later.
        #expect(try appended.scan().files.map(\.deletes.count).sorted() == [0, 1, 1])
    }

    @Test func `what replaces a file must be without the rows that were deleted of it`() throws {
        let test = try TestLake()
        let table = try test.createPurchases()
        let (a, b) = (try test.file("a", of: table), try test.file("b", of: table))
        let before = try table.adding([a, b])
        let replacement = try test.file("a2", of: table)
        func replacing(_ applied: Set<String>, in table: Table) -> TableCommit {
            TableCommit(
                files: [replacement],
                removedFiles: [a.path],
                appliedDeletes: applied,
                expectedBase: table.metadata.currentSnapshotID
            )
        }
        let first = try test.deletes("d", of: table, only: a.path)
        let current = try test.deleting([first], from: before)
        // Somebody deletes another row while the file is being written anew.
        let prepared = try current.prepare(replacing([first.path], in: current))
        let second = try test.deletes("e", of: table, only: a.path)
        let other = try test.deletes("f", of: table, only: b.path)
        let later = try test.deleting([second, other], from: current)
        for applied in [[], [first.path], [second.path, other.path]] as [Set<String>] {
            #expect {
                _ = try later.apply(replacing(applied, in: later))
            } throws: { error in
                guard case CommitError.filesGone(_, let paths) = error else { return false }
                return paths == [a.path]
            }
        }
        #expect {
            _ = try later.commit(prepared.expecting(later))
        } throws: { error in
            if case CommitError.filesGone = error { true } else { false }
        }
        let done = try later.apply(replacing([first.path, second.path], in: later))
        let scan = try done.scan()
        #expect(Set(scan.files.map(\.live.file.path)) == [replacement.path, b.path])
        #expect(scan.deletes.map(\.live.file.path) == [other.path])
    }

    @Test func `deletes concern files that are not newer, of their partition, within bounds`()
        throws
    {
        let test = try TestLake()
        let table = try test.createPurchases()
        func names(_ table: Table) throws -> [String: [String]] {
            func name(_ live: LiveFile) -> String {
                String(live.file.path.split(separator: "/").last?.dropLast(8) ?? "")
            }
            let scan = try table.scan()
            var found: [String: [String]] = [:]
            for file in scan.files {
                found[name(file.live)] = file.deletes.map { name(scan.deletes[$0].live) }
                #expect((file.division == nil) == file.deletes.isEmpty)
                #expect(file.deletes.allSatisfy { scan.deletes[$0].division == file.division })
            }
            return found
        }
        var now = try table.adding([
            test.file("a", of: table), test.file("b", of: table),
            test.file("other day", of: table, day: 20_001),
        ])
        now = try test.deleting([test.deletes("all", of: table)], from: now)
        #expect(try names(now) == ["a": ["all"], "b": ["all"], "other day": []])
        now = try now.adding([test.file("c", of: table)])
        let path = { (name: String) in "\(table.metadata.location)/data/\(name).parquet" }
        now = try test.deleting(
            [
                test.deletes("b to c", of: table, from: path("b"), to: path("c")),
                test.deletes("b alone", of: table, only: path("b")),
                // As DuckDB writes them: under another id.
                test.deletes("c alone", of: table, only: path("c"), field: 2_147_483_646),
                test.deletes("nobody", of: table, only: path("x")),
            ],
            from: now
        )
        #expect(
            try names(now).mapValues { $0.sorted() } == [
                "a": ["all"], "b": ["all", "b alone", "b to c"], "c": ["b to c", "c alone"],
                "other day": [],
            ]
        )
    }

    @Test func `deletes that cannot be applied are refused with the way out`() throws {
        for (content, format, kind) in [
            (DataFile.Content.equalityDeletes, "PARQUET", "equality deletes"),
            (.positionDeletes, "PUFFIN", "deletion vectors"),
            (.positionDeletes, "AVRO", "position deletes as AVRO"),
        ] {
            let test = try TestLake()
            let table = try test.createPurchases()
            let before = try table.adding([test.file("a", of: table)])
            var deletes = try test.deletes("d", of: table)
            deletes.content = content
            deletes.format = format
            if content == .equalityDeletes { deletes.equalityIDs = [5] }
            let current = try test.deleting([deletes], from: before)
            let error = #expect(throws: TableError.self) { _ = try current.scan() }
            for part in ["shop.purchases", kind, deletes.path, "rewrite_data_files"] {
                #expect(error?.description.contains(part) == true)
            }
            // The snapshot before can be read, and so can rows that only came later.
            #expect(
                try current.scan(snapshotID: before.metadata.currentSnapshotID).files.count == 1
            )
            // A file is not taken out either, while nobody knows its rows.
            let file = try #require(before.dataFiles().first)
            #expect {
                _ = try current.apply(
                    TableCommit(
                        files: [],
                        removedFiles: [file.path],
                        expectedBase: current.metadata.currentSnapshotID
                    )
                )
            } throws: { caught in
                guard case CommitError.storage(let cause) = caught else { return false }
                return cause == error
            }
        }
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
