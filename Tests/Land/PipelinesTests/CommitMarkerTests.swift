import Testing

@testable import Pipelines

private let marker = CommitMarker(
    pipeline: "game \"one\"",
    epoch: 2,
    sequence: 41,
    commitID: "id",
    clusterID: "cluster",
    topics: [
        "b": TopicProgress(topicID: "tb", partitions: [:]),
        "a": TopicProgress(
            topicID: "ta",
            partitions: [
                11: PartitionProgress(next: 5, landed: 1, filtered: 3, deadLettered: 1),
                2: PartitionProgress(next: Int64.max),
            ]
        ),
    ]
)

@Test func `a marker is read back as it was written`() throws {
    #expect(try CommitMarker(json: marker.json) == marker)
}

@Test func `ranges and epochs of a partition are read back`() throws {
    var rich = marker
    var progress = PartitionProgress(start: 5, next: 9, landed: 4)
    progress.cover(1..<3)
    progress.cover(20..<22)
    progress.epoch = 7
    rich.topics["a"]?.partitions[3] = progress
    #expect(rich.json.contains(#""start":5,"epoch":7,"others":[[1,3],[20,22]]"#))
    #expect(try CommitMarker(json: rich.json) == rich)
}

@Test func `equal markers have equal texts, whatever the order of a dictionary`() throws {
    #expect(marker.json.contains(#""2":{"next":9223372036854775807"#))
    let first = try #require(marker.json.range(of: "\"a\""))
    let second = try #require(marker.json.range(of: "\"b\""))
    #expect(first < second)
}

@Test(arguments: [
    "", "[]", #"{"version":2}"#, #"{"version":1,"topics":{}}"#,
    #"{"version":1,"pipeline":"p","epoch":-1,"sequence":1,"commit-id":"","topics":{}}"#,
])
func `what is not a marker is refused with a reason`(text: String) {
    #expect(throws: CommitMarkerError.self) { try CommitMarker(json: text) }
}

extension String {
    /// Where `part` begins.
    fileprivate func range(of part: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(part) }
    }
}
