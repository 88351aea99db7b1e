import Bytes
import IcebergModel
import Maintenance
import Stores
import Tables
import Testing

/// A table that is committed to every second, as the planners see it: what each of them decides is
/// done to lists of files, manifests and snapshots, with sizes as they are measured.
private struct FedTable {
    static let fileBytes: Int64 = 100_000
    /// Of a manifest: the schema that each repeats, and what each entry adds.
    static let headBytes: Int64 = 6000
    static let entryBytes: Int64 = 400

    struct Manifest {
        var file: ManifestFile
        var paths: Set<String>
    }

    var files: [LiveFile] = []
    var manifests: [Manifest] = []
    var metadata: TableMetadata
    var second: Int64 = 0
    private var number: Int64 = 0
    private var waiting: [TableUpdate] = []
    private var lastID: Int64?
    private let start: Int64

    /// About what a pipeline's mark and the counts take.
    static let mark = String(repeating: "0", count: 800)

    /// Entries of manifests that were written again.
    var entriesCopied = 0

    static let rules = CompactionPlan.Rules(targetBytes: 256 << 20)
    static let manifestRules = ManifestPlan.Rules(targetBytes: 8 << 20)

    init(_ metadata: TableMetadata) {
        self.metadata = metadata
        start = metadata.lastUpdatedMilliseconds
    }

    /// The day begins at noon, so that two partitions are written.
    private func day() -> Int32 { Int32((second + 43_200) / 86_400) }

    private mutating func manifest(_ paths: Set<String>, day: Int32) -> Manifest {
        number += 1
        var file = ManifestFile(
            path: "m\(number)",
            length: Self.headBytes + Self.entryBytes * Int64(paths.count),
            partitionSpecID: 0,
            content: .data,
            sequenceNumber: number,
            minSequenceNumber: number,
            addedSnapshotID: number
        )
        file.existingFilesCount = paths.count
        let bound = IcebergValue.date(day).singleValueBytes
        file.partitions = [
            ManifestFile.FieldSummary(
                containsNull: false,
                containsNaN: false,
                lowerBound: bound,
                upperBound: bound
            )
        ]
        return Manifest(file: file, paths: paths)
    }

    private mutating func add(bytes: Int64, day: Int32) {
        number += 1
        let file = DataFile(
            path: "f\(number)",
            partition: [.date(day)],
            recordCount: bytes,
            fileSize: bytes
        )
        files.append(LiveFile(file: file, specID: 0, sequenceNumber: number))
        manifests.append(manifest([file.path], day: day))
    }

    private mutating func snapshot() {
        let next = (lastID ?? 0) + 1
        waiting.append(
            .addSnapshot(
                Snapshot(
                    id: next,
                    parentID: lastID,
                    sequenceNumber: next,
                    timestampMilliseconds: start + second * 1000,
                    manifestList: "file:///t/metadata/snap-\(next).avro",
                    summary: ["operation": "append", "millrace.sink.events": Self.mark],
                    schemaID: 0
                )
            )
        )
        lastID = next
    }

    /// One commit.
    mutating func commit() {
        second += 1
        add(bytes: Self.fileBytes, day: day())
        snapshot()
    }

    /// What the server does each minute.
    mutating func tend() throws {
        while case let plan = CompactionPlan(files, Self.rules), let group = plan.groups.first {
            let gone = Set(group.files.map(\.file.path))
            files.removeAll { gone.contains($0.file.path) }
            // Those that had some are written again as one.
            let had = manifests.filter { !$0.paths.isDisjoint(with: gone) }
            manifests.removeAll { !$0.paths.isDisjoint(with: gone) }
            let rest = had.reduce(into: Set<String>()) { $0.formUnion($1.paths) }.subtracting(gone)
            entriesCopied += rest.count
            if !rest.isEmpty { manifests.append(manifest(rest, day: day())) }
            guard case .date(let day)?? = group.files[0].file.partition.first else { return }
            add(bytes: group.bytes, day: day)
            snapshot()
        }
        let plan = ManifestPlan(manifests.map(\.file), Self.manifestRules)
        for group in plan.groups {
            let gone = Set(group.map(\.path))
            let paths = manifests.filter { gone.contains($0.file.path) }
                .reduce(into: Set<String>()) { $0.formUnion($1.paths) }
            manifests.removeAll { gone.contains($0.file.path) }
            manifests.append(manifest(paths, day: day()))
            entriesCopied += paths.count
        }
        if !plan.isEmpty { snapshot() }
        try expire()
    }

    private mutating func expire() throws {
        guard let lastID else { return }
        let main = SnapshotReference(snapshotID: lastID, kind: .branch)
        let now = start + second * 1000
        metadata = try .applying(
            waiting + [.setReference(SnapshotReference.main, main)],
            requiring: [],
            to: metadata,
            atMilliseconds: now
        )
        waiting = []
        let choice = SnapshotRetention().choice(from: metadata, at: now)
        guard choice.snapshotIDs.count >= 50 else { return }
        metadata = try .applying(
            [.removeSnapshots(choice.snapshotIDs)],
            requiring: [],
            to: metadata,
            atMilliseconds: now
        )
    }
}

@Suite struct DayOfCommitsTests {
    @Test func `a table that is committed to every second for a day stays small in number`() throws
    {
        let lake = try SmallFiles()
        var table = FedTable(lake.table.metadata)
        var (files, manifests, snapshots, bytes) = (0, 0, 0, 0)
        for _ in 0..<86_400 {
            table.commit()
            if table.second % 60 > 0 { continue }
            files = max(files, table.files.count)
            manifests = max(manifests, table.manifests.count)
            try table.tend()
            snapshots = max(snapshots, table.metadata.snapshots.count)
            if table.second % 3600 > 0 { continue }
            var text = ByteBuffer()
            table.metadata.write(to: &text)
            bytes = max(bytes, text.count)
        }
        // What a query opens, and what planning it opens.
        #expect(files < 200)
        // Fewer than the hundred at which commits would merge them.
        #expect(manifests < 90)
        // Ten minutes, or a hundred, one an hour, and what waits for the next expiry.
        #expect(snapshots < 700)
        #expect(bytes < 1 << 20)
        // All rows are there.
        #expect(table.files.reduce(0) { $0 + $1.file.fileSize } == 86_400 * FedTable.fileBytes)
        let named = table.manifests.reduce(into: Set<String>()) { $0.formUnion($1.paths) }
        #expect(named == Set(table.files.map(\.file.path)))
        // An entry is seldom written again: files are merged before their manifests are.
        #expect(table.entriesCopied < 86_400)
    }
}
