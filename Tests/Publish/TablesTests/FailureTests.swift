import Bytes
import Catalogs
import Files
import IcebergModel
import Stores
import Tables
import Testing

struct UnknownOutcomeTests {
    private let test: TestLake
    private let table: Table

    init() throws {
        test = try TestLake()
        table = try test.createPurchases()
    }

    /// Commits a file while the catalog says it does not know what happened.
    private func attempt(_ script: ScriptedCatalog.Script) throws -> CommitAttempt {
        test.catalog.next(script)
        do {
            _ = try table.adding([test.file("a", of: table)])
        } catch CommitError.unknownOutcome(let attempt, _) {
            return attempt
        }
        throw Unexpected()
    }

    private struct Unexpected: Error {}

    @Test func `a commit that happened is found`() throws {
        let attempt = try attempt(.appliedButUnknown)
        guard case .committed(let current) = try test.lake.outcome(of: attempt) else {
            Issue.record("the commit happened")
            return
        }
        #expect(try current.fileNames() == ["a.parquet"])
    }

    @Test func `a commit that happened is found behind others'`() throws {
        let attempt = try attempt(.appliedButUnknown)
        var theirs = try test.another().table(purchases)
        for number in 0..<3 { theirs = try theirs.adding([test.file("t\(number)", of: table)]) }
        guard case .committed(let current) = try test.lake.outcome(of: attempt) else {
            Issue.record("the commit happened")
            return
        }
        #expect(try current.dataFiles().count == 4)
    }

    @Test func `a commit that did not happen keeps its files until that is known`() throws {
        let attempt = try attempt(.notAppliedAndUnknown)
        let folder = "\(table.metadata.location)/metadata"
        #expect(try test.names(folder).count == 4)
        guard case .notCommitted(let current) = try test.lake.outcome(of: attempt) else {
            Issue.record("the commit did not happen")
            return
        }
        #expect(try current.dataFiles().isEmpty)
        // What stays is the first metadata file and the manifest, which may be tried again.
        #expect(try test.names(folder).count == 2)
    }

    @Test func `a prepared commit is tried again after it is known not to have happened`() throws {
        let prepared = try table.prepare(
            TableCommit(files: [test.file("a", of: table)], expectedBase: nil)
        )
        for _ in 0..<3 {
            test.catalog.next(.notAppliedAndUnknown)
            #expect(throws: CommitError.self) { _ = try table.commit(prepared) }
        }
        #expect(try table.commit(prepared).fileNames() == ["a.parquet"])
    }

    @Test func `a property commit is recognised by its metadata file`() throws {
        test.catalog.next(.appliedButUnknown)
        do {
            _ = try table.adding([], properties: ["a": "b"])
            Issue.record("the outcome is unknown")
        } catch CommitError.unknownOutcome(let attempt, _) {
            _ = try test.another().table(purchases).adding([], properties: ["c": "d"])
            guard case .committed = try test.lake.outcome(of: attempt) else {
                Issue.record("the commit happened")
                return
            }
        }
    }
}

struct SeveralTablesTests {
    @Test func `commits to several tables happen together or not at all`() throws {
        let test = try TestLake()
        let first = try test.createPurchases()
        let second = try test.lake.createTable(joins, schema: landed)
        var file = try test.file("j", of: second)
        file.partition = []
        func prepared() throws -> [(table: Table, prepared: PreparedCommit)] {
            [
                (
                    first,
                    try first.prepare(
                        TableCommit(files: [test.file("p", of: first)], expectedBase: nil)
                    )
                ),
                (second, try second.prepare(TableCommit(files: [file], expectedBase: nil))),
            ]
        }
        let other = test.another()
        var theirs = try test.file("theirs", of: second)
        theirs.partition = []
        let foreign = theirs
        test.catalog.next(.before { _ = try other.table(joins).adding([foreign]) })
        let commits = try prepared()
        #expect {
            _ = try test.lake.commit(commits)
        } throws: { error in
            guard case CommitError.conflict(let current, _) = error else { return false }
            return current.identifier == joins
        }
        #expect(try test.lake.table(purchases).dataFiles().isEmpty)

        let current = try test.lake.table(joins)
        let tables = try test.lake.commit([
            commits[0], (current, commits[1].prepared.expecting(current)),
        ])
        #expect(try tables[0].fileNames() == ["p.parquet"])
        #expect(try tables[1].fileNames() == ["j.parquet", "theirs.parquet"])
    }
}

struct ManifestMergeTests {
    @Test func `the number of manifests stays bounded and every file keeps its place in history`()
        throws
    {
        let test = try TestLake()
        var table = try test.createPurchases(properties: [
            "commit.manifest.min-count-to-merge": "10"
        ])
        for number in 0..<100 {
            table = try table.adding([
                test.file("f\(number)", of: table, day: Int32(20_000 + number % 7))
            ])
            let snapshot = try #require(table.metadata.currentSnapshot)
            #expect(try table.manifests(of: snapshot).count <= 10)
        }
        let fresh = try test.another().table(purchases)
        let entries = try fresh.dataEntries()
        #expect(entries.count == 100)
        for entry in entries {
            let name = entry.file.path.split(separator: "/").last ?? ""
            let number = try #require(Int64(name.dropFirst().prefix { $0.isNumber }))
            #expect(entry.sequenceNumber == number + 1)
            #expect(entry.fileSequenceNumber == number + 1)
            #expect(entry.snapshotID == fresh.metadata.snapshots[Int(number)].id)
            #expect(entry.file.partition == [.date(Int32(20_000 + number % 7))])
        }
        let snapshot = try #require(fresh.metadata.currentSnapshot)
        let manifests = try fresh.manifests(of: snapshot)
        #expect(manifests.reduce(0) { $0 + $1.addedRowsCount + $1.existingRowsCount } == 1000)
        #expect(snapshot.summary["total-data-files"] == "100")
        // Old snapshots still show what they had.
        let early = fresh.metadata.snapshots[41]
        #expect(try fresh.dataFiles(snapshotID: early.id).count == 42)
    }

    @Test func `merging can be switched off`() throws {
        let test = try TestLake()
        var table = try test.createPurchases(properties: [
            "commit.manifest.min-count-to-merge": "3", "commit.manifest-merge.enabled": "false",
        ])
        for number in 0..<6 { table = try table.adding([test.file("f\(number)", of: table)]) }
        let snapshot = try #require(table.metadata.currentSnapshot)
        #expect(try table.manifests(of: snapshot).count == 6)
    }
}

struct PowerCutTests {
    @Test func `a crash at any step leaves the table as it was or with the whole commit`() throws {
        var outcomes: Set<Int> = []
        for step in 0..<60 {
            let test = try TestLake()
            let base = try test.createPurchases().adding([
                test.file("base", of: test.lake.table(purchases))
            ])
            let files = [try test.file("a", of: base), try test.file("b", of: base)]
            test.files.cutPower(afterOperations: step)
            let committed = try? base.adding(files, properties: ["mark": "1"])
            test.files.cutPower(afterOperations: nil)
            test.files.crash(seed: UInt64(step) &* 7919)

            let after = try test.another().table(purchases)
            let found = try after.fileNames()
            if after.metadata.properties["mark"] == "1" {
                #expect(found == ["a.parquet", "b.parquet", "base.parquet"])
                for file in try after.dataFiles() {
                    let local = try FileURI.path(ofURI: file.path)
                    #expect(try test.files.open(local, .read).size() == file.fileSize)
                }
            } else {
                #expect(committed == nil)
                #expect(found == ["base.parquet"])
            }
            outcomes.insert(found.count)
            // The table goes on.
            _ = try after.adding([test.file("next", of: after)])
        }
        #expect(outcomes == [1, 3])
    }

    @Test func `a crash while a table is made leaves no table or a whole one`() throws {
        var outcomes: Set<Bool> = []
        for step in 0..<20 {
            let test = try TestLake()
            test.files.cutPower(afterOperations: step)
            _ = try? test.createPurchases()
            test.files.cutPower(afterOperations: nil)
            test.files.crash(seed: UInt64(step))
            do {
                let table = try test.another().table(purchases)
                _ = try table.adding([test.file("a", of: table)])
                outcomes.insert(true)
            } catch TableError.catalog(.noSuchTable) {
                outcomes.insert(false)
                _ = try test.createPurchases()
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test func `a full disk is a clear error and leaves nothing but the data`() throws {
        let test = try TestLake()
        let base = try test.createPurchases()
        let file = try test.file("a", of: base)
        let metadata = "\(base.metadata.location)/metadata"
        var failures = 0
        for room in stride(from: 0, to: 20_000, by: 250) {
            test.files.limit(toBytes: test.files.bytesUsed + room)
            do {
                _ = try base.adding([file])
                break
            } catch CommitError.storage(let cause) {
                failures += 1
                #expect(cause.isRetriable)
                #expect("\(cause)".contains("free space"))
                // The manifest may stay for another try; list and metadata do not.
                let names = try test.names(metadata)
                #expect(names.filter { $0.hasSuffix(".metadata.json") }.count == 1)
                #expect(!names.contains { $0.hasPrefix("snap-") })
            }
        }
        #expect(failures > 3)
        test.files.limit(toBytes: nil)
        #expect(try test.another().table(purchases).fileNames() == ["a.parquet"])
    }
}
