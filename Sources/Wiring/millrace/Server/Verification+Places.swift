import Clocks
import FileSource
import HTTPServer
import IcebergModel
import JSONText
import Pipelines
import SQLEngine
import Tables

extension Verification {
    /// What has become of one offset, or of many, in each table that a pipeline makes of it.
    func explain(_ places: OffsetPlaces, pipeline: String?) throws -> JSONValue {
        let partition = places.partition
        let readers = definitions.filter { definition in
            (pipeline ?? definition.pipeline) == definition.pipeline
                && definition.selectors.contains { $0.selects(partition.topic) }
        }
        if readers.isEmpty {
            throw HTTPProblem(
                404,
                "No pipeline reads it",
                pipeline.map { "The pipeline \($0) does not read the topic \(partition.topic)." }
                    ?? "No pipeline reads the topic \(partition.topic)."
            )
        }
        var entries: [JSONValue] = []
        var isProven = true
        for definition in readers {
            let table = try TableInquiry(of: definition, at: partition, self)
            var entry: JSONObject = [
                "pipeline": .string(definition.pipeline), "table": .string(definition.table),
                "log_start": .integer(table.bounds.start), "log_end": .integer(table.bounds.end),
            ]
            let end = max(places.first, places.end ?? table.end)
            let summary = try table.summary(of: places.first..<end)
            if summary.counts[.missing] != nil { isProven = false }
            if places.isOne, let fate = summary.stretches.first?.fate {
                try table.explain(places.first, fate, in: &entry)
            } else {
                summary.describe(in: &entry)
            }
            entries.append(.object(entry))
        }
        return [
            "place": .string(places.description), "topic": .string(partition.topic),
            "partition": .integer(Int64(partition.index)), "proven": .bool(isProven),
            "tables": .array(entries),
        ]
    }
}

/// What is known of a partition in one table.
private struct TableInquiry {
    let definition: LaneDefinition
    let partition: SourcePartition
    let bounds: SourceBounds
    private let source: PipelineLog
    private let progress: PartitionProgress?
    private let inquiry: FateInquiry<PipelineLog>
    private let schema: Schema?
    private let rows: PlaceFiles?
    private let letters: PlaceFiles?

    /// The checkpoint is read before the table: what is committed in between is found as rows.
    init(
        of definition: LaneDefinition,
        at partition: SourcePartition,
        _ verification: Verification
    ) throws {
        self.definition = definition
        self.partition = partition
        source = try verification.sources.count(definition)
        let lake = verification.lake
        let topics = source.topics(selectedBy: definition.selectors)
        guard
            topics.contains(where: {
                $0.name == partition.topic && partition.index < $0.partitionCount
            })
        else {
            throw HTTPProblem(
                404,
                "There is no such partition",
                "The log has no \(partition.topic)/\(partition.index)."
            )
        }
        progress = try lake.marker(of: definition.table, pipeline: definition.pipeline)?
            .progress(in: partition)
        bounds = try source.bounds(of: partition)
        inquiry = FateInquiry(of: definition, in: source)
        func table(_ name: String) throws -> Table? {
            guard try lake.exists(name) else { return nil }
            return try lake.lake.table(LakeService.identifier(name))
        }
        let main = try table(definition.table)
        schema = main?.metadata.schema
        rows = try main.map { try PlaceFiles(of: $0, like: lake.engine) }
        letters = try table(definition.deadLetterTable).map {
            try PlaceFiles(of: $0, like: lake.engine)
        }
    }

    /// Where log and checkpoint end.
    var end: Int64 { max(bounds.end, progress?.covered.ranges.last?.upperBound ?? 0) }

    func summary(of offsets: Range<Int64>) throws -> FateSummary {
        var summary = FateSummary()
        try inquiry.summarize(
            partition,
            offsets,
            progress: progress,
            bounds: bounds,
            into: &summary
        ) { window in
            FateInquiry<PipelineLog>.Findings(
                landed: try rows?.offsets(in: partition, window) ?? [],
                deadLettered: try letters?.offsets(in: partition, window) ?? []
            )
        }
        return summary
    }

    /// Adds everything that is known of one offset.
    func explain(_ offset: Int64, _ fate: OffsetFate, in entry: inout JSONObject) throws {
        let place = RecordPlace(partition: partition, offset: offset)
        entry["fate"] = .string(fate.rawValue)
        entry["meaning"] = .string(fate.meaning)
        entry["next"] = progress.map { .integer($0.next) } ?? .null
        entry["epoch"] = progress.map { .integer($0.epoch) } ?? .null
        var details: [String] = []
        switch fate {
        case .landed: try explainRows(place, &entry, &details)
        case .deadLetter: try explainLetter(place, &entry, &details)
        case .discarded: try explainDiscard(place, &entry, &details)
        case .pending: explainPending(offset, &details)
        case .expired:
            details.append("the log begins at \(bounds.start)")
            details.append(
                progress?.covered.contains(offset) ?? false
                    ? "the checkpoint accounts for it: filtered, left out, or without a record"
                    : "it was never landed"
            )
        case .notWritten: details.append("the log ends at \(bounds.end)")
        case .filtered where progress?.mended[offset] != nil:
            details.append("its dead letter was mended, and 'where' leaves the mended value out")
        case .filtered, .noRecord, .skipped, .missing: break
        }
        if let file = try source.filePlace(of: offset) {
            entry["source_file"] = .string(file.path)
            entry["source_line"] = file.line.map { .integer($0) } ?? .null
            details.append(
                file.line.map { "it is line \($0) of \(file.path)" } ?? "it was in \(file.path)"
            )
        }
        entry["detail"] = .string(details.joined(separator: "; "))
    }

    private func explainRows(
        _ place: RecordPlace,
        _ entry: inout JSONObject,
        _ details: inout [String]
    ) throws {
        let hits = try rows?.hits(place) ?? []
        let count = hits.reduce(0) { $0 + $1.rows }
        entry["rows"] = .integer(count)
        entry["files"] = .array(
            hits.map { hit in
                [
                    "path": .string(hit.path), "rows": .integer(hit.rows),
                    "committed_at": hit.committedMilliseconds.map {
                        .string(Timestamp(milliseconds: $0).iso8601)
                    } ?? .null,
                ]
            }
        )
        for hit in hits {
            let moment = hit.committedMilliseconds.map {
                ", committed \(Timestamp(milliseconds: $0).iso8601)"
            }
            details.append(
                "\(hit.rows) \(hit.rows == 1 ? "row" : "rows") in \(hit.path)\(moment ?? "")"
            )
        }
        if !definition.hasIndexColumn, count > 1 { details.append("DOUBLED: one record, one row") }
        if progress?.mended[place.offset] != nil {
            entry["mended"] = true
            details.append("its dead letter was mended and replayed")
        }
        if let letter = try letters?.values(place, ["reason"]) {
            details.append("DOUBLED: it is a dead letter, too (\(letter[0].text))")
        }
    }

    private func explainLetter(
        _ place: RecordPlace,
        _ entry: inout JSONObject,
        _ details: inout [String]
    ) throws {
        guard let values = try letters?.values(place, ["reason", "field", "detail"]) else { return }
        entry["letter"] = .string(place.description)
        entry["reason"] = .string(values[0].text)
        entry["field"] = values[1] == .null ? .null : .string(values[1].text)
        details.append("\(values[0].text): \(values[2].text)")
        details.append(
            "not replayed; 'millrace dead-letters show \(definition.table) \(place)' shows it"
        )
    }

    private func explainDiscard(
        _ place: RecordPlace,
        _ entry: inout JSONObject,
        _ details: inout [String]
    ) throws {
        let complaint = try schema.flatMap { try inquiry.complaint(at: place, schema: $0) }
        if let complaint {
            entry["reason"] = .string(complaint.reason)
            details.append("\(complaint.reason): \(complaint.detail)")
        } else {
            details.append("it would be a row now: columns or configuration have changed since")
        }
        let reasons = progress?.discards.reasons.sorted { $0.key < $1.key } ?? []
        details.append(
            "the checkpoint counts "
                + reasons.map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
                + " in this partition, not which"
        )
    }

    private func explainPending(_ offset: Int64, _ details: inout [String]) {
        guard let progress else {
            details.append("nothing of the partition was committed yet")
            return
        }
        details.append("landing stands at \(progress.next)")
        if definition.isShared {
            details.append("the worker of epoch \(progress.epoch) lands the partition")
        }
        if case .stream = definition.mode { return }
        details.append("the pipeline lands when it is run (mode \(definition.mode.name))")
    }
}

extension FateSummary {
    /// Adds `counts`, `stretches` and `stretches_omitted`.
    fileprivate func describe(in entry: inout JSONObject) {
        var object = JSONObject()
        for fate in OffsetFate.allCases {
            if let count = counts[fate] { object[fate.rawValue] = .integer(count) }
        }
        entry["counts"] = .object(object)
        entry["stretches"] = .array(
            stretches.map { stretch in
                [
                    "fate": .string(stretch.fate.rawValue),
                    "from_offset": .integer(stretch.offsets.lowerBound),
                    "to_offset": .integer(stretch.offsets.upperBound),
                ]
            }
        )
        entry["stretches_omitted"] = .integer(omitted)
    }
}
