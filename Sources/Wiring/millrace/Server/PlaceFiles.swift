import Catalogs
import Columns
import DataFiles
import IcebergModel
import Pipelines
import SQLEngine
import Stores
import Synchronization
import Tables

/// Finds the data files of one table that have rows of a place, and what they have. Only files
/// whose bounds can contain it are opened, however many the table has.
final class PlaceFiles {
    /// A file with rows of a place.
    struct Hit {
        let path: String
        let rows: Int64
        /// When the snapshot that added the file was made, in milliseconds; nil when it expired.
        let committedMilliseconds: Int64?
    }

    /// A file of the table.
    private struct Candidate {
        let file: TableScan.File
        let bounds: PlaceBounds

        var path: String { file.live.file.path }
    }

    /// Files that one statement looks into by name.
    private static let filesMax = 64
    /// Memory for a window of offsets, which are sorted.
    private static let memoryBytesMax = 512 << 20

    private let table: Table
    private let scan: TableScan
    private let hasTopic: Bool
    private let candidates: [Candidate]
    private let tables: TableList
    private let session: SQLSession

    /// What the engine is shown: it asks before each statement.
    private final class TableList: Sendable {
        let tables = Mutex<[QueryableTable]>([])
    }

    /// The files of `table` as it is. `like` is the engine of the lake, whose limits apply.
    init(of table: Table, like engine: SQLEngine) throws {
        self.table = table
        let schema = table.metadata.schema
        hasTopic = LogColumn.hasTopic(in: schema)
        guard let fields = PlaceFields(schema) else {
            throw CommandError("the table \(table.identifier.name) has no \(LogColumn.name)")
        }
        let scan = try table.scan()
        self.scan = scan
        candidates = scan.files.map { file in
            Candidate(file: file, bounds: PlaceBounds(of: file.live.file, fields))
        }
        var options = engine.options
        options.memoryBytesMax = min(options.memoryBytesMax, Self.memoryBytesMax)
        let list = TableList()
        tables = list
        session = try SQLEngine(options: options) { list.tables.withLock { $0 } }.session()
    }

    /// The offsets among `offsets` of which there are rows, ascending.
    func offsets(in partition: SourcePartition, _ offsets: Range<Int64>) throws -> [Int64] {
        let files = files(partition, offsets)
        if files.isEmpty { return [] }
        show([files], revision: "\(partition) \(offsets)")
        let statement = """
            select distinct _log.offset from f0
            where \(condition(partition)) and _log.offset >= \(offsets.lowerBound)
              and _log.offset < \(offsets.upperBound) order by 1
            """
        let result = try session.run(statement)
        var found: [Int64] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                if let offset = Int64(chunk.value(row: row, column: 0).text) {
                    found.append(offset)
                }
            }
        }
        return found
    }

    /// The files that have rows of one record.
    func hits(_ place: RecordPlace) throws -> [Hit] {
        var hits: [Hit] = []
        var rest = files(place.partition, place.offset..<(place.offset + 1))[...]
        while !rest.isEmpty {
            let files = Array(rest.prefix(Self.filesMax))
            rest = rest.dropFirst(Self.filesMax)
            show(files.map { [$0] }, revision: files[0].path)
            let parts = files.indices.map { index in
                """
                select \(index), count(*) from f\(index)
                where \(condition(place.partition)) and _log.offset = \(place.offset)
                """
            }
            let result = try session.run(parts.joined(separator: " union all "))
            while let chunk = try result.nextChunk() {
                for row in 0..<chunk.rowCount {
                    guard let index = Int(chunk.value(row: row, column: 0).text),
                        let rows = Int64(chunk.value(row: row, column: 1).text), rows > 0
                    else { continue }
                    hits.append(hit(files[index], rows))
                }
            }
        }
        return hits.sorted { $0.path < $1.path }
    }

    /// Columns of the first row of a record, as SQL expressions.
    func values(_ place: RecordPlace, _ expressions: [String]) throws -> [SQLValue]? {
        let files = files(place.partition, place.offset..<(place.offset + 1))
        if files.isEmpty { return nil }
        show([files], revision: "values \(place)")
        let result = try session.run(
            """
            select \(expressions.joined(separator: ", ")) from f0
            where \(condition(place.partition)) and _log.offset = \(place.offset) limit 1
            """
        )
        while let chunk = try result.nextChunk() {
            if chunk.rowCount == 0 { continue }
            return expressions.indices.map { chunk.value(row: 0, column: $0) }
        }
        return nil
    }

    private func hit(_ file: Candidate, _ rows: Int64) -> Hit {
        let snapshot = file.file.live.snapshotID.flatMap { table.metadata.snapshot(id: $0) }
        return Hit(
            path: file.path,
            rows: rows,
            committedMilliseconds: snapshot?.timestampMilliseconds
        )
    }

    private func files(_ partition: SourcePartition, _ offsets: Range<Int64>) -> [Candidate] {
        candidates.filter {
            $0.bounds.mayHave(
                topic: hasTopic ? partition.topic : nil,
                partition: partition.index,
                offsets: offsets
            )
        }
    }

    private func condition(_ partition: SourcePartition) -> String {
        "_log.partition = \(partition.index)"
            + (hasTopic ? " and _log.topic = \(sqlText(partition.topic))" : "")
    }

    /// Shows groups of files as tables `f0`, `f1`, …
    private func show(_ groups: [[Candidate]], revision: String) {
        let (table, scan) = (table, scan)
        let shown = groups.enumerated().map { index, candidates in
            let files = candidates.map(\.file)
            return QueryableTable(
                name: "f\(index)",
                revision: revision,
                isElsewhere: files.contains { !StoreSet.isLocal($0.live.file.path) }
            ) {
                try table.contents(table.metadata.schema.fields, files, of: scan)
            }
        }
        tables.tables.withLock { $0 = shown }
    }
}

extension PlaceFields {
    /// Where rows of a table with this schema tell their places; nil when they do not.
    init?(_ schema: Schema) {
        let fields = schema.column(named: LogColumn.name)?.type.children ?? []
        func id(_ name: String) -> Int? { fields.first { $0.name == name }?.id }
        guard let partition = id("partition"), let offset = id("offset") else { return nil }
        self.init(partition: partition, offset: offset, topic: id("topic"))
    }
}
