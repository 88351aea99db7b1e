import IcebergModel
import Maintenance
import Testing

private func manifest(
    _ number: Int,
    bytes: Int64 = 8000,
    day: Int32 = 1,
    specID: Int = 0,
    content: ManifestContent = .data
) -> ManifestFile {
    var file = ManifestFile(
        path: "file:///t/metadata/\(number).avro",
        length: bytes,
        partitionSpecID: specID,
        content: content,
        sequenceNumber: Int64(number),
        minSequenceNumber: Int64(number),
        addedSnapshotID: Int64(number)
    )
    file.addedFilesCount = 1
    let bound = IcebergValue.date(day).singleValueBytes
    file.partitions = [
        ManifestFile.FieldSummary(
            containsNull: false,
            containsNaN: false,
            lowerBound: bound,
            upperBound: bound
        )
    ]
    return file
}

private func plan(
    _ manifests: [ManifestFile],
    target: Int64 = 8 << 20,
    min: Int = 2,
    isTiered: Bool = false
) -> [[Int64]] {
    let rules = ManifestPlan.Rules(targetBytes: target, manifestsMin: min, isTiered: isTiered)
    return ManifestPlan(manifests, rules).groups.map { $0.map(\.sequenceNumber) }
}

@Suite struct ManifestPlanTests {
    @Test func `small manifests become one, those of a day beside each other`() {
        let manifests = [manifest(1, day: 3), manifest(2, day: 1), manifest(3, day: 3)]
        #expect(plan(manifests) == [[2, 1, 3]])
    }

    @Test func `specs and contents stay apart`() {
        let manifests = [
            manifest(1), manifest(2), manifest(3, specID: 1), manifest(4, specID: 1),
            manifest(5, content: .deletes), manifest(6, content: .deletes),
        ]
        #expect(plan(manifests) == [[1, 2], [3, 4], [5, 6]])
    }

    @Test func `large ones stay, and none becomes larger than it should`() {
        let manifests = [
            manifest(1, bytes: 7 << 20), manifest(2, bytes: 5 << 20), manifest(3, bytes: 5 << 20),
            manifest(4, bytes: 1 << 20), manifest(5),
        ]
        #expect(plan(manifests) == [[3, 4, 5]])
    }

    @Test func `those that name nothing any more are left to the next commit`() {
        var empty = manifest(2)
        empty.addedFilesCount = 0
        empty.deletedFilesCount = 5
        #expect(plan([manifest(1), empty, manifest(3)]) == [[1, 3]])
    }

    @Test func `a server merges those of like size, once there are enough`() {
        let manifests = (1...15).map { manifest($0) } + [manifest(16, bytes: 1 << 20)]
        #expect(plan(manifests, min: 16, isTiered: true) == [])
        #expect(plan(manifests + [manifest(17)], min: 16, isTiered: true).map(\.count) == [16])
    }

    @Test func `groups are of days that lie near each other`() {
        let manifests = (0..<40).map { manifest($0, bytes: 1 << 20, day: Int32($0 % 5)) }
        let rules = ManifestPlan.Rules(targetBytes: 8 << 20, manifestsMin: 2, isTiered: false)
        let groups = ManifestPlan(manifests, rules).groups
        #expect(groups.count == 5)
        for group in groups {
            #expect(Set(group.map { $0.partitions?[0].lowerBound }).count == 1)
        }
    }
}
