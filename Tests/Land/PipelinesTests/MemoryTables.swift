import ArrowData
import Bytes
import Columns
import IcebergModel
import Synchronization

@testable import Pipelines

/// Tables in memory that fail on command: the bent end of a lane.
final class MemoryTables: TableCommitter {
    /// What goes wrong with a commit.
    enum Fault: CaseIterable {
        /// Another engine commits first: ours is not applied.
        case conflict
        /// The answer is lost after the commit was applied.
        case unknownApplied
        /// The request is lost before it was applied.
        case unknownLost
        /// The store refuses.
        case storage
    }

    /// A row, by its place in the log.
    struct Row: Hashable {
        let partition: Int32
        let offset: Int64
        var topic: String?
        var index: Int32 = 0
        /// The other columns' values as text; nulls are left out.
        var cells: [String: String] = [:]
    }

    struct Stored {
        var uuid: String
        var version = 0
        var schema: Schema
        var markers: [String: CommitMarker] = [:]
        var rows: [Row] = []
        /// Rows of each commit with rows, to see that they come in whole commits.
        var commits: [Int] = []
    }

    struct State {
        var tables: [String: Stored] = [:]
        var faults: [Fault?] = []
        var openFiles = 0
        var openFilesPeak = 0
        var filesOpened = 0
        var discarded = 0
        var commits = 0
        var isTakenNext = false
    }

    private let state = Mutex(State())

    /// Another writer takes the table over right after the next commit that is applied.
    func takeOverAfterNextCommit() { state.withLock { $0.isTakenNext = true } }

    func plan(_ faults: [Fault?]) { state.withLock { $0.faults = faults } }
    func table(_ name: String) -> Stored? { state.withLock { $0.tables[name] } }
    var openFiles: Int { state.withLock { $0.openFiles } }
    var openFilesPeak: Int { state.withLock { $0.openFilesPeak } }
    var filesOpened: Int { state.withLock { $0.filesOpened } }
    var discarded: Int { state.withLock { $0.discarded } }
    func drop(_ name: String) { state.withLock { $0.tables[name] = nil } }

    /// Changes a table as another engine would.
    func change(_ name: String, _ body: (inout Stored) -> Void) {
        state.withLock { state in
            guard var table = state.tables[name] else { return }
            body(&table)
            table.version += 1
            state.tables[name] = table
        }
    }

    func load(
        _ table: String,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion? {
        state.withLock { $0.tables[table].map { self.version(table, $0, pipeline) } }
    }

    func create(
        _ table: String,
        columns: [NewColumn],
        isPartitionedByDay: Bool,
        hasTopicColumn: Bool,
        hasIndexColumn: Bool,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let log = LogColumn.field(id: 1, withTopic: hasTopicColumn, withIndex: hasIndexColumn)
        guard let schema = try? Schema(fields: [log]).adding(columns) else {
            throw .invalid(table: table, reason: "columns that cannot be")
        }
        return state.withLock { state in
            state.commits += 1
            let stored = Stored(uuid: "u\(state.commits)", schema: schema)
            state.tables[table] = stored
            return self.version(table, stored, pipeline)
        }
    }

    func addColumns(
        _ columns: [NewColumn],
        to base: TableVersion,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let changed: TableVersion? = state.withLock { state in
            guard var stored = state.tables[base.table], token(stored) == base.token else {
                return nil
            }
            guard let evolved = try? stored.schema.adding(columns) else { return nil }
            stored.schema = evolved
            stored.version += 1
            state.tables[base.table] = stored
            return self.version(base.table, stored, pipeline)
        }
        guard let changed else { throw .conflict(table: base.table) }
        return changed
    }

    func openFile(
        for version: TableVersion,
        day: Int32?,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> Writer {
        state.withLock { state in
            state.openFiles += 1
            state.openFilesPeak = max(state.openFilesPeak, state.openFiles)
            state.filesOpened += 1
        }
        return Writer(self)
    }

    /// Every row is a file of its own here, named by its place.
    func removeRows(
        at places: Set<RecordPlace>,
        from version: TableVersion,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> RemovedRows<[Row]> {
        let rows = state.withLock { $0.tables[version.table]?.rows ?? [] }
        let found = places.filter { place in
            rows.contains {
                $0.partition == place.partition.index && $0.offset == place.offset
                    && ($0.topic ?? place.partition.topic) == place.partition.topic
            }
        }
        let names = found.map { "\($0.partition.index)/\($0.offset)" }
        return RemovedRows(removedFiles: names, found: found)
    }

    func finder(of version: TableVersion) throws(TableCommitterError) -> RowFinder {
        let rows = state.withLock { $0.tables[version.table]?.rows ?? [] }
        return { (partition, offsets) throws(TableCommitterError) in
            let found = rows.filter {
                $0.partition == partition.index && offsets.contains($0.offset)
                    && ($0.topic ?? partition.topic) == partition.topic
            }
            return Set(found.map(\.offset)).sorted()
        }
    }

    func removeRows(
        in ranges: [SourcePartition: OffsetRanges],
        from version: TableVersion,
        pipeline: String,
        epoch: Int64,
        isRehearsal: Bool
    ) throws(TableCommitterError) -> RemovedRanges<[Row]> {
        let rows = state.withLock { $0.tables[version.table]?.rows ?? [] }
        let gone = rows.filter { row in
            ranges.contains { partition, ranges in
                partition.index == row.partition && ranges.contains(row.offset)
                    && (row.topic ?? partition.topic) == partition.topic
            }
        }
        return RemovedRanges(
            removedFiles: Set(gone.map(name(of:))).sorted(),
            rows: Int64(gone.count)
        )
    }

    private func name(of row: Row) -> String { "\(row.partition)/\(row.offset)" }

    func commit(
        _ changes: [TableChange<[Row]>]
    ) throws(TableCommitterError) -> [TableVersion] {
        let table = changes[0].base.table
        let outcome: Result<[TableVersion], TableCommitterError> = state.withLock { state in
            let fault: Fault? = state.faults.isEmpty ? nil : state.faults.removeFirst()
            switch fault {
            case .conflict:
                state.tables[table]?.version += 1
            case .unknownLost:
                return .failure(.unknownOutcome(table: table, reason: "lost on the way"))
            case .storage:
                return .failure(.storage(table: table, reason: "disk full"))
            case .unknownApplied, nil:
                break
            }
            for change in changes {
                guard let stored = state.tables[change.base.table],
                    token(stored) == change.base.token
                else { return .failure(.conflict(table: change.base.table)) }
            }
            let versions = changes.map { apply($0, &state) }
            if state.isTakenNext {
                state.isTakenNext = false
                let pipeline = changes[0].marker.pipeline
                state.tables[table]?.markers[pipeline]?.epoch += 1
                state.tables[table]?.markers[pipeline]?.commitID = "another's"
                state.tables[table]?.version += 1
            }
            return fault == .unknownApplied
                ? .failure(.unknownOutcome(table: table, reason: "answer lost"))
                : .success(versions)
        }
        return try outcome.get()
    }

    private func apply(_ change: TableChange<[Row]>, _ state: inout State) -> TableVersion {
        let name = change.base.table
        guard var stored = state.tables[name] else { preconditionFailure("checked before") }
        let rows = change.files.flatMap(\.self)
        stored.version += 1
        let gone = Set(change.removedFiles)
        stored.rows.removeAll { gone.contains(self.name(of: $0)) }
        stored.rows += rows
        if !rows.isEmpty { stored.commits.append(rows.count) }
        stored.markers[change.marker.pipeline] = change.marker
        state.tables[name] = stored
        return version(name, stored, change.marker.pipeline)
    }

    func discard(_ files: [[Row]], of table: String) {
        state.withLock { $0.discarded += files.count }
    }

    func removeLeftovers(of version: TableVersion, pipeline: String) {}

    private func token(_ stored: Stored) -> String { "\(stored.uuid)/\(stored.version)" }

    private func version(_ name: String, _ stored: Stored, _ pipeline: String) -> TableVersion {
        TableVersion(
            table: name,
            uuid: stored.uuid,
            token: token(stored),
            schema: stored.schema,
            marker: stored.markers[pipeline],
            hasOtherPipelines: stored.markers.keys.contains { $0 != pipeline }
        )
    }

    /// Gathers the rows' places in the log.
    final class Writer: TableFileWriter {
        private let tables: MemoryTables
        private var rows: [Row] = []

        init(_ tables: MemoryTables) { self.tables = tables }

        var bytesWritten: Int { rows.count * 100 }

        func write(_ batch: consuming ArrowBatch) throws(TableCommitterError) {
            guard let log = batch.fields.firstIndex(where: { $0.name == LogColumn.name }) else {
                throw .invalid(table: "", reason: "no _log")
            }
            let column = batch.column(log)
            let fields = column.field.children.map(\.name)
            guard let partition = fields.firstIndex(of: "partition"),
                let offset = fields.firstIndex(of: "offset")
            else { throw .invalid(table: "", reason: "no position") }
            let topic = fields.firstIndex(of: "topic")
            let index = fields.firstIndex(of: "index")
            for row in 0..<batch.rowCount {
                rows.append(
                    Row(
                        partition: column.child(partition).int32(row),
                        offset: column.child(offset).int64(row),
                        topic: topic.map {
                            String(repairingUTF8: column.child($0).bytes(row))
                        },
                        index: index.map { column.child($0).int32(row) } ?? 0,
                        cells: cells(of: batch, row)
                    )
                )
            }
        }

        private func cells(of batch: borrowing ArrowBatch, _ row: Int) -> [String: String] {
            var cells: [String: String] = [:]
            for (index, field) in batch.fields.enumerated() where field.name != LogColumn.name {
                if let text = Self.text(batch.column(index), row) { cells[field.name] = text }
            }
            return cells
        }

        /// A value as text; nil for null.
        private static func text(_ column: borrowing ArrowColumnView, _ row: Int) -> String? {
            if column.isNull(row) { return nil }
            return switch column.field.type {
            case .boolean: "\(column.boolean(row))"
            case .int32, .date32: "\(column.int32(row))"
            case .int64, .timestampMicros: "\(column.int64(row))"
            case .float64: "\(column.float64(row))"
            case .decimal128: "\(column.int128(row))"
            case .utf8, .binary: String(repairingUTF8: column.bytes(row))
            case .struct:
                "{"
                    + column.field.children.indices.compactMap { index in
                        text(column.child(index), row).map {
                            "\(column.field.children[index].name):\($0)"
                        }
                    }.joined(separator: ",") + "}"
            case .list:
                "["
                    + column.elements(row).map {
                        text(column.child(0), $0) ?? "null"
                    }.joined(separator: ",") + "]"
            case .map:
                "<"
                    + column.elements(row).map { entry in
                        let key = text(column.child(0).child(0), entry) ?? "null"
                        return "\(key)=\(text(column.child(0).child(1), entry) ?? "null")"
                    }.joined(separator: ",") + ">"
            default: "\(column.field.type)"
            }
        }

        func close() throws(TableCommitterError) -> [Row] {
            tables.state.withLock { $0.openFiles -= 1 }
            return rows
        }

        func abandon() {
            tables.state.withLock { $0.openFiles -= 1 }
        }
    }
}
