import ArrowData
import Columns
import IcebergModel
import Synchronization

@testable import Pipelines

/// Tables made of files, for the simulation: they know which files are in them, so that a writer
/// that removes one of those is found out.
final class SimulatedTables: TableCommitter {
    /// What goes wrong with the next call.
    enum Fault: CaseIterable {
        /// Another engine commits first.
        case conflict
        /// The answer is lost after the commit was applied.
        case unknownApplied
        /// The request is lost before it was applied.
        case unknownLost
        /// The store refuses a commit.
        case commitRefused
        /// The table cannot be read, once.
        case loadRefused
    }

    struct File: Sendable {
        let id: Int
        let epoch: Int64
        let rows: [SimulatedRow]
    }

    private struct Stored {
        let uuid: String
        var version = 0
        var schema: Schema
        var markers: [String: CommitMarker] = [:]
        var files: [Int: File] = [:]
    }

    private struct State {
        var tables: [String: Stored] = [:]
        var faults: [Fault] = []
        var created = 0
        /// Files on the disk, in a table or not, by the epoch of their writer.
        var onDisk: [Int: Int64] = [:]
        var nextFile = 0
        var violations: [String] = []
    }

    private let state = Mutex(State())

    func inject(_ fault: Fault) { state.withLock { $0.faults.append(fault) } }
    func clearFaults() { state.withLock { $0.faults = [] } }
    var violations: [String] { state.withLock { $0.violations } }
    func rows(of table: String) -> [SimulatedRow] {
        state.withLock { $0.tables[table]?.files.values.flatMap(\.rows) ?? [] }
    }
    func marker(of table: String) -> CommitMarker? {
        state.withLock { $0.tables[table]?.markers["p"] }
    }
    /// Files on the disk that no table has.
    var orphans: Int {
        state.withLock { state in
            let live = state.tables.values.reduce(0) {
                $0 + $1.files.values.filter { $0.id >= 0 }.count
            }
            return state.onDisk.count - live
        }
    }

    /// Another engine's compaction: all files become one.
    func compact(_ table: String) {
        state.withLock { state in
            guard var stored = state.tables[table], !stored.files.isEmpty else { return }
            let rows = stored.files.values.flatMap(\.rows)
            for id in stored.files.keys { state.onDisk[id] = nil }
            state.nextFile += 1
            // The other engine's file: none of our epochs has it.
            stored.files = [state.nextFile: File(id: state.nextFile, epoch: -1, rows: rows)]
            state.onDisk[state.nextFile] = -1
            stored.version += 1
            state.tables[table] = stored
        }
    }

    private static func takes(_ fault: Fault, _ state: inout State) -> Bool {
        guard let first = state.faults.first, first == fault else { return false }
        state.faults.removeFirst()
        return true
    }

    func load(_ table: String, pipeline: String) throws(TableCommitterError) -> TableVersion? {
        let version: Result<TableVersion?, TableCommitterError> = state.withLock { state in
            if Self.takes(.loadRefused, &state) {
                return .failure(.storage(table: table, reason: "not now"))
            }
            return .success(state.tables[table].map { Self.version(table, $0, pipeline) })
        }
        return try version.get()
    }

    func create(
        _ table: String,
        columns: [NewColumn],
        isPartitionedByDay: Bool,
        hasTopicColumn: Bool,
        hasIndexColumn: Bool,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let fields =
            [LogColumn.field(id: 1, withTopic: hasTopicColumn)]
            + columns.enumerated().map { NestedField.optional(6 + $0, $1.name, $1.type) }
        return state.withLock { state in
            state.created += 1
            let stored = Stored(uuid: "u\(state.created)", schema: Schema(fields: fields))
            state.tables[table] = stored
            return Self.version(table, stored, pipeline)
        }
    }

    func addColumns(
        _ columns: [NewColumn],
        to base: TableVersion,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let changed: TableVersion? = state.withLock { state in
            guard var stored = state.tables[base.table], Self.token(stored) == base.token else {
                return nil
            }
            for column in columns {
                let id = stored.schema.highestFieldID + 1
                stored.schema.fields.append(.optional(id, column.name, column.type))
            }
            stored.version += 1
            state.tables[base.table] = stored
            return Self.version(base.table, stored, pipeline)
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
        let id = state.withLock { state in
            state.nextFile += 1
            state.onDisk[state.nextFile] = epoch
            return state.nextFile
        }
        return Writer(self, id, epoch)
    }

    func removeRows(
        at places: Set<RecordPlace>,
        from version: TableVersion,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> RemovedRows<File> {
        let places = Dictionary(
            grouping: places,
            by: { SimulatedRow(partition: $0.partition.index, offset: $0.offset) }
        )
        return state.withLock { state in
            var removed: [String] = []
            var files: [File] = []
            var found: Set<RecordPlace> = []
            for file in state.tables[version.table]?.files.values.map(\.self) ?? [] {
                let rows = file.rows.filter { places[$0] == nil }
                if rows.count == file.rows.count { continue }
                found.formUnion(file.rows.flatMap { places[$0] ?? [] })
                removed.append(String(file.id))
                if rows.isEmpty { continue }
                state.nextFile += 1
                state.onDisk[state.nextFile] = epoch
                files.append(File(id: state.nextFile, epoch: epoch, rows: rows))
            }
            return RemovedRows(removedFiles: removed, files: files, found: found)
        }
    }

    func finder(of version: TableVersion) throws(TableCommitterError) -> RowFinder {
        let rows = rows(of: version.table)
        return { (partition, offsets) throws(TableCommitterError) in
            let found = rows.filter {
                $0.partition == partition.index && offsets.contains($0.offset)
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
    ) throws(TableCommitterError) -> RemovedRanges<File> {
        let ranges = Dictionary(uniqueKeysWithValues: ranges.map { ($0.key.index, $0.value) })
        return state.withLock { state in
            var result = RemovedRanges<File>()
            for file in state.tables[version.table]?.files.values.map(\.self) ?? [] {
                let rows = file.rows.filter { ranges[$0.partition]?.contains($0.offset) != true }
                if rows.count == file.rows.count { continue }
                result.removedFiles.append(String(file.id))
                result.rows += Int64(file.rows.count - rows.count)
                if rows.isEmpty { result.dropped += 1 }
                if rows.isEmpty || isRehearsal { continue }
                state.nextFile += 1
                state.onDisk[state.nextFile] = epoch
                result.files.append(File(id: state.nextFile, epoch: epoch, rows: rows))
            }
            return result
        }
    }

    func commit(
        _ changes: [TableChange<File>]
    ) throws(TableCommitterError) -> [TableVersion] {
        let table = changes[0].base.table
        let outcome: Result<[TableVersion], TableCommitterError> = state.withLock { state in
            if Self.takes(.conflict, &state) { state.tables[table]?.version += 1 }
            if Self.takes(.unknownLost, &state) {
                return .failure(.unknownOutcome(table: table, reason: "lost on the way"))
            }
            if Self.takes(.commitRefused, &state) {
                return .failure(.storage(table: table, reason: "disk full"))
            }
            for change in changes {
                guard let stored = state.tables[change.base.table],
                    Self.token(stored) == change.base.token
                else { return .failure(.conflict(table: change.base.table)) }
                // As the lake says when somebody else has replaced a file meanwhile.
                guard change.removedFiles.allSatisfy({ stored.files[Int($0) ?? -1] != nil }) else {
                    return .failure(.storage(table: table, reason: "a file to be replaced is gone"))
                }
            }
            let versions = changes.map { Self.apply($0, &state) }
            return Self.takes(.unknownApplied, &state)
                ? .failure(.unknownOutcome(table: table, reason: "answer lost"))
                : .success(versions)
        }
        return try outcome.get()
    }

    private static func apply(_ change: TableChange<File>, _ state: inout State) -> TableVersion {
        let name = change.base.table
        guard var stored = state.tables[name] else { preconditionFailure("checked before") }
        stored.version += 1
        for id in change.removedFiles.compactMap({ Int($0) }) {
            stored.files[id] = nil
            state.onDisk[id] = nil
        }
        for file in change.files {
            if state.onDisk[file.id] == nil {
                state.violations.append("\(name): file \(file.id) was committed after its removal")
            }
            if stored.files.updateValue(file, forKey: file.id) != nil {
                state.violations.append("\(name): file \(file.id) was committed twice")
            }
        }
        stored.markers[change.marker.pipeline] = change.marker
        state.tables[name] = stored
        return version(name, stored, change.marker.pipeline)
    }

    func discard(_ files: [File], of table: String) {
        state.withLock { state in
            for file in files { Self.remove(file.id, &state) }
        }
    }

    /// As the lake does it: files of epochs that can commit no more and that no table has.
    func removeLeftovers(of version: TableVersion, pipeline: String) {
        state.withLock { state in
            let alive = version.marker?.epochs ?? []
            let live = Set(state.tables.values.flatMap(\.files.keys))
            for (id, epoch) in state.onDisk
            where epoch >= 0 && !alive.contains(epoch) && !live.contains(id) {
                state.onDisk[id] = nil
            }
        }
    }

    private static func remove(_ id: Int, _ state: inout State) {
        if state.tables.values.contains(where: { $0.files[id] != nil }) {
            state.violations.append("file \(id) was removed while it was in a table")
        }
        state.onDisk[id] = nil
    }

    private static func token(_ stored: Stored) -> String { "\(stored.uuid)/\(stored.version)" }

    private static func version(
        _ name: String,
        _ stored: Stored,
        _ pipeline: String
    ) -> TableVersion {
        TableVersion(
            table: name,
            uuid: stored.uuid,
            token: token(stored),
            schema: stored.schema,
            marker: stored.markers[pipeline]
        )
    }

    /// Gathers the rows' places in the log.
    final class Writer: TableFileWriter {
        private let tables: SimulatedTables
        private let id: Int
        private let epoch: Int64
        private var rows: [SimulatedRow] = []

        init(_ tables: SimulatedTables, _ id: Int, _ epoch: Int64) {
            self.tables = tables
            self.id = id
            self.epoch = epoch
        }

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
            for row in 0..<batch.rowCount {
                rows.append(
                    SimulatedRow(
                        partition: column.child(partition).int32(row),
                        offset: column.child(offset).int64(row)
                    )
                )
            }
        }

        func close() throws(TableCommitterError) -> File { File(id: id, epoch: epoch, rows: rows) }

        func abandon() {
            tables.state.withLock { SimulatedTables.remove(id, &$0) }
        }
    }
}

/// A row, by its place in the log.
struct SimulatedRow: Hashable {
    let partition: Int32
    let offset: Int64
}
