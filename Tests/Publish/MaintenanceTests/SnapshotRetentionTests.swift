import IcebergModel
import Maintenance
import Testing

private let second: Int64 = 1000
private let hour = 3600 * second
private let day = 24 * hour
private let now = 1000 * day

/// Metadata with one snapshot for each age, oldest first.
private func metadata(
    ages: [Int64],
    properties: [String: String] = [:]
) throws -> TableMetadata {
    var metadata = try TableMetadata.new(
        uuid: "8e0b6c39-6f3b-4f7e-9a5b-5b6d1e0c7a11",
        location: "file:///t",
        schema: Schema(fields: [.optional(1, "a", .long)]),
        properties: properties,
        timestampMilliseconds: 0
    )
    for (index, age) in ages.enumerated() {
        metadata = try metadata.appending(
            Snapshot(
                id: Int64(index + 1),
                parentID: metadata.currentSnapshotID,
                sequenceNumber: Int64(index + 1),
                timestampMilliseconds: now - age,
                manifestList: "file:///t/metadata/\(index).avro",
                summary: ["operation": "append"],
                schemaID: 0
            )
        )
    }
    return metadata
}

private func gone(_ metadata: TableMetadata) -> [Int64] {
    SnapshotRetention().choice(from: metadata, at: now).snapshotIDs
}

@Suite struct SnapshotRetentionTests {
    @Test func `the last hundred stay whatever their age`() throws {
        let ages = (0..<100).reversed().map { 30 * day + Int64($0) }
        #expect(try gone(metadata(ages: ages)) == [])
        #expect(try gone(metadata(ages: [40 * day] + ages)) == [1])
    }

    @Test func `older ones are thinned to one an hour`() throws {
        // A commit every two seconds for a quarter of an hour, before that one a minute for a day.
        let dense = (0..<450).map { Int64($0) * 2 * second }
        let sparse = (16..<1440).map { Int64($0) * 60 * second }
        let metadata = try metadata(ages: (dense + sparse).reversed())
        let gone = Set(gone(metadata))
        let kept = metadata.snapshots.filter { !gone.contains($0.id) }
        #expect(kept.count(where: { now - $0.timestampMilliseconds <= 600 * second }) == 301)
        let old = kept.filter { now - $0.timestampMilliseconds > 600 * second }
        #expect((23...24).contains(old.count))
        #expect(Set(old.map { $0.timestampMilliseconds / hour }).count == old.count)
    }

    @Test func `what was thinned before is not thinned to nothing`() throws {
        // Gaps cut the chain of parents: what lies beyond them stays until it is old.
        var metadata = try metadata(ages: [6 * day, 4 * day, 2 * hour] + (0..<100).reversed())
        metadata = try TableMetadata.applying(
            [.removeSnapshots([3])],
            requiring: [],
            to: metadata,
            atMilliseconds: now
        )
        #expect(gone(metadata) == [1])
    }

    @Test func `Iceberg's own properties are obeyed`() throws {
        let ages = [5, 4, 3, 2, 1].map { $0 * hour }
        let byAge = ["history.expire.max-snapshot-age-ms": String(2 * hour + 1)]
        #expect(try gone(metadata(ages: ages, properties: byAge)) == [1, 2, 3])
        let byBoth = byAge.merging(["history.expire.min-snapshots-to-keep": "4"]) { $1 }
        #expect(try gone(metadata(ages: ages, properties: byBoth)) == [1])
    }
}
