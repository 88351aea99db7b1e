import IcebergModel
import Maintenance
import Tables
import Testing

private func file(
    _ number: Int,
    bytes: Int64,
    day: Int32 = 1,
    specID: Int = 0
) -> LiveFile {
    let file = DataFile(
        path: "file:///t/data/\(number).parquet",
        partition: [.date(day)],
        recordCount: bytes,
        fileSize: bytes
    )
    return LiveFile(file: file, specID: specID, sequenceNumber: Int64(number))
}

private func rules(_ filesMin: Int = 2, isTiered: Bool = false) -> CompactionPlan.Rules {
    CompactionPlan.Rules(targetBytes: 64 << 20, filesMin: filesMin, isTiered: isTiered)
}

@Suite struct CompactionPlanTests {
    @Test func `small files of one partition become one, in the order of their commits`() {
        let files = [3, 1, 2].map { file($0, bytes: 1000) }
        let plan = CompactionPlan(files, rules())
        #expect(plan.groups.map { $0.files.map(\.sequenceNumber) } == [[1, 2, 3]])
        #expect(plan.bytes == 3000)
    }

    @Test func `partitions and partition specs stay apart`() {
        let files = [
            file(1, bytes: 10), file(2, bytes: 10, day: 2), file(3, bytes: 10, specID: 1),
        ]
        #expect(CompactionPlan(files, rules()).isEmpty)
    }

    @Test func `large files stay as they are`() {
        let files = [file(1, bytes: 60 << 20), file(2, bytes: 1), file(3, bytes: 1)]
        let plan = CompactionPlan(files, rules())
        #expect(plan.groups.map { $0.files.map(\.sequenceNumber) } == [[2, 3]])
    }

    @Test func `no group is larger than a file should be`() {
        let files = (0..<20).map { file($0, bytes: 10 << 20) }
        let plan = CompactionPlan(files, rules())
        #expect(plan.groups.map(\.files.count) == [6, 6, 6, 2])
        #expect(plan.groups.allSatisfy { $0.bytes <= 64 << 20 })
    }

    @Test func `few files are not worth it, unless they fill one`() {
        #expect(CompactionPlan((0..<15).map { file($0, bytes: 1000) }, rules(16)).isEmpty)
        #expect(!CompactionPlan((0..<16).map { file($0, bytes: 1000) }, rules(16)).isEmpty)
        #expect(!CompactionPlan((0..<2).map { file($0, bytes: 30 << 20) }, rules(16)).isEmpty)
    }

    @Test func `deletes, other formats and encrypted files are left alone`() {
        var files = (0..<6).map { file($0, bytes: 10) }
        func changed(_ index: Int, _ change: (inout DataFile) -> Void) {
            var copy = files[index].file
            change(&copy)
            files[index] = LiveFile(file: copy, specID: 0, sequenceNumber: Int64(index))
        }
        changed(0) { $0.content = .positionDeletes }
        changed(1) { $0.format = "ORC" }
        changed(2) { $0.keyMetadata = [1] }
        let plan = CompactionPlan(files, rules())
        #expect(plan.groups.map { $0.files.map(\.sequenceNumber) } == [[3, 4, 5]])
    }

    @Test func `a table fed for a day copies each row a few times and has few files`() {
        // 86,400 commits of 100 kB, and a look at the table after every hundred of them.
        var files: [LiveFile] = []
        var copied: Int64 = 0
        var most = 0
        let rules = CompactionPlan.Rules(targetBytes: 256 << 20)
        for second in 0..<86_400 {
            files.append(file(second, bytes: 100_000))
            if second % 100 > 0 { continue }
            while case let plan = CompactionPlan(files, rules), let group = plan.groups.first {
                let gone = Set(group.files.map(\.file.path))
                files.removeAll { gone.contains($0.file.path) }
                files.append(file(1_000_000 + second, bytes: group.bytes))
                copied += group.bytes
            }
            most = max(most, files.count)
        }
        #expect(copied <= 5 * 86_400 * 100_000)
        #expect(most < 250)
    }
}
