import Bytes
import Catalogs
import Files
import IcebergModel
import Stores
import Tables
import Testing

/// Commits that take files out, and put others in their place.
struct ReplaceTests {
    private let test: TestLake
    /// `a` and `b` came with one commit, `c` with another.
    private let table: Table

    init() throws {
        test = try TestLake()
        let made = try test.createPurchases()
        table = try made.adding([
            test.file("a", of: made, rows: 10), test.file("b", of: made, day: 20_001, rows: 5),
        ]).adding([test.file("c", of: made, rows: 3)])
    }

    private func path(_ name: String) -> String {
        "\(table.metadata.location)/data/\(name).parquet"
    }

    private func replacing(_ names: [String], by files: [DataFile]) -> TableCommit {
        TableCommit(
            files: files,
            removedFiles: names.map(path),
            expectedBase: table.metadata.currentSnapshotID
        )
    }

    @Test func `a file is replaced and what came with it keeps its place in history`() throws {
        let changed = try table.apply(
            replacing(["a"], by: [test.file("a2", of: table, rows: 9)])
        )
        for seen in [changed, try test.another().table(purchases)] {
            #expect(try seen.fileNames() == ["a2.parquet", "b.parquet", "c.parquet"])
            let snapshot = try #require(seen.metadata.currentSnapshot)
            let summary = snapshot.summary
            #expect(summary["operation"] == "overwrite")
            #expect(summary["added-records"] == "9")
            #expect(summary["deleted-data-files"] == "1")
            #expect(summary["deleted-records"] == "10")
            #expect(summary["removed-files-size"] == "10")
            #expect(summary["total-records"] == "17")
            #expect(summary["total-data-files"] == "3")
            #expect(summary["total-files-size"] == "17")
            #expect(summary["changed-partition-count"] == "1")
            let manifests = try seen.manifests(of: snapshot)
            #expect(manifests.map(\.addedFilesCount) == [1, 0, 1])
            #expect(manifests.map(\.existingFilesCount) == [0, 1, 0])
            #expect(manifests.map(\.deletedFilesCount) == [0, 1, 0])
            #expect(manifests[1].deletedRowsCount == 10 && manifests[1].existingRowsCount == 5)
            #expect(manifests[1].sequenceNumber == 3 && manifests[1].minSequenceNumber == 1)
            // b has the number of the commit it came with, a2 that of this one.
            let numbers = try seen.dataEntries().map {
                ("\($0.file.path.split(separator: "/").last ?? "")", $0.sequenceNumber)
            }
            #expect(numbers.map(\.0) == ["a2.parquet", "b.parquet", "c.parquet"])
            #expect(numbers.map(\.1) == [3, 1, 2])
        }
        // The snapshot before still has the file.
        let before = try #require(changed.metadata.snapshots.dropLast().last)
        #expect(try changed.dataFiles(snapshotID: before.id).contains { $0.path == path("a") })
    }

    @Test func `the entry of a removed file names the snapshot it went with`() throws {
        let changed = try table.apply(replacing(["a"], by: []))
        let snapshot = try #require(changed.metadata.currentSnapshot)
        #expect(snapshot.summary["operation"] == "delete")
        let fresh = try test.another().table(purchases)
        let manifest = try #require(try fresh.manifests(of: snapshot).first)
        let bytes = try LocalStore(test.files).read(manifest.path, bytesMax: 1 << 20)
        let entries = try Manifest.read(
            bytes.bytes,
            listing: manifest,
            partitionType: fresh.metadata.spec.partitionType(of: fresh.metadata.schema)
        )
        #expect(entries.map(\.status) == [.deleted, .existing])
        #expect(entries[0].snapshotID == snapshot.id)
        #expect(entries[0].sequenceNumber == 1 && entries[0].fileSequenceNumber == 1)
        #expect(entries[1].snapshotID == fresh.metadata.snapshots[0].id)
        // The next commit has nothing more to say of it.
        let next = try changed.adding([test.file("d", of: table)])
        #expect(try next.fileNames() == ["b.parquet", "c.parquet", "d.parquet"])
    }

    @Test func `a table may lose its last file`() throws {
        let changed = try table.apply(replacing(["a", "b", "c"], by: []))
        #expect(try changed.dataFiles().isEmpty)
        #expect(changed.metadata.currentSnapshot?.summary["total-records"] == "0")
        let next = try changed.adding([test.file("d", of: table)])
        let snapshot = try #require(next.metadata.currentSnapshot)
        #expect(try next.manifests(of: snapshot).count == 1)
    }

    @Test func `a file that somebody else replaced in between is not replaced again`() throws {
        let mine = try table.prepare(
            replacing(["a", "c"], by: [test.file("mine", of: table, rows: 9)])
        )
        let theirs = try test.another().table(purchases).apply(
            replacing(["a"], by: [test.file("theirs", of: table, rows: 10)])
        )
        let before = try test.names("\(table.metadata.location)/metadata")
        #expect {
            _ = try theirs.commit(mine.expecting(theirs))
        } throws: { error in
            guard case CommitError.filesGone(let current, let paths) = error else { return false }
            return paths == [path("a")] && current.metadataLocation == theirs.metadataLocation
        }
        let now = try test.another().table(purchases)
        #expect(try now.fileNames() == ["b.parquet", "c.parquet", "theirs.parquet"])
        #expect(try test.names("\(table.metadata.location)/metadata") == before)
    }

    @Test func `an append in between does not disturb a replacement`() throws {
        let mine = try table.prepare(
            replacing(["a"], by: [test.file("a2", of: table, rows: 9)])
        )
        let theirs = try test.another().table(purchases).adding([test.file("d", of: table)])
        let changed = try theirs.commit(mine.expecting(theirs))
        #expect(
            try changed.fileNames() == ["a2.parquet", "b.parquet", "c.parquet", "d.parquet"]
        )
        #expect(changed.metadata.currentSnapshot?.summary["total-records"] == "27")
    }

    @Test func `appends here and removals there happen together or not at all`() throws {
        let other = try test.lake.createTable(joins, schema: landed)
        var file = try test.file("j", of: other)
        file.partition = []
        let commits = [
            (table: table, prepared: try table.prepare(replacing(["a"], by: []))),
            (
                table: other,
                prepared: try other.prepare(
                    TableCommit(
                        files: [file],
                        setProperties: ["mark": "1"],
                        expectedBase: nil
                    )
                )
            ),
        ]
        let lake = test.another()
        let goes = path("a")
        test.catalog.next(
            .before {
                let table = try lake.table(purchases)
                _ = try table.apply(
                    TableCommit(
                        files: [],
                        removedFiles: [goes],
                        expectedBase: table.metadata.currentSnapshotID
                    )
                )
            }
        )
        #expect(throws: CommitError.self) { _ = try test.lake.commit(commits) }
        #expect(try test.lake.table(joins).dataFiles().isEmpty)
        #expect(try test.lake.table(joins).metadata.properties["mark"] == nil)

        let current = try test.lake.table(purchases)
        let removal = try current.prepare(
            TableCommit(
                files: [],
                removedFiles: [path("c")],
                expectedBase: current.metadata.currentSnapshotID
            )
        )
        let tables = try test.lake.commit([(current, removal), commits[1]])
        #expect(try tables[0].fileNames() == ["b.parquet"])
        #expect(try tables[1].fileNames() == ["j.parquet"])
        #expect(tables[1].metadata.properties["mark"] == "1")
    }

    @Test func `an unknown outcome that did not happen leaves no rewritten manifest`() throws {
        let before = try test.names("\(table.metadata.location)/metadata")
        test.catalog.next(.notAppliedAndUnknown)
        do {
            _ = try table.apply(replacing(["a"], by: []))
            Issue.record("the outcome is unknown")
        } catch CommitError.unknownOutcome(let attempt, _) {
            guard case .notCommitted(let current) = try test.lake.outcome(of: attempt) else {
                Issue.record("the commit did not happen")
                return
            }
            #expect(try current.fileNames() == ["a.parquet", "b.parquet", "c.parquet"])
            #expect(try test.names("\(table.metadata.location)/metadata") == before)
        }
    }

    @Test func `manifests that tell of removals are not merged away with their snapshot`() throws {
        let table = try self.table.apply(
            TableCommit(
                files: [],
                setProperties: ["commit.manifest.min-count-to-merge": "2"],
                expectedBase: self.table.metadata.currentSnapshotID
            )
        )
        let changed = try table.apply(
            replacing(["b"], by: [test.file("b2", of: table, day: 20_001, rows: 4)])
        )
        let snapshot = try #require(changed.metadata.currentSnapshot)
        let removed = try changed.manifests(of: snapshot).reduce(0) { $0 + $1.deletedFilesCount }
        #expect(removed == 1)
        var next = changed
        for number in 0..<5 { next = try next.adding([test.file("n\(number)", of: table)]) }
        #expect(try next.dataFiles().count == 8)
        #expect(try next.dataFiles().reduce(0) { $0 + $1.recordCount } == 67)
    }
}
