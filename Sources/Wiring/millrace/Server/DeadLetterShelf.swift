import Clocks
import Columns
import HTTPServer
import IcebergModel
import JSONText
import Pipelines
import SQLEngine
import Tables

/// The dead-letter tables of the configuration: looked at through SQL, landed again through lanes.
struct DeadLetterShelf: Sendable {
    let lake: LakeService
    let definitions: [LaneDefinition]

    /// One table's letters, as SQL reaches them.
    struct Drawer {
        let definition: LaneDefinition
        /// The table's columns; letters of earlier versions of the program have no headers.
        let schema: Schema

        /// What a query reads from.
        var source: String { sqlName(definition.deadLetterTable) }
        /// The letters' topic.
        var topic: String {
            LogColumn.hasTopic(in: schema) ? "_log.topic" : sqlText(definition.topics[0])
        }
        var headers: String {
            schema.column(named: "headers") == nil ? "null::varchar" : "headers"
        }
        /// Expressions of a letter's place.
        var place: String { "\(topic), _log.partition, _log.offset" }
        /// What sorts letters by place. DuckDB refuses to sort by a constant.
        var order: String {
            LogColumn.hasTopic(in: schema) ? place : "_log.partition, _log.offset"
        }
    }

    /// The letters of `table`; nil when none were ever written. The name of the dead-letter table
    /// does as well.
    func drawer(_ table: String) throws -> Drawer? {
        let definition = definitions.first { $0.table == table || $0.deadLetterTable == table }
        guard let definition else {
            let names = definitions.map(\.table).joined(separator: ", ")
            throw HTTPProblem(
                404,
                "There is no such table",
                "No pipeline fills \(table); there are \(names.isEmpty ? "none" : names)."
            )
        }
        return try drawer(of: definition)
    }

    private func drawer(of definition: LaneDefinition) throws -> Drawer? {
        guard try lake.exists(definition.deadLetterTable) else { return nil }
        let table = try lake.lake.table(LakeService.identifier(definition.deadLetterTable))
        return Drawer(definition: definition, schema: table.metadata.schema)
    }

    // Listing

    /// `GET /v1/dead-letters`: counts by table, reason and field, and the newest letters.
    func list(_ query: DeadLetterQuery) throws -> JSONValue {
        var chosen = definitions
        if let name = query.name {
            chosen = definitions.filter {
                $0.pipeline == name || $0.table == name || $0.deadLetterTable == name
            }
            if chosen.isEmpty {
                throw HTTPProblem(
                    404,
                    "There is no such pipeline or table",
                    "\(name) is neither a pipeline of the configuration nor a table one fills."
                )
            }
        }
        var counts: [(count: Int64, entry: JSONValue)] = []
        var newest: [(time: Int64, entry: JSONValue)] = []
        let session = try lake.engine.session()
        for definition in chosen {
            guard let drawer = try drawer(of: definition) else { continue }
            let condition = query.reason.map { " where reason = \(sqlText($0))" } ?? ""
            counts += try self.counts(drawer, condition, session)
            newest += try self.newest(drawer, condition, query.limit, session)
        }
        // By count, and by time: both backwards, and the order of tables where they are equal.
        let sortedCounts = counts.enumerated().sorted {
            ($1.element.count, $0.offset) < ($0.element.count, $1.offset)
        }
        let sortedNewest = newest.enumerated().sorted {
            ($1.element.time, $0.offset) < ($0.element.time, $1.offset)
        }
        return [
            "count": .integer(counts.reduce(0) { $0 + $1.count }),
            "counts": .array(sortedCounts.map(\.element.entry)),
            "letters": .array(sortedNewest.prefix(query.limit).map(\.element.entry)),
        ]
    }

    private func counts(
        _ drawer: Drawer,
        _ condition: String,
        _ session: SQLSession
    ) throws -> [(count: Int64, entry: JSONValue)] {
        let sql = """
            select reason, field, count(*), max(_log.timestamp)
            from \(drawer.source)\(condition) group by all order by 3 desc, 1, 2
            """
        return try rows(of: sql, session) { row in
            let count = Int64(row[2].text) ?? 0
            return (
                count,
                [
                    "pipeline": .string(drawer.definition.pipeline),
                    "table": .string(drawer.definition.table), "reason": row[0].jsonText,
                    "field": row[1].jsonText, "count": .integer(count),
                    "newest": .string(Self.iso(row[3])),
                ]
            )
        }
    }

    private func newest(
        _ drawer: Drawer,
        _ condition: String,
        _ limit: Int,
        _ session: SQLSession
    ) throws -> [(time: Int64, entry: JSONValue)] {
        if limit == 0 { return [] }
        let sql = """
            select \(drawer.place), _log.timestamp, reason, field, detail
            from \(drawer.source)\(condition)
            order by _log.timestamp desc, \(drawer.order) limit \(limit)
            """
        return try rows(of: sql, session) { row in
            (
                Self.micros(row[3]),
                .object(Self.entry(drawer, row))
            )
        }
    }

    /// What every description of a letter begins with: place, time, reason, field, detail.
    private static func entry(_ drawer: Drawer, _ row: [SQLValue]) -> JSONObject {
        [
            "table": .string(drawer.definition.table),
            "place": .string("\(row[0].text)/\(row[1].text)/\(row[2].text)"),
            "time": .string(iso(row[3])), "reason": row[4].jsonText, "field": row[5].jsonText,
            "detail": row[6].jsonText,
        ]
    }

    // One letter

    /// `GET /v1/dead-letters/{table}/{topic}/{partition}/{offset}`: everything of one letter.
    func show(_ table: String, _ place: RecordPlace) throws -> JSONValue {
        guard let drawer = try drawer(table) else { throw Self.noLetter(table, place) }
        let sql = """
            select \(drawer.place), _log.timestamp, reason, field, detail, key, value,
                   \(drawer.headers)
            from \(drawer.source) where \(Self.condition(of: [place], drawer)) limit 1
            """
        let session = try lake.engine.session()
        let entries = try rows(of: sql, session) { row in
            var entry = Self.entry(drawer, row)
            for (name, value) in zip(["key", "value"], row[7...8]) {
                if case .blob(let bytes) = value {
                    let (key, text) = bytesAsJSON(bytes, key: name)
                    entry[key] = text
                } else {
                    entry[name] = .null
                }
            }
            entry["headers"] =
                row[9] == .null ? .array([]) : (try? JSONValue.parse(row[9].text)) ?? .array([])
            return JSONValue.object(entry)
        }
        guard let entry = entries.first else { throw Self.noLetter(table, place) }
        return entry
    }

    static func noLetter(_ table: String, _ place: RecordPlace) -> HTTPProblem {
        HTTPProblem(
            404,
            "There is no such dead letter",
            "\(place) is not among the dead letters of \(table); it may have been landed."
        )
    }

    // SQL

    /// True of the letters at `places`.
    static func condition(of places: [RecordPlace], _ drawer: Drawer) -> String {
        let tuples = places.map {
            "(\(sqlText($0.partition.topic)), \($0.partition.index), \($0.offset))"
        }
        return "(\(drawer.place)) in (\(tuples.joined(separator: ", ")))"
    }

    func rows<Row>(
        of sql: String,
        _ session: SQLSession,
        _ make: ([SQLValue]) throws -> Row
    ) throws -> [Row] {
        let result = try session.run(sql)
        var rows: [Row] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                rows.append(
                    try make(
                        result.columns.indices.map { chunk.value(row: row, column: $0) }
                    )
                )
            }
        }
        return rows
    }

    static func micros(_ value: SQLValue) -> Int64 {
        if case .timestampWithZone(let micros) = value { micros } else { 0 }
    }

    private static func iso(_ value: SQLValue) -> String {
        Timestamp(milliseconds: micros(value) / 1000).iso8601
    }
}

extension SQLValue {
    /// A text, or null.
    fileprivate var jsonText: JSONValue { self == .null ? .null : .string(text) }
}
