import JSONText

/// Why a stored marker could not be read.
public struct CommitMarkerError: Error, Equatable, Sendable {
    /// What is wrong with it.
    public let reason: String
}

// The form in which a marker stands in a table's properties and snapshot summaries:
//
//     {"version": 1, "pipeline": "game", "epoch": 3, "sequence": 17,
//      "commit-id": "…", "cluster-id": "…",
//      "topics": {"events": {"id": "…", "partitions": {"0": {"next": 1713, "landed": 1201, …}}}}}
//
// A partition also has "start" where landing did not begin at 0, "others": [[from, to], …] where
// something else is accounted for, "mended": [[offset, rows, sum of their indices], …] for mended
// dead letters, "epoch" where a writer has taken it over, and "discarded" where records were left
// out: {"reasons": {"syntax": 2}, "stretches": [[from, records, offset sum, rows, row sum], …]}.
// The sums stand as signed 64-bit numbers.
extension CommitMarker {
    /// The marker as one line of JSON; partitions and topics are in order, so equal markers give
    /// equal texts.
    public var json: String {
        var topicObjects = JSONObject()
        for (name, topic) in topics.sorted(by: { $0.key < $1.key }) {
            var partitions = JSONObject()
            for (index, progress) in topic.partitions.sorted(by: { $0.key < $1.key }) {
                partitions[String(index)] = .object(Self.object(progress))
            }
            topicObjects[name] = ["id": .string(topic.topicID), "partitions": .object(partitions)]
        }
        let object: JSONValue = [
            "version": 1, "pipeline": .string(pipeline), "epoch": .integer(epoch),
            "sequence": .integer(sequence), "commit-id": .string(commitID),
            "cluster-id": .string(clusterID), "topics": .object(topicObjects),
        ]
        return object.text()
    }

    private static func object(_ progress: PartitionProgress) -> JSONObject {
        var object = JSONObject()
        object["next"] = .integer(progress.next)
        object["landed"] = .integer(progress.landed)
        object["filtered"] = .integer(progress.filtered)
        object["dead-lettered"] = .integer(progress.deadLettered)
        if progress.start != 0 { object["start"] = .integer(progress.start) }
        if progress.epoch != 0 { object["epoch"] = .integer(progress.epoch) }
        if !progress.discards.isEmpty { object["discarded"] = progress.discards.json }
        if !progress.others.isEmpty { object["others"] = array(of: progress.others) }
        if !progress.mended.isEmpty {
            object["mended"] = .array(
                progress.mended.sorted { $0.key < $1.key }.map { offset, rows in
                    [
                        .integer(offset), .integer(rows.count),
                        .integer(Int64(bitPattern: rows.indexSum)),
                    ]
                }
            )
        }
        return object
    }

    private static func array(of ranges: OffsetRanges) -> JSONValue {
        .array(ranges.ranges.map { [.integer($0.lowerBound), .integer($0.upperBound)] })
    }

    private static func ranges(
        _ key: String,
        in value: JSONValue
    ) throws(CommitMarkerError) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        for range in value[key]?.arrayValue ?? [] {
            guard let bounds = range.arrayValue, bounds.count == 2,
                let from = bounds[0].integerValue, let to = bounds[1].integerValue, from < to
            else { throw CommitMarkerError(reason: "the marker's '\(key)' are not ranges") }
            ranges.append(from..<to)
        }
        return ranges
    }

    private static func progress(_ value: JSONValue) throws(CommitMarkerError) -> PartitionProgress
    {
        var progress = PartitionProgress(
            start: value["start"] == nil ? nil : try integer("start", in: value),
            next: try integer("next", in: value),
            landed: try integer("landed", in: value),
            filtered: try integer("filtered", in: value),
            deadLettered: try integer("dead-lettered", in: value)
        )
        if let discarded = value["discarded"] {
            guard let discards = Discards(json: discarded) else {
                throw CommitMarkerError(reason: "the marker's 'discarded' cannot be read")
            }
            progress.discards = discards
        }
        if value["epoch"] != nil { progress.epoch = try integer("epoch", in: value) }
        guard progress.start <= progress.next else {
            throw CommitMarkerError(reason: "the marker's 'start' lies beyond its 'next'")
        }
        for range in try ranges("others", in: value) { progress.cover(range) }
        for entry in value["mended"]?.arrayValue ?? [] {
            let numbers = (entry.arrayValue ?? []).compactMap(\.integerValue)
            guard numbers.count == 3, numbers[0] >= 0, numbers[1] >= 0 else {
                throw CommitMarkerError(reason: "the marker's 'mended' are not letters")
            }
            progress.mended[numbers[0]] = SelectedRows(
                count: numbers[1],
                indexSum: UInt64(bitPattern: numbers[2])
            )
        }
        return progress
    }

    /// Reads what `json` wrote.
    public init(json text: String) throws(CommitMarkerError) {
        let root: JSONValue
        do { root = try JSONValue.parse(text) } catch {
            throw CommitMarkerError(reason: "the marker is not JSON: \(error)")
        }
        guard root["version"]?.integerValue == 1 else {
            throw CommitMarkerError(reason: "the marker has a version this program does not know")
        }
        var topics: [String: TopicProgress] = [:]
        for topic in try Self.members(of: root["topics"], called: "topics") {
            var partitions: [Int32: PartitionProgress] = [:]
            let members = try Self.members(of: topic.value["partitions"], called: "partitions")
            for partition in members {
                guard let index = Int32(partition.key) else {
                    throw CommitMarkerError(reason: "'\(partition.key)' is not a partition number")
                }
                partitions[index] = try Self.progress(partition.value)
            }
            topics[topic.key] = TopicProgress(
                topicID: try Self.text("id", in: topic.value),
                partitions: partitions
            )
        }
        self.init(
            pipeline: try Self.text("pipeline", in: root),
            epoch: try Self.integer("epoch", in: root),
            sequence: try Self.integer("sequence", in: root),
            commitID: try Self.text("commit-id", in: root),
            clusterID: try Self.text("cluster-id", in: root),
            topics: topics
        )
    }

    private static func members(
        of value: JSONValue?,
        called name: String
    ) throws(CommitMarkerError) -> [JSONObject.Member] {
        guard let object = value?.objectValue else {
            throw CommitMarkerError(reason: "the marker has no object '\(name)'")
        }
        return object.members
    }

    private static func integer(
        _ key: String,
        in value: JSONValue
    ) throws(CommitMarkerError) -> Int64 {
        guard let number = value[key]?.integerValue, number >= 0 else {
            throw CommitMarkerError(reason: "the marker has no number '\(key)'")
        }
        return number
    }

    private static func text(
        _ key: String,
        in value: JSONValue
    ) throws(CommitMarkerError) -> String {
        guard let text = value[key]?.stringValue else {
            throw CommitMarkerError(reason: "the marker has no text '\(key)'")
        }
        return text
    }
}
