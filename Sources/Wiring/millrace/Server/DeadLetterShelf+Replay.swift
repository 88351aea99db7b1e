import HTTPServer
import JSONText
import Pipelines
import SQLEngine

extension DeadLetterShelf {
    /// Letters that one commit lands at most, and bytes of them: the lane stands still meanwhile.
    private static let lettersMax = 2_000
    private static let bytesMax: Int64 = 32 << 20
    /// How long a lane may take. It goes on after that; the letters are landed once all the same.
    private static let patience = Duration.seconds(300)
    /// Failures that an answer describes one by one.
    private static let failuresMax = 100

    /// `POST /v1/dead-letters/{table}/replay`: lands letters again, as many as one commit takes.
    /// The answer's `next` is what `after` must be for the rest; null: that was all.
    func replay(
        _ table: String,
        _ request: ReplayRequest,
        by lane: (LaneDefinition) -> ServerLane?
    ) throws -> JSONValue {
        guard let drawer = try drawer(table) else {
            return Self.report(table, request, [], next: nil)
        }
        let session = try lake.engine.session()
        let (count, isAll) = try sizeOfPortion(request, drawer, session)
        var letters = try self.letters(request, count, drawer, session)
        let next = isAll ? nil : letters.last?.place
        if let value = request.value { letters = letters.map { $0.mended(value: value) } }
        var outcomes: [LetterOutcome] = []
        if !letters.isEmpty {
            guard let lane = lane(drawer.definition) else {
                throw HTTPProblem(
                    503,
                    "The pipeline does not run here",
                    "\(drawer.definition.pipeline) is not run by this process."
                )
            }
            outcomes = try perform(
                Replay(letters, isRehearsal: request.isRehearsal),
                by: lane
            )
        }
        if isAll {
            let known = Set(letters.map(\.place))
            outcomes += request.places.filter { !known.contains($0) && isAfter($0, request.after) }
                .map { LetterOutcome(place: $0, result: .gone) }
        }
        return Self.report(drawer.definition.table, request, outcomes, next: next)
    }

    private func isAfter(_ place: RecordPlace, _ other: RecordPlace?) -> Bool {
        other.map { $0 < place } ?? true
    }

    private func perform(_ replay: Replay, by lane: ServerLane) throws -> [LetterOutcome] {
        let job = LaneJob(.replay(replay))
        lane.ask(job)
        switch job.wait(timeout: Self.patience) {
        case .done(let summary): return summary.letters
        case .failed(let reason):
            throw HTTPProblem(
                409,
                "The dead letters were not landed",
                "\(lane.definition.table): \(reason)"
            )
        case nil:
            throw HTTPProblem(
                503,
                "The pipeline does not answer",
                "\(lane.definition.pipeline) is busy or its table cannot be written; the letters "
                    + "will be landed once it can. Ask again later.",
                retryAfterSeconds: 30
            )
        }
    }

    // Which letters

    private func condition(_ request: ReplayRequest, _ drawer: Drawer) -> String {
        var conditions = ["true"]
        if !request.places.isEmpty {
            conditions.append(Self.condition(of: request.places, drawer))
        }
        if let reason = request.reason { conditions.append("reason = \(sqlText(reason))") }
        if let after = request.after {
            conditions.append(
                "(\(drawer.place)) > (\(sqlText(after.partition.topic)), "
                    + "\(after.partition.index), \(after.offset))"
            )
        }
        // On lines of its own: it may end in a comment.
        if let text = request.condition { conditions.append("(\n\(text)\n)") }
        return conditions.joined(separator: " and ")
    }

    /// How many of the next letters one commit takes, and whether these are all.
    private func sizeOfPortion(
        _ request: ReplayRequest,
        _ drawer: Drawer,
        _ session: SQLSession
    ) throws -> (count: Int, isAll: Bool) {
        let sql = """
            select coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)
            from \(drawer.source) where \(condition(request, drawer))
            order by \(drawer.order) limit \(Self.lettersMax + 1)
            """
        let sizes = try rows(of: sql, session) { Int64($0[0].text) ?? 0 }
        var bytes: Int64 = 0
        var count = 0
        for size in sizes.prefix(Self.lettersMax) {
            bytes += size
            if count > 0, bytes > Self.bytesMax { break }
            count += 1
        }
        return (count, count == sizes.count)
    }

    private func letters(
        _ request: ReplayRequest,
        _ count: Int,
        _ drawer: Drawer,
        _ session: SQLSession
    ) throws -> [DeadLetter] {
        if count == 0 { return [] }
        let sql = """
            select \(drawer.place), _log.timestamp, reason, key, value, \(drawer.headers)
            from \(drawer.source) where \(condition(request, drawer))
            order by \(drawer.order) limit \(count)
            """
        return try rows(of: sql, session) { row in
            guard let partition = Int32(row[1].text), let offset = Int64(row[2].text) else {
                throw HTTPProblem(500, "A dead letter has no place", "\(row[1]), \(row[2])")
            }
            return DeadLetter(
                place: RecordPlace(
                    partition: SourcePartition(topic: row[0].text, index: partition),
                    offset: offset
                ),
                timestampMilliseconds: Self.micros(row[3]) / 1000,
                reason: row[4].text,
                key: row[5].bytes,
                value: row[6].bytes,
                headers: row[7] == .null ? [] : LetterHeader.parse(row[7].text)
            )
        }
    }

    // The answer

    private static func report(
        _ table: String,
        _ request: ReplayRequest,
        _ outcomes: [LetterOutcome],
        next: RecordPlace?
    ) -> JSONValue {
        var counts = [Int64](repeating: 0, count: 4)
        var failures: [JSONValue] = []
        for outcome in outcomes {
            var failure: JSONObject = ["place": .string("\(outcome.place)")]
            switch outcome.result {
            case .landed: counts[0] += 1
            case .filtered: counts[1] += 1
            case .failed(let reason, let detail, let field):
                counts[2] += 1
                failure["reason"] = .string(reason)
                failure["field"] = field.map { .string($0) } ?? .null
                failure["detail"] = .string(detail)
            case .gone:
                counts[3] += 1
                failure["reason"] = "gone"
                failure["field"] = .null
                failure["detail"] = "it is no dead letter, or no more"
            }
            if failure["reason"] != nil, failures.count < failuresMax {
                failures.append(.object(failure))
            }
        }
        return [
            "table": .string(table), "dry_run": .bool(request.isRehearsal),
            "asked": .integer(Int64(outcomes.count)), "landed": .integer(counts[0]),
            "filtered": .integer(counts[1]), "failed": .integer(counts[2]),
            "gone": .integer(counts[3]), "failures": .array(failures),
            "next": next.map { .string("\($0)") } ?? .null,
        ]
    }
}

extension SQLValue {
    /// A blob's bytes; nil for null.
    fileprivate var bytes: [UInt8]? {
        if case .blob(let bytes) = self { bytes } else { nil }
    }
}
