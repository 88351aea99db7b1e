import Testing

@testable import Pipelines

private let (zero, one) = (
    SourcePartition(topic: "events", index: 0), SourcePartition(topic: "events", index: 1)
)

private func marker(_ progress: [Int32: PartitionProgress]) -> CommitMarker {
    CommitMarker(
        pipeline: "p",
        epoch: 1,
        sequence: 1,
        commitID: "c",
        clusterID: "cluster",
        topics: ["events": TopicProgress(topicID: "id", partitions: progress)]
    )
}

@Test func `a pipeline stands where the table is that is furthest behind`() {
    let fast = marker([
        0: PartitionProgress(next: 10, landed: 6, filtered: 3, deadLettered: 1),
        1: PartitionProgress(next: 4, landed: 4),
    ])
    var slow = PartitionProgress(next: 7, landed: 5)
    slow.discards.add(6, .one, reason: "syntax")
    let standings = Standing.all([(fast, .all), (marker([0: slow]), .all)])
    #expect(standings[zero] == Standing(lastOffset: 6, records: 6))
    // The other table has committed nothing of it.
    #expect(standings[one] == Standing(lastOffset: -1, records: 0))
}

@Test func `nothing is said of partitions that others land, or before every table has begun`() {
    let progress = marker([0: PartitionProgress(next: 3), 1: PartitionProgress(next: 5)])
    #expect(Standing.all([(progress, .partitions([one]))]).keys.map(\.index) == [1])
    #expect(Standing.all([(progress, nil)]).isEmpty)
    #expect(Standing.all([(progress, .all), (nil, .all)]).isEmpty)
    #expect(Standing.all([(progress, .all), (progress, .partitions([zero]))]).count == 1)
}
