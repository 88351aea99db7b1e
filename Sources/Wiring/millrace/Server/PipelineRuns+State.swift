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

    /// Goes on at the end of the request's selection, or only says what that would leave out.
    func seek(
        _ pipeline: String,
        _ request: Request,
        isDry: Bool
    ) throws(HTTPProblem) -> JSONValue {
        var entries: [JSONValue] = []
        var moves: [(lane: ServerLane, work: LaneJob.Work)] = []
        for lane in try lanes(of: pipeline, table: request.table) {
            var targets: [SourcePartition: Int64] = [:]
            let ranges = try ranges(request.selection ?? LogSelection(), of: lane)
            for (partition, range) in ranges.sorted(by: { $0.key < $1.key }) {
                let progress = lane.status.committed?.progress(in: partition)
                let next = progress?.next ?? range.lowerBound
                if range.upperBound < next {
                    throw HTTPProblem(
                        409,
                        "A pipeline does not go back",
                        "The table \(lane.definition.table) accounts for \(partition.topic)/"
                            + "\(partition.index) up to \(next) already; landing from "
                            + "\(range.upperBound) on would double rows."
                    )
                }
                targets[partition] = range.upperBound
                let leftOut = (progress?.covered ?? OffsetRanges())
                    .holes(in: next..<range.upperBound).reduce(0) { $0 + Int64($1.count) }
                entries.append([
                    "table": .string(lane.definition.table), "topic": .string(partition.topic),
                    "partition": .integer(Int64(partition.index)), "next": .integer(next),
                    "target": .integer(range.upperBound), "left_out": .integer(leftOut),
                ])
            }
            moves.append((lane, .skip(targets)))
        }
        // Only when none of the tables has something against it.
        if !isDry { for move in moves { try perform(move.work, by: move.lane) } }
        return [
            "pipeline": .string(pipeline), "changed": .bool(!isDry), "partitions": .array(entries),
        ]
    }

    private func perform(
        _ work: LaneJob.Work,
        by lane: ServerLane
    ) throws(HTTPProblem) {
        let job = LaneJob(work)
        lane.ask(job)
        switch job.wait(timeout: .seconds(60)) {
        case .done: return
        case .failed(let reason): throw HTTPProblem(503, "The pipeline cannot do it", reason)
        case nil:
            throw HTTPProblem(
                504,
                "The pipeline has not answered yet",
                "The table \(lane.definition.table) will be moved when the pipeline comes to it; "
                    + "look with 'millrace pipelines state show'.",
                retryAfterSeconds: 10
            )
        }
    }
}
