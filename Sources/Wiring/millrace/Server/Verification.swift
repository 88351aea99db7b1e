import Bytes
import JSONText
import Pipelines
import SQLEngine

/// Counts the log and the tables again and holds the two against each other.
struct Verification {
    let sources: PipelineSources
    let lake: LakeService
    let definitions: [LaneDefinition]

    /// What was found, with the SQL that was asked.
    struct Outcome {
        var receipts: [Receipt] = []
        var statements: [String] = []

        var isProven: Bool { receipts.allSatisfy(\.isProven) }
    }

    /// Receipts for every table and partition up to each table's own checkpoint.
    ///
    /// The checkpoint is read before the table, and rows beyond it are left out: a pipeline may
    /// commit in between.
    func run() throws -> Outcome {
        let session = try lake.engine.session()
        var outcome = Outcome()
        for definition in definitions {
            guard
                let marker = try lake.marker(
                    of: definition.table,
                    pipeline: definition.pipeline
                )
            else { continue }
            let source = try sources.count(definition)
            let places = try places(of: marker, definition, in: source)
            let rows = try counts(
                in: definition.table,
                places,
                of: definition,
                session,
                &outcome.statements
            )
            let letters =
                try lake.exists(definition.deadLetterTable)
                ? counts(
                    in: definition.deadLetterTable,
                    places,
                    of: definition,
                    session,
                    &outcome.statements
                ) : [:]
            let recount = LogRecount(of: definition, in: source)
            for place in places {
                outcome.receipts.append(
                    Receipt(
                        pipeline: definition.pipeline,
                        table: definition.table,
                        partition: place.partition,
                        progress: place.progress,
                        bounds: place.bounds,
                        log: try recount.count(
                            place.partition,
                            in: place.progress.counted(in: place.bounds),
                            deadLettered: definition.hasIndexColumn
                                && letters[place.partition] != nil
                                ? offsets(of: place.partition, in: definition, session) : [],
                            mended: place.progress.mended
                        ),
                        landed: rows[place.partition] ?? TableCount(),
                        deadLettered: letters[place.partition] ?? TableCount()
                    )
                )
            }
        }
        return outcome
    }

    /// A partition, how far the pipeline is in it, and what the log still has of it.
    private struct Place {
        let partition: SourcePartition
        let progress: PartitionProgress
        let bounds: SourceBounds
    }

    /// Every partition of the lane's topics, whether anything was landed from it or not.
    private func places(
        of marker: CommitMarker,
        _ definition: LaneDefinition,
        in source: PipelineLog
    ) throws -> [Place] {
        var partitions = Set(marker.positions.keys)
        for topic in source.topics(selectedBy: definition.selectors) {
            for index in 0..<Int32(topic.partitionCount) {
                partitions.insert(SourcePartition(topic: topic.name, index: index))
            }
        }
        return try partitions.sorted().map { partition in
            let bounds = try source.bounds(of: partition)
            let progress =
                marker.progress(in: partition)
                ?? PartitionProgress(start: bounds.start, next: bounds.start)
            // Sums of what was left out are kept by stretch: only whole ones can be compared.
            let start = progress.discards.comparableStart(
                logStart: bounds.start,
                next: progress.next
            )
            return Place(
                partition: partition,
                progress: progress,
                bounds: SourceBounds(start: start, end: max(start, bounds.end))
            )
        }
    }

    /// What is not counted: rows committed since the checkpoint was read, and those whose records
    /// the log has removed since.
    private func exclusion(_ place: Place, isMixed: Bool) -> String {
        var text = isMixed ? "\(topicTest(place.partition.topic)) and " : ""
        text += "_log.partition = \(place.partition.index) and "
        let next = place.progress.next
        text +=
            place.bounds.start > 0
            ? "(_log.offset < \(place.bounds.start) or _log.offset >= \(next))"
            : "_log.offset >= \(next)"
        for range in place.progress.counted(in: place.bounds).ranges
        where range.lowerBound > next {
            text +=
                " and not (_log.offset >= \(range.lowerBound)"
                + " and _log.offset < \(range.upperBound))"
        }
        return text
    }

    /// One query a table: rows, different offsets and their sum for each partition, up to the
    /// checkpoint.
    private func counts(
        in table: String,
        _ places: [Place],
        of definition: LaneDefinition,
        _ session: SQLSession,
        _ statements: inout [String]
    ) throws -> [SourcePartition: TableCount] {
        let isMixed = definition.hasTopicColumn
        let topic = isMixed ? "_log.topic" : sqlText(definition.topics[0])
        let limits = places.map { exclusion($0, isMixed: isMixed) }
        let beyond = limits.map { "(\($0))" }.joined(separator: " or ")
        let isIndexed = definition.hasIndexColumn && table == definition.table
        let index =
            isIndexed
            ? """
            ,
                   count(distinct (_log.offset, _log.index)) as positions,
                   sum(_log.offset::hugeint * 2147483648 + _log.index) as position_sum
            """ : ""
        let statement = """
            select \(topic) as topic, _log.partition as partition, count(*) as rows,
                   count(distinct _log.offset) as offsets,
                   sum(distinct _log.offset) as offset_sum\(index)
            from \(sqlName(table))\(beyond.isEmpty ? "" : " where not (\(beyond))")
            group by all order by all
            """
        statements.append(statement)
        let result = try session.run(statement)
        var counts: [SourcePartition: TableCount] = [:]
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                let texts = (0..<(isIndexed ? 7 : 5)).map { chunk.value(row: row, column: $0).text }
                guard let index = Int32(texts[1]), let rows = Int64(texts[2]),
                    let offsets = Int64(texts[3]), let sum = wrappedSum(texts[4])
                else { continue }
                counts[SourcePartition(topic: texts[0], index: index)] = TableCount(
                    rows: rows,
                    distinctOffsets: offsets,
                    offsetSum: sum,
                    index: isIndexed ? indexCount(texts[5], texts[6]) : nil
                )
            }
        }
        return counts
    }

    private func indexCount(_ rows: String, _ sum: String) -> IndexCount? {
        guard let rows = Int64(rows), let sum = wrappedSum(sum) else { return nil }
        return IndexCount(distinctRows: rows, rowSum: sum)
    }

    /// Offsets of a partition's dead letters, in order.
    private func offsets(
        of partition: SourcePartition,
        in definition: LaneDefinition,
        _ session: SQLSession
    ) throws -> [Int64] {
        let topic = definition.hasTopicColumn ? " and \(topicTest(partition.topic))" : ""
        let result = try session.run(
            """
            select _log.offset from \(sqlName(definition.deadLetterTable))
            where _log.partition = \(partition.index)\(topic) order by 1
            """
        )
        var offsets: [Int64] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                if let offset = Int64(chunk.value(row: row, column: 0).text) {
                    offsets.append(offset)
                }
            }
        }
        return offsets
    }

    private func topicTest(_ name: String) -> String { "_log.topic = \(sqlText(name))" }

    /// DuckDB sums exactly, in 128 bits; the receipt compares the lowest 64.
    private func wrappedSum(_ text: String) -> UInt64? {
        Int128(text).map { UInt64(truncatingIfNeeded: $0) }
    }
}

/// A table's name as SQL wants it.
func sqlName(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        + "\""
}

/// A text as SQL wants it.
func sqlText(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

extension Verification.Outcome {
    /// `GET /v1/verify`
    var report: JSONValue {
        let entries: [JSONValue] = receipts.map { receipt in
            [
                "pipeline": .string(receipt.pipeline), "table": .string(receipt.table),
                "topic": .string(receipt.partition.topic),
                "partition": .integer(Int64(receipt.partition.index)),
                "from_offset": .integer(receipt.covered.ranges.first?.lowerBound ?? 0),
                "to_offset": .integer(receipt.covered.ranges.last?.upperBound ?? 0),
                "covered": .array(
                    receipt.covered.ranges.map { range in
                        [.integer(range.lowerBound), .integer(range.upperBound)]
                    }
                ),
                "acknowledged": .integer(receipt.log.records),
                "landed": .integer(receipt.landedRecords),
                "rows": .integer(receipt.landed.rows),
                "filtered": .integer(receipt.filtered),
                "discarded": .integer(receipt.discarded.records),
                "dead_lettered": .integer(receipt.deadLettered.rows),
                "duplicates": .integer(receipt.duplicates),
                "missing": .integer(receipt.missing),
                "unexpected": .integer(receipt.unexpected), "pending": .integer(receipt.pending),
                "skipped": .integer(receipt.skipped),
                "proven": .bool(receipt.isProven),
            ]
        }
        return [
            "proven": .bool(isProven), "receipts": .array(entries),
            "sql": .array(statements.map { .string($0) }),
        ]
    }
}
