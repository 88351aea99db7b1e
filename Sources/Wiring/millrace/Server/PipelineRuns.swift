import FileSource
import Gateway
import HTTPServer
import JSONText
import Pipelines
import Synchronization

/// Runs of pipelines that somebody asked for: what they land, how far they are, how they ended.
final class PipelineRuns: Sendable {
    /// What is asked for.
    struct Request {
        var table: String?
        /// Nil: everything that is there and not landed yet.
        var selection: LogSelection?
        /// Where it ends, if that was said.
        var to: OffsetBound?
    }

    /// One run: a job for each of the pipeline's tables.
    private struct Run {
        let id: Int
        let pipeline: String
        let parts: [(lane: ServerLane, job: LaneJob)]
    }

    private struct State {
        var runs: [Run] = []
        var next = 1
    }

    /// Runs that are remembered after their end.
    private static let keptMax = 200
    private let lanes: [ServerLane]
    private let state = Mutex(State())

    init(_ lanes: [ServerLane]) {
        self.lanes = lanes
    }

    /// Starts a run and describes it.
    func start(_ pipeline: String, _ request: Request) throws(HTTPProblem) -> JSONValue {
        let lanes = try lanes(of: pipeline, table: request.table)
        // A run lands the files that are complete when it is asked for, whether they were taken
        // already or not.
        lanes.first?.source.files?.complete()
        var parts: [(lane: ServerLane, job: LaneJob)] = []
        for lane in lanes { parts.append((lane, LaneJob(try work(request, of: lane)))) }
        for part in parts { part.lane.ask(part.job) }
        let run = state.withLock { state in
            let run = Run(id: state.next, pipeline: pipeline, parts: parts)
            state.next += 1
            state.runs.append(run)
            if state.runs.count > Self.keptMax { state.runs.removeFirst() }
            return run
        }
        return Self.describe(run)
    }

    /// What a run would read, by table and partition.
    func plan(_ pipeline: String, _ request: Request) throws(HTTPProblem) -> JSONValue {
        var entries: [JSONValue] = []
        let lanes = try lanes(of: pipeline, table: request.table)
        lanes.first?.source.files?.complete()
        for lane in lanes {
            let ranges = try ranges(request.selection ?? LogSelection(), of: lane)
            let committed = lane.status.committed
            for (partition, range) in ranges.sorted(by: { $0.key < $1.key }) {
                let known = committed?.progress(in: partition)
                let holes = (known?.covered ?? OffsetRanges()).holes(in: range)
                let wanted =
                    request.selection == nil
                    ? holes.filter { $0.lowerBound >= known?.next ?? 0 } : holes
                entries.append([
                    "table": .string(lane.definition.table), "topic": .string(partition.topic),
                    "partition": .integer(Int64(partition.index)),
                    "ranges": .array(
                        wanted.map { [.integer($0.lowerBound), .integer($0.upperBound)] }
                    ),
                    "offsets": .integer(wanted.reduce(0) { $0 + Int64($1.count) }),
                ])
            }
        }
        return ["pipeline": .string(pipeline), "plan": .array(entries)]
    }

    /// How a run is; nil when there is none of that number.
    func describe(_ id: Int) -> JSONValue? {
        state.withLock { state in state.runs.first { $0.id == id } }.map(Self.describe)
    }

    func lanes(
        of pipeline: String,
        table: String?
    ) throws(HTTPProblem) -> [ServerLane] {
        let found = lanes.filter { $0.definition.pipeline == pipeline }
        if found.isEmpty {
            let names = Set(lanes.map(\.definition.pipeline)).sorted().joined(separator: ", ")
            throw HTTPProblem(
                404,
                "There is no such pipeline",
                "\(pipeline) is not in the configuration; it has \(names.isEmpty ? "none" : names)."
            )
        }
        guard let table else { return found }
        let chosen = found.filter { $0.definition.table == table }
        if chosen.isEmpty {
            let names = found.map(\.definition.table).joined(separator: ", ")
            throw HTTPProblem(
                404,
                "The pipeline has no such table",
                "\(pipeline) fills \(names), not \(table)."
            )
        }
        return chosen
    }

    private func work(
        _ request: Request,
        of lane: ServerLane
    ) throws(HTTPProblem) -> LaneJob.Work {
        guard let selection = request.selection else { return .drain }
        return .backfill(try ranges(selection, of: lane))
    }

    func ranges(
        _ selection: LogSelection,
        of lane: ServerLane
    ) throws(HTTPProblem) -> [SourcePartition: Range<Int64>] {
        let ranges: [SourcePartition: Range<Int64>]
        do throws(LogSourceError) { ranges = try lane.ranges(of: selection) } catch {
            throw HTTPProblem(503, "The log cannot be read", error.description)
        }
        if ranges.isEmpty, selection.topic != nil || selection.partition != nil {
            throw HTTPProblem(
                404,
                "There is no such partition",
                "The pipeline \(lane.definition.pipeline) reads "
                    + lane.partitions.map { "\($0.topic)/\($0.index)" }.joined(separator: ", ")
                    + "."
            )
        }
        return ranges
    }

    private static func describe(_ run: Run) -> JSONValue {
        let parts = run.parts.map { describe($0.lane, $0.job) }
        let states = parts.map { $0["state"]?.stringValue ?? "" }
        let state =
            states.contains { $0 == "waiting" || $0 == "running" }
            ? "running" : states.contains("failed") ? "failed" : "done"
        return [
            "run": .integer(Int64(run.id)), "pipeline": .string(run.pipeline),
            "state": .string(state), "tables": .array(parts),
        ]
    }

    private static func describe(_ lane: ServerLane, _ job: LaneJob) -> JSONValue {
        let progress = job.progress
        var entry: JSONObject = [
            "table": .string(lane.definition.table), "total": .integer(progress.total),
            "done": .integer(progress.done),
        ]
        switch job.outcome {
        case .done(let summary):
            entry["state"] = "done"
            entry["landed"] = .integer(summary.landed)
            entry["filtered"] = .integer(summary.filtered)
            entry["dead_lettered"] = .integer(summary.deadLettered)
            entry["expired"] = .integer(summary.expired)
        case .failed(let reason):
            entry["state"] = "failed"
            entry["reason"] = .string(reason)
        case nil:
            entry["state"] = progress.hasBegun ? "running" : "waiting"
            entry["reason"] = lane.status.state.reason.map { .string($0) } ?? .null
        }
        return .object(entry)
    }
}

extension PipelineRuns.Request {
    /// Reads `{"table", "topic", "partition", "from", "to"}`, everything optional.
    init(_ body: JSONValue) throws(HTTPProblem) {
        table = try Self.text("table", body)
        let topic = try Self.text("topic", body)
        let from = try Self.bound("from", body)
        to = try Self.bound("to", body)
        var partition: Int32?
        if let value = body["partition"], value != .null {
            guard let number = value.integerValue, let index = Int32(exactly: number), index >= 0
            else { throw Self.wrong("partition", "a number from 0") }
            partition = index
        }
        if topic == nil && partition == nil && from == nil && to == nil { return }
        var selection = LogSelection()
        selection.topic = topic
        selection.partition = partition
        selection.from = from ?? .earliest
        selection.to = to ?? .latest
        self.selection = selection
    }

    private static func text(_ key: String, _ body: JSONValue) throws(HTTPProblem) -> String? {
        guard let value = body[key], value != .null else { return nil }
        guard let text = value.stringValue else { throw wrong(key, "a text") }
        return text
    }

    private static func bound(
        _ key: String,
        _ body: JSONValue
    ) throws(HTTPProblem) -> OffsetBound? {
        guard let value = body[key], value != .null else { return nil }
        let text = value.stringValue ?? value.integerValue.map(String.init) ?? ""
        guard let bound = OffsetBound(text) else {
            throw wrong(key, "an offset, a moment such as 2026-11-21T08:00:00Z, earliest or latest")
        }
        return bound
    }

    private static func wrong(_ key: String, _ right: String) -> HTTPProblem {
        HTTPProblem(400, "The request was not understood", "'\(key)' takes \(right).")
    }
}

extension PipelineRuns {
    /// `POST /v1/pipelines/{name}/run`, `…/plan`, `…/state`, `…/seek` and `…/reset`;
    /// `GET /v1/runs/{run}`.
    var actions: [GatewayAction] {
        [
            GatewayAction("POST", "/v1/pipelines/{name}/run") { (call) throws(HTTPProblem) in
                (202, try self.start(call.segments[2], Request(call.body)))
            },
            GatewayAction("POST", "/v1/pipelines/{name}/plan") { (call) throws(HTTPProblem) in
                (200, try self.plan(call.segments[2], Request(call.body)))
            },
            GatewayAction("POST", "/v1/pipelines/{name}/state") { (call) throws(HTTPProblem) in
                (200, try self.state(call.segments[2], Request(call.body)))
            },
            GatewayAction("POST", "/v1/pipelines/{name}/seek") { (call) throws(HTTPProblem) in
                let request = try Request(call.body)
                let move = Move(goesBackOnly: false, request, call.query)
                return (200, try self.move(call.segments[2], request, move))
            },
            GatewayAction("POST", "/v1/pipelines/{name}/reset") { (call) throws(HTTPProblem) in
                let request = try Request(call.body)
                let move = Move(goesBackOnly: true, request, call.query)
                return (200, try self.move(call.segments[2], request, move))
            },
            GatewayAction("GET", "/v1/runs/{run}") { (call) throws(HTTPProblem) in
                guard let run = Int(call.segments[2]).flatMap({ self.describe($0) }) else {
                    throw HTTPProblem(
                        404,
                        "There is no such run",
                        "\(call.segments[2]) is not among the last runs of this process."
                    )
                }
                return (200, run)
            },
        ]
    }
}
