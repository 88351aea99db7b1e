import Clocks
import EventLog
import Files
import JSONText

extension EventLog<LocalFiles> {
    /// `GET /v1/topics`
    var report: JSONValue {
        let entries: [JSONValue] = topics.map { topic in
            let partitions: [JSONValue] = topic.partitions.map { partition in
                let range = partition.range
                return [
                    "partition": .integer(Int64(partition.index)),
                    "start": .integer(range.lowerBound), "end": .integer(range.upperBound),
                ]
            }
            return [
                "name": .string(topic.name), "id": .string(topic.id.description),
                "partitions": .array(partitions),
            ]
        }
        return ["topics": .array(entries)]
    }
}
