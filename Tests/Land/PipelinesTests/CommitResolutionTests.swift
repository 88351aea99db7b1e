import Testing

@testable import Pipelines

private func marker(epoch: Int64, sequence: Int64, id: String) -> CommitMarker {
    CommitMarker(
        pipeline: "game",
        epoch: epoch,
        sequence: sequence,
        commitID: id,
        clusterID: "c",
        topics: [
            "events": TopicProgress(
                topicID: "t",
                partitions: [0: PartitionProgress(next: sequence * 10, landed: 7, filtered: 3)]
            )
        ]
    )
}

private let expected = marker(epoch: 3, sequence: 7, id: "before")
private let attempted = marker(epoch: 3, sequence: 8, id: "ours")

@Test func `our own marker in the table means the commit landed`() {
    let decision = CommitResolution.decide(
        expected: expected,
        attempted: attempted,
        found: attempted
    )
    #expect(decision == .landed)
}

@Test func `an unchanged marker means somebody else committed, so the commit is applied again`() {
    let decision = CommitResolution.decide(
        expected: expected,
        attempted: attempted,
        found: expected
    )
    #expect(decision == .rebase)
}

@Test func `a higher epoch fences the writer, even if it began from our last commit`() {
    let taken = marker(epoch: 4, sequence: 8, id: "theirs")
    let decision = CommitResolution.decide(expected: expected, attempted: attempted, found: taken)
    #expect(decision == .fenced(byEpoch: 4))
}

@Test func `a lost or foreign marker stops the writer instead of landing on`() {
    let lost = CommitResolution.decide(expected: expected, attempted: attempted, found: nil)
    let rewound = CommitResolution.decide(
        expected: expected,
        attempted: attempted,
        found: marker(epoch: 3, sequence: 5, id: "old")
    )
    for decision in [lost, rewound] {
        guard case .diverged = decision else {
            Issue.record("decided \(decision)")
            continue
        }
    }
}
