import ArrowData
import Bytes
import Columns
import IcebergModel
import Synchronization

/// Tables that are only there to find out what records would become: columns can be added, rows
/// are dropped, complaints are kept. Nothing outside is touched.
final class RehearsalTables: TableCommitter {
    private struct State {
        var tables: [String: TableMetadata] = [:]
        var complaints: [RecordPlace: Complaint] = [:]
    }

    private let state = Mutex(State())
    private let definition: LaneDefinition

    /// The definition's table as it is, and no others.
    init(_ definition: LaneDefinition, schema: Schema) throws(TableCommitterError) {
        self.definition = definition
        let metadata = try Self.metadata(schema, of: definition.table)
        state.withLock { $0.tables[definition.table] = metadata }
    }

    /// What is wrong with the record at `place`, once its dead letter was written.
    func complaint(at place: RecordPlace) -> Complaint? {
        state.withLock { $0.complaints[place] }
    }

    private static func metadata(
        _ schema: Schema,
        of table: String
    ) throws(TableCommitterError) -> TableMetadata {
        do throws(IcebergError) {
            return try TableMetadata.new(
                uuid: table,
                location: "rehearsal:///\(table)",
                schema: schema,
                timestampMilliseconds: 0
            )
        } catch { throw .invalid(table: table, reason: "\(error)") }
    }

    private func version(_ table: String, _ metadata: TableMetadata) -> TableVersion {
        TableVersion(
            table: table,
            uuid: metadata.uuid,
            token: "\(metadata.currentSchemaID)",
            schema: metadata.schema,
            marker: nil
        )
    }

    func load(_ table: String, pipeline: String) throws(TableCommitterError) -> TableVersion? {
        state.withLock { $0.tables[table] }.map { version(table, $0) }
    }

    func create(
        _ table: String,
        columns: [NewColumn],
        isPartitionedByDay: Bool,
        hasTopicColumn: Bool,
        hasIndexColumn: Bool,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let base = Schema(fields: [
            LogColumn.field(id: 1, withTopic: hasTopicColumn, withIndex: hasIndexColumn)
        ])
        let metadata = try Self.metadata(base, of: table)
        state.withLock { $0.tables[table] = metadata }
        return try addColumns(columns, to: version(table, metadata), pipeline: pipeline)
    }

    func addColumns(
        _ columns: [NewColumn],
        to base: TableVersion,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        guard let metadata = state.withLock({ $0.tables[base.table] }) else {
            throw .conflict(table: base.table)
        }
        let changed: TableMetadata
        do throws(IcebergError) { changed = try metadata.adding(columns: columns) } catch {
            throw .invalid(table: base.table, reason: "\(error)")
        }
        state.withLock { $0.tables[base.table] = changed }
        return version(base.table, changed)
    }

    func openFile(
        for version: TableVersion,
        day: Int32?,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> Writer {
        Writer(self, keepsComplaints: version.table == definition.deadLetterTable)
    }

    func removeRows(
        at places: Set<RecordPlace>,
        from version: TableVersion,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> RemovedRows<NoFile> { RemovedRows() }

    func finder(of version: TableVersion) throws(TableCommitterError) -> RowFinder {
        { _, _ in [] }
    }

    func removeRows(
        in ranges: [SourcePartition: OffsetRanges],
        from version: TableVersion,
        pipeline: String,
        epoch: Int64,
        isRehearsal: Bool
    ) throws(TableCommitterError) -> RemovedRanges<NoFile> { RemovedRanges() }

    func commit(
        _ changes: [TableChange<NoFile>]
    ) throws(TableCommitterError) -> [TableVersion] { changes.map(\.base) }

    func discard(_ files: [NoFile], of table: String) {}

    func removeLeftovers(of version: TableVersion, pipeline: String) {}

    /// What stands for a file that was never written.
    struct NoFile: Sendable {}

    /// Drops rows; reads complaints out of dead letters.
    final class Writer: TableFileWriter {
        private let tables: RehearsalTables
        private let keepsComplaints: Bool

        init(_ tables: RehearsalTables, keepsComplaints: Bool) {
            self.tables = tables
            self.keepsComplaints = keepsComplaints
        }

        var bytesWritten: Int { 0 }

        func write(_ batch: consuming ArrowBatch) throws(TableCommitterError) {
            if keepsComplaints { tables.keepComplaints(of: batch) }
        }

        func close() throws(TableCommitterError) -> NoFile { NoFile() }

        func abandon() {}
    }
}

extension RehearsalTables {
    fileprivate func keepComplaints(of batch: borrowing ArrowBatch) {
        func index(_ name: String) -> Int { batch.fields.firstIndex { $0.name == name } ?? 0 }
        let log = batch.column(index(LogColumn.name))
        let reason = batch.column(index("reason"))
        let detail = batch.column(index("detail"))
        let field = batch.column(index("field"))
        let topicColumn = log.field.children.firstIndex { $0.name == "topic" }
        var complaints: [RecordPlace: Complaint] = [:]
        for row in 0..<batch.rowCount {
            let topic =
                topicColumn.map { String(repairingUTF8: log.child($0).bytes(row)) }
                ?? definition.topics[0]
            let place = RecordPlace(
                partition: SourcePartition(topic: topic, index: log.child(0).int32(row)),
                offset: log.child(1).int64(row)
            )
            complaints[place] = Complaint(
                reason: String(repairingUTF8: reason.bytes(row)),
                detail: String(repairingUTF8: detail.bytes(row)),
                field: field.isNull(row) ? nil : String(repairingUTF8: field.bytes(row))
            )
        }
        state.withLock { $0.complaints.merge(complaints) { _, new in new } }
    }
}
