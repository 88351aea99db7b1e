import Catalogs
import Clocks
import Columns
import Files
import IcebergModel
import Pipelines
import Stores
import Synchronization
import Tables
import Telemetry

/// The lake's tables as pipelines need them: their checkpoints are table properties, their commits
/// go through the catalog.
final class LakeCommitter: TableCommitter {
    let service: LakeService
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// The newest version that a lane has seen, by table name.
        var tables: [String: Table] = [:]
        /// Attempts whose outcome nobody has told yet, by table name.
        var unsettled: [String: CommitAttempt] = [:]
        /// Number of data files opened, to tell their names apart.
        var files: UInt64 = 0
    }

    init(_ service: LakeService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    private var lake: Lake { service.lake }

    // Reading

    func load(
        _ table: String,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion? {
        try settle(table)
        let known = state.withLock { $0.tables[table] }
        let found: Table
        do throws(TableError) {
            if let known {
                found = try lake.refresh(known)
            } else {
                found = try lake.table(LakeService.identifier(table))
            }
        } catch {
            if error.isNoSuchTable { return nil }
            throw failure(table, error)
        }
        return try version(found, pipeline)
    }

    /// A commit of unknown outcome must be decided before the table is read: what cannot be seen
    /// then never will be.
    private func settle(_ table: String) throws(TableCommitterError) {
        guard let attempt = state.withLock({ $0.unsettled[table] }) else { return }
        do throws(TableError) { _ = try lake.outcome(of: attempt) } catch {
            throw failure(table, error)
        }
        state.withLock { $0.unsettled[table] = nil }
    }

    private func version(
        _ table: Table,
        _ pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let name = table.identifier.name
        let properties = table.metadata.properties
        let key = CommitMarker.propertyKey(pipeline: pipeline)
        let prefix = CommitMarker.propertyKey(pipeline: "")
        var marker: CommitMarker?
        if let text = properties[key] {
            do throws(CommitMarkerError) { marker = try CommitMarker(json: text) } catch {
                throw .invalid(table: name, reason: error.reason)
            }
        }
        state.withLock { $0.tables[name] = table }
        return TableVersion(
            table: name,
            uuid: table.metadata.uuid,
            token: table.metadataLocation,
            schema: table.metadata.schema,
            marker: marker,
            hasOtherPipelines: properties.keys.contains { $0 != key && $0.hasPrefix(prefix) }
        )
    }

    /// The table at exactly that version.
    func table(at version: TableVersion) throws(TableCommitterError) -> Table {
        guard let table = state.withLock({ $0.tables[version.table] }),
            table.metadataLocation == version.token
        else { throw .conflict(table: version.table) }
        return table
    }

    // Changing

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
        let made: Table
        do throws(TableError) {
            made = try lake.createTable(
                LakeService.identifier(table),
                schema: base,
                spec: isPartitionedByDay ? Self.byDay(base) : .unpartitioned
            )
        } catch { throw failure(table, error) }
        let version = try version(made, pipeline)
        return columns.isEmpty
            ? version : try addColumns(columns, to: version, pipeline: pipeline)
    }

    /// Every table of a pipeline has the column that this divides by.
    private static func byDay(_ schema: Schema) -> PartitionSpec {
        do throws(IcebergError) {
            return try PartitionSpec.day(of: "\(LogColumn.name).timestamp", in: schema)
        } catch { preconditionFailure("\(error)") }
    }

    func addColumns(
        _ columns: [NewColumn],
        to base: TableVersion,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion {
        let table = try table(at: base)
        let commit = TableCommit(
            files: [],
            newColumns: columns,
            expectedBase: table.metadata.currentSnapshotID,
            expectedProperties: expectation(of: table, pipeline)
        )
        let changed: Table
        do throws(CommitError) { changed = try table.apply(commit) } catch {
            throw failure(base.table, error)
        }
        return try version(changed, pipeline)
    }

    func commit(
        _ changes: [TableChange<DataFile>]
    ) throws(TableCommitterError) -> [TableVersion] {
        var prepared: [(table: Table, prepared: PreparedCommit)] = []
        for change in changes {
            do throws(TableCommitterError) {
                let table = try table(at: change.base)
                prepared.append((table, try prepare(commit(of: change, to: table), for: table)))
            } catch {
                for entry in prepared { lake.discard(entry.prepared) }
                throw error
            }
        }
        let tables: [Table]
        do throws(CommitError) { tables = try lake.commit(prepared) } catch {
            if case .unknownOutcome(let attempt, _) = error {
                state.withLock { $0.unsettled[attempt.table.name] = attempt }
            } else {
                for entry in prepared { lake.discard(entry.prepared) }
            }
            throw failure(changes[0].base.table, error)
        }
        for (table, change) in zip(tables, changes) where !change.files.isEmpty {
            pending(table, change.marker.pipeline, change.epoch).clear()
        }
        var versions: [TableVersion] = []
        for (table, change) in zip(tables, changes) {
            versions.append(try version(table, change.marker.pipeline))
        }
        return versions
    }

    private func prepare(
        _ commit: TableCommit,
        for table: Table
    ) throws(TableCommitterError) -> PreparedCommit {
        do throws(CommitError) { return try table.prepare(commit) } catch {
            throw failure(table.identifier.name, error)
        }
    }

    private func commit(
        of change: TableChange<DataFile>,
        to table: Table
    ) throws(TableCommitterError) -> TableCommit {
        let marker = change.marker
        let key = CommitMarker.propertyKey(pipeline: marker.pipeline)
        return TableCommit(
            files: change.files,
            removedFiles: change.removedFiles,
            appliedDeletes: change.appliedDeletes,
            setProperties: [key: marker.json],
            summary: [
                key: marker.json, "millrace.commit-id": marker.commitID,
                "millrace.epoch": String(marker.epoch), "engine-name": "millrace",
                "engine-version": Millrace.version,
            ],
            expectedBase: table.metadata.currentSnapshotID,
            expectedProperties: expectation(of: table, marker.pipeline),
            specID: try specID(of: change.files, in: table)
        )
    }

    private func expectation(of table: Table, _ pipeline: String) -> [String: String?] {
        let key = CommitMarker.propertyKey(pipeline: pipeline)
        return [key: table.metadata.properties[key]]
    }

    // Files

    func openFile(
        for version: TableVersion,
        day: Int32?,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> LakeFileWriter {
        let table = try table(at: version)
        let folder = table.metadata.location + "/data"
        let spec = try landedSpec(of: table, byDay: day != nil)
        let partitionFolder = day.map { day in
            let date = Timestamp(milliseconds: Int64(day) * 86_400_000).iso8601.prefix(10)
            return "/\(spec.fields.first?.name ?? "day")=\(date)"
        }
        let uri = newFile(
            in: folder + (partitionFolder ?? ""),
            of: table,
            pipeline: pipeline,
            epoch: epoch
        )
        do throws(StoreError) {
            try service.store.createFolder(folder + (partitionFolder ?? ""))
            return try LakeFileWriter(
                table: version.table,
                uri: uri,
                in: service.store,
                partition: spec.fields.isEmpty ? [] : day.map { [.date($0)] } ?? []
            )
        } catch {
            throw .storage(table: version.table, reason: error.description)
        }
    }

    /// The URI of a data file that is about to be made; noted, so that a restart can remove it.
    func newFile(in folder: String, of table: Table, pipeline: String, epoch: Int64) -> String {
        let number = state.withLock { state in
            state.files += 1
            return state.files
        }
        let name = DataFileName.make(
            pipeline: pipeline,
            epoch: epoch,
            number: number,
            uuid: service.newUUID()
        )
        let uri = "\(folder)/\(name)"
        pending(table, pipeline, epoch).add(uri)
        return uri
    }

    func discard(_ files: [DataFile], of table: String) {
        for file in files { try? service.store.delete(file.path) }
    }

    func removeLeftovers(of version: TableVersion, pipeline: String) {
        guard let table = try? table(at: version) else { return }
        let alive = version.marker?.epochs ?? []
        let lists = PendingFiles.all(in: service.notes(of: table), pipeline: pipeline)
            .filter { !alive.contains($0.epoch) }
        let names = lists.flatMap(\.names)
        guard !lists.isEmpty else { return }
        do throws(TableError) {
            // A file may be in a snapshot that another engine's compaction has replaced since.
            var referenced: Set<String> = []
            for snapshot in table.metadata.snapshots {
                referenced.formUnion(try table.dataPaths(snapshotID: snapshot.id))
            }
            let leftovers = names.filter { !referenced.contains($0) }
            for uri in leftovers { try? service.store.delete(uri) }
            for list in lists { list.clear() }
            if !leftovers.isEmpty {
                logger.info(
                    "removed unfinished files",
                    ["table": version.table, "files": leftovers.count]
                )
            }
        } catch {
            logger.warning(
                "unfinished files were left alone",
                ["table": version.table, "reason": error.description]
            )
        }
    }

    private func pending(_ table: Table, _ pipeline: String, _ epoch: Int64) -> PendingFiles {
        PendingFiles(in: service.notes(of: table), pipeline: pipeline, epoch: epoch)
    }

    // Errors

    private func failure(_ table: String, _ error: CommitError) -> TableCommitterError {
        switch error {
        case .conflict, .tableChanged: .conflict(table: table)
        // Trying again writes the files for the columns, or without the rows, as they are now.
        case .columnsChanged(_, let reason): .storage(table: table, reason: reason)
        case .filesGone: .storage(table: table, reason: error.description)
        case .unknownOutcome(_, let reason): .unknownOutcome(table: table, reason: reason)
        case .storage(let error): failure(table, error)
        }
    }

    func failure(_ table: String, _ error: TableError) -> TableCommitterError {
        switch error {
        case .metadata, .rejected, .hasDeletes, .unreadableDeletes:
            .invalid(table: table, reason: error.description)
        case .catalog, .store: .storage(table: table, reason: error.description)
        }
    }
}
