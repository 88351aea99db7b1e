import FileSource
import HTTPServer
import JSONText
import Pipelines

extension PipelineRuns {
    /// Where a pipeline stands in each partition.
    func state(_ pipeline: String, _ request: Request) throws(HTTPProblem) -> JSONValue {
        var entries: [JSONValue] = []
        for lane in try lanes(of: pipeline, table: request.table) {
            let ranges = try ranges(request.selection ?? LogSelection(), of: lane)
            for (partition, range) in ranges.sorted(by: { $0.key < $1.key }) {
                let progress = lane.status.committed?.progress(in: partition)
                let next = progress?.next ?? range.lowerBound
                entries.append([
                    "table": .string(lane.definition.table), "topic": .string(partition.topic),
                    "partition": .integer(Int64(partition.index)), "next": .integer(next),
                    "start": .integer(progress?.start ?? range.lowerBound),
                    "end": .integer(range.upperBound),
                    "lag": .integer(max(0, range.upperBound - next)),
                    "covered": .array(
                        (progress?.covered.ranges ?? []).map {
                            [.integer($0.lowerBound), .integer($0.upperBound)]
                        }
                    ),
                    "landed": .integer(progress?.landed ?? 0),
                    "filtered": .integer(progress?.filtered ?? 0),
                    "dead_lettered": .integer(progress?.deadLettered ?? 0),
                    "epoch": .integer(progress?.epoch ?? 0),
                ])
            }
        }
        let files = try lanes(of: pipeline, table: request.table).first?.source.files
        return [
            "pipeline": .string(pipeline), "partitions": .array(entries),
            "files": files.map(\.report.json) ?? .null,
        ]
    }
}
