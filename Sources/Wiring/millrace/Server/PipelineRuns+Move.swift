import HTTPServer
import JSONText
import Pipelines

extension PipelineRuns {
    /// How a checkpoint is to be moved.
    struct Move {
        /// Where landing goes on, in every partition.
        var to: OffsetBound
        /// True for `reset`: partitions that stand before that place stay where they are.
        var goesBackOnly: Bool
        /// True to say what would change, and to change nothing.
        var isDry = false
        /// True when rows may be taken out.
        var isConfirmed = false
    }

    /// What a move means for one lane.
    private struct LaneMove {
        let lane: ServerLane
        /// Where it stands, by partition.
        var next: [SourcePartition: Int64] = [:]
        var targets: [SourcePartition: Int64] = [:]
        var forwards: [SourcePartition: Int64] = [:]
        var backwards: [SourcePartition: Int64] = [:]
        /// Offsets that going forwards leaves out.
        var leftOut: [SourcePartition: Int64] = [:]
        var rewind = RewindSummary()
    }

    /// Goes on at another place: forwards without landing what lies between, backwards by taking
    /// out what was landed from there on. Or only says what that would mean.
    func move(_ pipeline: String, _ request: Request, _ move: Move) throws(HTTPProblem) -> JSONValue
    {
        var moves: [LaneMove] = []
        for lane in try lanes(of: pipeline, table: request.table) {
            moves.append(try plan(move, request.selection ?? LogSelection(), of: lane))
        }
        // Only when none of the tables has something against it.
        for index in moves.indices where !moves[index].backwards.isEmpty {
            let rehearsal = Rewind(moves[index].backwards, isRehearsal: true)
            moves[index].rewind = try perform(.rewind(rehearsal), by: moves[index].lane).rewind
        }
        if move.isDry { return Self.describe(pipeline, moves, hasChanged: false) }
        try refuseUnconfirmed(moves, move)
        for index in moves.indices {
            let (lane, forwards) = (moves[index].lane, moves[index].forwards)
            if !forwards.isEmpty { _ = try perform(.skip(forwards), by: lane) }
            let backwards = moves[index].backwards
            if !backwards.isEmpty {
                moves[index].rewind = try perform(.rewind(Rewind(backwards)), by: lane).rewind
            }
        }
        return Self.describe(pipeline, moves, hasChanged: true)
    }

    private func plan(
        _ move: Move,
        _ selection: LogSelection,
        of lane: ServerLane
    ) throws(HTTPProblem) -> LaneMove {
        var plan = LaneMove(lane: lane)
        for partition in try ranges(selection, of: lane).keys.sorted() {
            let target: Int64
            let bounds: SourceBounds
            do throws(LogSourceError) {
                target = try lane.offset(move.to, in: partition)
                bounds = try lane.source.bounds(of: partition)
            } catch { throw HTTPProblem(503, "The log cannot be read", error.description) }
            let progress = lane.status.committed?.progress(in: partition)
            let next = progress?.next ?? bounds.start
            if move.goesBackOnly, target >= next { continue }
            if target < next, target < bounds.start {
                throw HTTPProblem(
                    409,
                    "The log has nothing there any more",
                    "The log of \(partition.topic)/\(partition.index) begins at \(bounds.start): "
                        + "what \(lane.definition.table) has from \(target) on could not be "
                        + "landed again. Go back to \(bounds.start) at most."
                )
            }
            plan.next[partition] = next
            plan.targets[partition] = target
            if target < next {
                plan.backwards[partition] = target
            } else {
                plan.forwards[partition] = target
                let holes = (progress?.covered ?? OffsetRanges()).holes(in: next..<target)
                plan.leftOut[partition] = holes.reduce(0) { $0 + Int64($1.count) }
            }
        }
        return plan
    }

    private func refuseUnconfirmed(_ moves: [LaneMove], _ move: Move) throws(HTTPProblem) {
        let rows = moves.reduce(0) { $0 + $1.rewind.rows }
        let letters = moves.reduce(0) { $0 + $1.rewind.letters }
        guard !move.isConfirmed, rows + letters > 0 else { return }
        throw HTTPProblem(
            409,
            "Rows would go",
            "\(rows) rows and \(letters) dead letters would be taken out, and their records be "
                + "landed anew. Nothing was changed; say yes (--yes, ?yes=true) to do it."
        )
    }

    private func perform(
        _ work: LaneJob.Work,
        by lane: ServerLane
    ) throws(HTTPProblem) -> JobSummary {
        let job = LaneJob(work)
        lane.ask(job)
        // Going back reads the log and may write files anew.
        let patience: Duration = if case .rewind = work { .seconds(540) } else { .seconds(60) }
        switch job.wait(timeout: patience) {
        case .done(let summary): return summary
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

    private static func describe(
        _ pipeline: String,
        _ moves: [LaneMove],
        hasChanged: Bool
    ) -> JSONValue {
        var partitions: [JSONValue] = []
        for move in moves {
            for (partition, target) in move.targets.sorted(by: { $0.key < $1.key }) {
                let back = move.rewind.moves[partition]
                var entry: JSONObject = [
                    "table": .string(move.lane.definition.table), "topic": .string(partition.topic),
                    "partition": .integer(Int64(partition.index)),
                    "next": .integer(move.next[partition] ?? target),
                    "target": .integer(back?.to ?? target),
                    "left_out": .integer(move.leftOut[partition] ?? 0),
                    "landed_anew": .integer(back?.offsets ?? 0),
                    "mended_kept": .integer(back?.kept ?? 0),
                ]
                // Another process lands it.
                if move.backwards[partition] != nil, back == nil { entry["elsewhere"] = true }
                partitions.append(.object(entry))
            }
        }
        let tables: [JSONValue] = moves.filter { !$0.backwards.isEmpty }.map { move in
            [
                "table": .string(move.lane.definition.table), "rows": .integer(move.rewind.rows),
                "letters": .integer(move.rewind.letters),
                "files_dropped": .integer(Int64(move.rewind.filesDropped)),
                "files_rewritten": .integer(Int64(move.rewind.filesRewritten)),
            ]
        }
        return [
            "pipeline": .string(pipeline), "changed": .bool(hasChanged),
            "partitions": .array(partitions), "tables": .array(tables),
        ]
    }
}

extension PipelineRuns.Move {
    /// What the query and body of `…/seek` or `…/reset` ask for.
    init(
        goesBackOnly: Bool,
        _ request: PipelineRuns.Request,
        _ query: (String) -> String?
    ) {
        self.goesBackOnly = goesBackOnly
        to = request.to ?? (goesBackOnly ? .earliest : .latest)
        isDry = query("dry_run") == "true"
        isConfirmed = query("yes") == "true"
    }
}
