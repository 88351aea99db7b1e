import Catalogs
import IcebergModel
import Tables
import Testing

extension Table {
    fileprivate func manifests() throws -> [ManifestFile] {
        try metadata.currentSnapshot.map { try manifests(of: $0) } ?? []
    }

    fileprivate func entries() throws -> [String: ManifestEntry] {
        var found: [String: ManifestEntry] = [:]
        for manifest in try manifests() {
            for entry in try liveEntries(of: manifest) {
                #expect(found.updateValue(entry, forKey: entry.file.path) == nil)
            }
        }
        return found
    }
}

extension TestLake {
    /// A table with a file in each of `count` commits, in days that take turns.
    fileprivate func fed(_ count: Int) throws -> Table {
        var table = try createPurchases()
        for number in 0..<count {
            let file = try file("f\(number)", of: table, day: Int32(20_000 + number % 3))
            table = try table.adding([file])
        }
        return table
    }
}

@Suite struct ManifestTests {
    @Test func `manifests are merged, and the files keep their places in history`() throws {
        let lake = try TestLake()
        let table = try lake.fed(9)
        let before = try table.entries()
        let prepared = try table.prepare(merging: [try table.manifests()])
        let merged = try table.commit(prepared)
        let manifests = try merged.manifests()
        #expect(manifests.count == 1)
        #expect(manifests[0].existingFilesCount == 9)
        #expect(manifests[0].addedFilesCount == 0)
        #expect(manifests[0].sequenceNumber == merged.metadata.lastSequenceNumber)
        #expect(manifests[0].minSequenceNumber == 1)
        let after = try merged.entries()
        #expect(after.keys == before.keys)
        for (path, entry) in after {
            #expect(entry.status == .existing)
            #expect(entry.sequenceNumber == before[path]?.sequenceNumber)
            #expect(entry.fileSequenceNumber == before[path]?.fileSequenceNumber)
            #expect(entry.snapshotID == before[path]?.snapshotID)
        }
        // Those of a day stand together.
        let days = try merged.liveEntries(of: manifests[0]).map { $0.file.partition[0] }
        let each = (20_000..<20_003).map { IcebergValue.date($0) }
        #expect(days == each.flatMap { [$0, $0, $0] })
        let summary = try #require(merged.metadata.currentSnapshot?.summary)
        #expect(summary["operation"] == "replace")
        #expect(summary["manifests-replaced"] == "9")
        #expect(summary["total-data-files"] == "9")
        // Another process reads the same.
        #expect(try lake.another().table(purchases).fileNames() == table.fileNames())
    }

    @Test func `a commit that came in between stays`() throws {
        let lake = try TestLake()
        let table = try lake.fed(6)
        let prepared = try table.prepare(merging: [try table.manifests()])
        let other = try table.adding([try lake.file("late", of: table)])
        let merged = try other.commit(prepared.expecting(other))
        #expect(try merged.fileNames().count == 7)
        #expect(try merged.manifests().count == 2)
        #expect(
            try merged.manifests().map(\.sequenceNumber).max() == merged.metadata.lastSequenceNumber
        )
    }

    @Test func `a file that was taken out in between does not come back`() throws {
        let lake = try TestLake()
        let table = try lake.fed(6)
        let prepared = try table.prepare(merging: [try table.manifests()])
        let file = try #require(try table.dataFiles().first)
        let other = try table.apply(
            TableCommit(
                files: [],
                removedFiles: [file.path],
                expectedBase: table.metadata.currentSnapshotID
            )
        )
        let error = #expect(throws: CommitError.self) {
            _ = try other.commit(prepared.expecting(other))
        }
        guard case .filesGone = error else { throw try #require(error) }
        lake.lake.discard(prepared)
        #expect(try lake.lake.table(purchases).fileNames().count == 5)
        let names = try lake.names("\(table.metadata.location)/metadata")
        #expect(names.contains { $0.contains("-g0") } == false)
    }

    @Test func `what is taken out of many manifests is said in one`() throws {
        let lake = try TestLake()
        let table = try lake.fed(12)
        let gone = try table.dataFiles().prefix(8).map(\.path)
        let before = try lake.names("\(table.metadata.location)/metadata").count
        let changed = try table.apply(
            TableCommit(
                files: [],
                removedFiles: gone,
                expectedBase: table.metadata.currentSnapshotID
            )
        )
        #expect(try changed.fileNames().count == 4)
        let manifests = try changed.manifests()
        #expect(manifests.count == 5)
        #expect(manifests.map(\.deletedFilesCount).sorted() == [0, 0, 0, 0, 8])
        // One manifest, the list, and the metadata.
        #expect(try lake.names("\(table.metadata.location)/metadata").count == before + 3)
        let last = try changed.adding([try lake.file("last", of: table)])
        #expect(try last.manifests().count == 5)
    }

    @Test func `metadata files are kept as many as the table says`() throws {
        let lake = try TestLake()
        var table = try lake.createPurchases(properties: [TableProperty.previousVersionsMax: "5"])
        for number in 0..<20 {
            table = try table.adding([try lake.file("f\(number)", of: table)])
        }
        let names = try lake.names("\(table.metadata.location)/metadata")
        #expect(names.filter { $0.hasSuffix(".metadata.json") }.count == 6)
        #expect(table.metadata.metadataLog.count == 5)
    }
}
