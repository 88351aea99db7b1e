import Catalogs
import Clocks
import Files
import IcebergModel
import Stores
import Tables
import Testing

struct CommitTests {
    private let test: TestLake
    private let table: Table

    init() throws {
        test = try TestLake()
        table = try test.createPurchases()
    }

    @Test func `a new table has its folders, its properties and no files`() throws {
        #expect(table.metadata.location == "file:///lake/shop/purchases")
        #expect(try test.names(table.metadata.location) == ["data", "metadata"])
        #expect(table.metadataLocation.contains("/metadata/00000-"))
        #expect(table.metadata.properties["write.parquet.compression-codec"] == "zstd")
        #expect(try test.lake.table(purchases).metadata.uuid == table.metadata.uuid)
        #expect(try table.dataFiles().isEmpty)
        #expect(throws: TableError.catalog(.tableExists(purchases))) {
            _ = try test.createPurchases()
        }
    }

    @Test func `a table made again under its name does not find the old one's files`() throws {
        _ = try test.catalog.dropTable(purchases)
        let again = try test.createPurchases()
        #expect(again.metadata.location.hasPrefix("file:///lake/shop/purchases-"))
        #expect(again.metadata.uuid != table.metadata.uuid)
    }

    @Test func `an append is seen by everybody with its counts`() throws {
        let first = try table.adding([
            test.file("a", of: table, rows: 10), test.file("b", of: table, day: 20_001, rows: 5),
        ])
        let second = try first.apply(
            TableCommit(
                files: [test.file("c", of: table)],
                setProperties: ["millrace.sink": "{\"offset\":7}"],
                summary: ["millrace.seq": "2"],
                expectedBase: first.metadata.currentSnapshotID
            )
        )
        for seen in [second, try test.another().table(purchases)] {
            #expect(try seen.fileNames() == ["a.parquet", "b.parquet", "c.parquet"])
            let snapshot = try #require(seen.metadata.currentSnapshot)
            #expect(snapshot.summary["total-records"] == "25")
            #expect(snapshot.summary["added-data-files"] == "1")
            #expect(snapshot.summary["millrace.seq"] == "2")
            #expect(snapshot.sequenceNumber == 2)
            #expect(snapshot.parentID == first.metadata.currentSnapshotID)
            #expect(seen.metadata.properties["millrace.sink"] == "{\"offset\":7}")
            #expect(seen.metadataLocation.contains("/metadata/00002-"))
            let entries = try seen.dataEntries()
            #expect(entries.map(\.sequenceNumber) == [2, 1, 1])
            #expect(
                entries.map(\.file.partition) == [
                    [.date(20_000)], [.date(20_000)], [.date(20_001)],
                ]
            )
            let manifests = try seen.manifests(of: snapshot)
            #expect(manifests.count == 2)
            #expect(manifests[1].partitions?[0].upperBound == [0x21, 0x4E, 0, 0])
        }
    }

    @Test func `a commit made for another snapshot is a conflict that shows the present one`()
        throws
    {
        let mine = try test.file("mine", of: table)
        let theirs = try test.another().table(purchases).adding([test.file("theirs", of: table)])
        do {
            _ = try table.adding([mine])
            Issue.record("the commit must not happen")
        } catch CommitError.conflict(let current, let prepared) {
            #expect(current.metadata.currentSnapshotID == theirs.metadata.currentSnapshotID)
            let before = try test.names("\(table.metadata.location)/metadata").count
            // The caller decided that its data belong there still.
            let merged = try current.commit(prepared.expecting(current))
            #expect(try merged.fileNames() == ["mine.parquet", "theirs.parquet"])
            #expect(try merged.dataEntries().map(\.sequenceNumber) == [2, 1])
            // Only a list and a metadata file are new: the manifest was used again.
            #expect(try test.names("\(table.metadata.location)/metadata").count == before + 2)
        }
    }

    @Test func `somebody else's property does not disturb a commit`() throws {
        let lake = test.another()
        test.catalog.next(
            .before {
                _ = try lake.table(purchases).adding([], properties: ["note": "hello"])
            }
        )
        let committed = try table.adding([test.file("a", of: table)])
        #expect(committed.metadata.properties["note"] == "hello")
        #expect(try test.lake.table(purchases).fileNames() == ["a.parquet"])
        #expect(committed.metadataLocation.contains("/metadata/00002-"))
    }

    @Test func `a commit whose expected property changed is a conflict`() throws {
        let lake = test.another()
        let epoch = try table.adding([], properties: ["epoch": "1"])
        test.catalog.next(
            .before { _ = try lake.table(purchases).adding([], properties: ["epoch": "2"]) }
        )
        let commit = TableCommit(
            files: [try test.file("zombie", of: table)],
            setProperties: ["epoch": "1"],
            expectedBase: nil,
            expectedProperties: ["epoch": "1", "other": nil]
        )
        #expect {
            _ = try epoch.apply(commit)
        } throws: { error in
            guard case CommitError.conflict(let current, _) = error else { return false }
            return current.metadata.properties["epoch"] == "2"
        }
        #expect(try test.lake.table(purchases).dataFiles().isEmpty)
    }

    @Test func `a commit without files changes properties and makes no snapshot`() throws {
        let changed = try table.adding([], properties: ["a": "b"])
        #expect(changed.metadata.currentSnapshotID == nil)
        #expect(try test.lake.table(purchases).metadata.properties["a"] == "b")
    }

    @Test func `a commit to a table that was made again is refused`() throws {
        _ = try test.catalog.dropTable(purchases)
        _ = try test.createPurchases()
        #expect {
            _ = try table.adding([test.file("a", of: table)])
        } throws: { error in
            guard case CommitError.tableChanged(let name, _, _) = error else { return false }
            return name == purchases
        }
    }

    @Test func `a commit to a table that was dropped says so`() throws {
        _ = try test.catalog.dropTable(purchases)
        #expect {
            _ = try table.adding([test.file("a", of: table)])
        } throws: { error in
            guard case CommitError.storage(let cause) = error else { return false }
            return cause.isNoSuchTable
        }
    }

    @Test func `new columns come with the files that have them`() throws {
        let columns = [NewColumn("colour", .string)]
        let schema = try table.metadata.adding(columns: columns).schema
        #expect(schema.column(named: "colour")?.id == 7)
        let changed = try table.adding([test.file("a", of: table)], columns: columns)
        #expect(changed.metadata.schema.column(named: "colour")?.id == 7)
        #expect(changed.metadata.currentSnapshot?.schemaID == 1)
        #expect(try test.another().table(purchases).metadata.schema == changed.metadata.schema)
    }

    @Test func `files written with ids that mean other columns by now are refused`() throws {
        let lake = test.another()
        test.catalog.next(
            .before {
                _ = try lake.table(purchases).adding([], columns: [NewColumn("size", .long)])
            }
        )
        #expect {
            _ = try table.adding(
                [test.file("a", of: table)],
                columns: [NewColumn("colour", .string)]
            )
        } throws: { error in
            guard case CommitError.columnsChanged(let current, _) = error else { return false }
            return current.metadata.schema.column(named: "size")?.id == 7
        }
        #expect(try test.lake.table(purchases).dataFiles().isEmpty)
    }

    @Test func `the same new columns committed by two writers are one`() throws {
        let lake = test.another()
        test.catalog.next(
            .before {
                _ = try lake.table(purchases).adding([], columns: [NewColumn("colour", .string)])
            }
        )
        let changed = try table.adding(
            [test.file("a", of: table)],
            columns: [NewColumn("colour", .string)]
        )
        #expect(changed.metadata.schemas.count == 2)
        #expect(changed.metadata.schema.column(named: "colour")?.id == 7)
    }

    @Test func `a data file that is missing, cut short or named twice is refused`() throws {
        let good = try test.file("a", of: table)
        var missing = good
        missing.path += ".gone"
        var short = good
        short.fileSize += 1
        for files in [[missing], [short], [good, good]] {
            #expect {
                _ = try table.adding(files)
            } throws: { error in
                guard case CommitError.storage(let cause) = error else { return false }
                return "\(cause)".contains("a.parquet")
            }
        }
        #expect(try test.names("\(table.metadata.location)/metadata").count == 1)
    }

    @Test func `a clock that goes back does not disturb the order of the logs`() throws {
        let first = try table.adding([test.file("a", of: table)])
        test.clocks.set(Timestamp(milliseconds: 5))
        let second = try first.adding([test.file("b", of: table)])
        let times = second.metadata.snapshotLog.map(\.timestampMilliseconds)
        #expect(times == times.sorted())
        #expect(second.metadata.lastUpdatedMilliseconds >= times[1])
    }

    @Test func `old metadata files go when the log is full, unless the table keeps them`() throws {
        var table = try table.adding(
            [],
            properties: ["write.metadata.previous-versions-max": "3"]
        )
        for number in 0..<10 {
            table = try table.adding([test.file("f\(number)", of: table)])
        }
        func metadataFiles() throws -> Int {
            try test.names("\(table.metadata.location)/metadata").filter {
                $0.hasSuffix(".metadata.json")
            }.count
        }
        #expect(try metadataFiles() == 4)
        #expect(table.metadata.metadataLog.count == 3)
        table = try table.adding(
            [],
            properties: ["write.metadata.delete-after-commit.enabled": "false"]
        )
        for number in 10..<15 {
            table = try table.adding([test.file("f\(number)", of: table)])
        }
        #expect(try metadataFiles() == 10)
        #expect(try test.another().table(purchases).dataFiles().count == 15)
    }

    @Test func `an earlier snapshot shows the files it had`() throws {
        let first = try table.adding([test.file("a", of: table)])
        let second = try first.adding([test.file("b", of: table)])
        let id = try #require(first.metadata.currentSnapshotID)
        #expect(try second.dataFiles(snapshotID: id).map(\.path) == first.dataFiles().map(\.path))
        #expect(throws: TableError.self) { _ = try second.dataFiles(snapshotID: 5) }
    }
}
