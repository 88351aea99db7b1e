import Bytes
import FileSource
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
        /// The parts of the receipts that are about an hour, if those are wanted.
        var hours: HourList?
        /// What has become of the files of pipelines that read files, by pipeline.
        var files: [(pipeline: String, report: FileReport)] = []
        var statements: [String] = []

        var isProven: Bool { receipts.allSatisfy(\.isProven) && hours?.isProven ?? true }
    }

    /// Receipts for every table and partition up to each table's own checkpoint.
    ///
    /// The checkpoint is read before the table, and rows beyond it are left out: a pipeline may
    /// commit in between.
    func run(hours: HourList? = nil) throws -> Outcome {
        let session = try lake.engine.session()
        var outcome = Outcome()
        outcome.hours = hours
        for definition in definitions {
            guard
                let marker = try lake.marker(
                    of: definition.table,
                    pipeline: definition.pipeline
                )
            else { continue }
            let source = try sources.count(definition)
            if let files = source.files?.report,
                !outcome.files.contains(where: { $0.pipeline == definition.pipeline })
            {
                outcome.files.append((definition.pipeline, files))
            }
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
                var tally = LogTally(isByHour: hours != nil)
                try recount.count(
                    place.partition,
                    in: place.progress.counted(in: place.bounds),
                    deadLettered: definition.hasIndexColumn && letters[place.partition] != nil
                        ? offsets(of: place.partition, in: definition, session) : [],
                    mended: place.progress.mended,
                    into: &tally
                )
                let receipt = Receipt(
                    pipeline: definition.pipeline,
                    table: definition.table,
                    partition: place.partition,
                    progress: place.progress,
                    bounds: place.bounds,
                    log: tally.total,
                    landed: rows[place.partition] ?? TableCount(),
                    deadLettered: letters[place.partition] ?? TableCount()
                )
                outcome.receipts.append(receipt)
                if hours != nil {
                    try divide(receipt, tally, at: place, of: definition, session, &outcome)
                }
            }
        }
        return outcome
    }

    /// A partition, how far the pipeline is in it, and what the log still has of it.
    struct Place {
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
        var counts: [SourcePartition: TableCount] = [:]
        try count(table, places, of: definition, session, &statements) { partition, _, count in
            counts[partition] = count
        }
        return counts
    }

    /// Asks the table about `places`; by hour, if each row that `take` gets is to be about one.
    func count(
        _ table: String,
        _ places: [Place],
        of definition: LaneDefinition,
        isByHour: Bool = false,
        _ session: SQLSession,
        _ statements: inout [String],
        _ take: (SourcePartition, _ hour: Int64, TableCount) -> Void
    ) throws {
        let isMixed = definition.hasTopicColumn
        let topic = isMixed ? "_log.topic" : sqlText(definition.topics[0])
        let isIndexed = definition.hasIndexColumn && table == definition.table
        let index =
            isIndexed
            ? """
            ,
                   count(distinct (_log.offset, _log.index)) as positions,
                   sum(_log.offset::hugeint * 2147483648 + _log.index) as position_sum
            """ : ""
        let beyond = places.map { "(\(exclusion($0, isMixed: isMixed)))" }
        var conditions = beyond.isEmpty ? [] : ["not (\(beyond.joined(separator: " or ")))"]
        if isByHour {
            conditions += places.map { $0.partition }.map { partition in
                "_log.partition = \(partition.index)"
                    + (isMixed ? " and \(topicTest(partition.topic))" : "")
            }
        }
        let hour = isByHour ? "epoch_us(_log.timestamp) // 3600000000" : "0"
        let statement = """
            select \(topic) as topic, _log.partition as partition, \(hour) as hour,
                   count(*) as rows, count(distinct _log.offset) as offsets,
                   sum(distinct _log.offset) as offset_sum\(index)
            from \(sqlName(table))\(conditions.isEmpty ? "" : " where ")\(
                conditions.joined(separator: " and "))
            group by all order by all
            """
        statements.append(statement)
        let result = try session.run(statement)
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                let texts = (0..<(isIndexed ? 8 : 6)).map { chunk.value(row: row, column: $0).text }
                guard let index = Int32(texts[1]), let hour = Int64(texts[2]),
                    let rows = Int64(texts[3]), let offsets = Int64(texts[4]),
                    let sum = wrappedSum(texts[5])
                else { continue }
                let count = TableCount(
                    rows: rows,
                    distinctOffsets: offsets,
                    offsetSum: sum,
                    index: isIndexed ? indexCount(texts[6], texts[7]) : nil
                )
                take(SourcePartition(topic: texts[0], index: index), hour, count)
            }
        }
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
