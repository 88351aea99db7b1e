internal import ArrowData
internal import DataFiles
public import IcebergModel
public import Parquet
public import Stores
public import Tables

/// Merges small data files of a table into large ones. The old files stay where they are, for
/// earlier snapshots, until `Expiry` takes those.
///
/// Confined to one thread at a time; calls block for disk and catalog.
public struct Compaction {
    /// What a merge came to.
    public struct Result: Sendable {
        /// The table with the merge.
        public let table: Table
        /// Files that were merged.
        public let removed: [DataFile]
        /// Files that stand in their places.
        public let added: [DataFile]
    }

    /// Bytes of rows that are held at a time, about.
    private static let batchBytes: Int64 = 8 << 20

    private let lake: Lake
    private let store: any DataStore
    private let options: ParquetOptions
    private let summary: [String: String]

    /// Merging of tables of `lake`, whose data files lie in `store`.
    ///
    /// - Parameter summary: what the snapshots say of who made them.
    public init(
        in lake: Lake,
        store: any DataStore,
        summary: [String: String] = [:],
        options: ParquetOptions = ParquetOptions()
    ) {
        self.lake = lake
        self.store = store
        self.summary = summary
        self.options = options
    }

    /// Merges the files of a group and commits that.
    ///
    /// - Parameters:
    ///   - newName: the URI of a file that is to stand in the place of another one, in the same
    ///     partition. It must not exist.
    ///   - goesOn: told now and then how many rows were copied since it was asked last; false stops
    ///     the merge, and nothing has happened.
    /// - Returns: nil when the files cannot be merged, since their columns are all different.
    ///
    /// Rows that are deleted by position are left out, and the files of deletes that concern
    /// nothing else any more go with the commit. If somebody deletes more rows of the files
    /// meanwhile, the merge does not happen.
    public func merge(
        _ group: CompactionPlan.Group,
        of table: Table,
        newName: (DataFile) -> String,
        goesOn: (_ rows: Int) -> Bool
    ) throws(MaintenanceError) -> Result? {
        var added: [DataFile] = []
        var removed: [DataFile] = []
        var deleted = try DeletedPositions(of: table, group.files.map(\.file.path), store)
        do throws(MaintenanceError) {
            for kind in try alike(group.files.map(\.file), deleted) {
                if let file = try copy(kind, &deleted, to: newName(kind.files[0]), goesOn) {
                    added.append(file)
                }
                removed += kind.files
            }
            if removed.isEmpty { return nil }
            let change = TableCommit(
                files: added,
                removedFiles: removed.map(\.path),
                appliedDeletes: deleted.files,
                summary: summary,
                expectedBase: table.metadata.currentSnapshotID,
                specID: group.files[0].specID,
                keepsRows: true
            )
            let committed = try commit(change, to: table)
            return Result(table: committed, removed: removed, added: added)
        } catch {
            // While the outcome is unknown a snapshot may name them.
            if case .commit(.unknownOutcome) = error { throw error }
            // One that stays is an orphan; why the merge failed matters more.
            for file in added { try? store.delete(file.path) }
            throw error
        }
    }

    /// Files that have the same columns.
    private struct Kind {
        let fields: [ArrowField]
        var files: [DataFile]
    }

    /// Those files that have the same columns as others, together, and those with deleted rows.
    private func alike(
        _ files: [DataFile],
        _ deleted: DeletedPositions
    ) throws(MaintenanceError) -> [Kind] {
        var kinds: [Kind] = []
        for file in files {
            let copies = try copies([file])
            let fields: [ArrowField]
            do throws(ParquetError) {
                fields = try ParquetReader(path: copies.paths[0], options: options).fields
            } catch { throw .parquet(error) }
            // Columns without ids belong to a table by their names, which may have changed since.
            if fields.flatMap(\.leaves).contains(where: { $0.fieldID == nil }) { continue }
            if let known = kinds.firstIndex(where: { $0.fields == fields }) {
                kinds[known].files.append(file)
            } else {
                kinds.append(Kind(fields: fields, files: [file]))
            }
        }
        return kinds.filter { kind in
            kind.files.count > 1 || kind.files.contains { deleted.concern($0.path) }
        }
    }

    private func copies(_ files: [DataFile]) throws(MaintenanceError) -> LocalCopies {
        do throws(StoreError) { return try store.copies(of: files.map(\.path)) } catch {
            throw .store(error)
        }
    }

    /// Nil when all rows are deleted.
    private func copy(
        _ kind: Kind,
        _ deleted: inout DeletedPositions,
        to uri: String,
        _ goesOn: (Int) -> Bool
    ) throws(MaintenanceError) -> DataFile? {
        let copies = try copies(kind.files)
        // The copies have to stay as long as they are read.
        defer { withExtendedLifetime(copies) {} }
        let draft: String
        do throws(StoreError) { draft = try store.draft(uri) } catch { throw .store(error) }
        let summary: ParquetFileSummary?
        do throws(MaintenanceError) {
            var sources: [Source] = []
            for (file, path) in zip(kind.files, copies.paths) {
                sources.append(Source(path: path, deleted: try deleted.positions(of: file.path)))
            }
            summary = try copy(sources, kind.fields, to: draft, goesOn)
        } catch {
            store.abandonDraft(uri)
            throw error
        }
        guard let summary else {
            store.abandonDraft(uri)
            return nil
        }
        store.finish(uri)
        var merged = DataFile(summary, uri: uri, partition: kind.files[0].partition)
        // Rows of several files, one after the other, are in no order.
        merged.sortOrderID = nil
        return merged
    }

    /// A file of this machine, and the positions of its deleted rows, ascending.
    private struct Source {
        let path: String
        let deleted: [Int64]
    }

    /// Nil, and no file, when no row is left.
    private func copy(
        _ sources: [Source],
        _ fields: [ArrowField],
        to newPath: String,
        _ goesOn: (Int) -> Bool
    ) throws(MaintenanceError) -> ParquetFileSummary? {
        var isStopped = false
        let summary: ParquetFileSummary?
        do throws(ParquetError) {
            // A writer that is not closed takes its file with it.
            var writer = try ParquetWriter(path: newPath, fields: fields, options: options)
            for source in sources where !isStopped {
                isStopped = try !copy(source, to: &writer, goesOn)
            }
            summary = isStopped || writer.rows == 0 ? nil : try writer.close()
        } catch { throw .parquet(error) }
        if isStopped { throw .stopped }
        return summary
    }

    /// False when it was stopped.
    private func copy(
        _ source: Source,
        to writer: inout ParquetWriter,
        _ goesOn: (Int) -> Bool
    ) throws(ParquetError) -> Bool {
        var reader = try ParquetReader(
            path: source.path,
            batchBytes: Self.batchBytes,
            options: options
        )
        var first: Int64 = 0
        var deleted = source.deleted[...]
        while let batch = try reader.next() {
            let rows = batch.rowCount
            let here = deleted.prefix { $0 < first + Int64(rows) }
            if here.isEmpty {
                try writer.write(batch)
            } else {
                let runs = Self.runs(of: rows, without: here.map { Int($0 - first) })
                if !runs.isEmpty { try writer.write(batch, runs: runs) }
                deleted = deleted.dropFirst(here.count)
            }
            first += Int64(rows)
            if !goesOn(rows) { return false }
        }
        return true
    }

    /// The stretches between `positions`, which ascend.
    private static func runs(of rows: Int, without positions: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for position in positions + [rows] {
            if position > start { runs.append(start..<position) }
            start = position + 1
        }
        return runs
    }

    private func commit(
        _ change: TableCommit,
        to table: Table
    ) throws(MaintenanceError) -> Table {
        let prepared: PreparedCommit
        do throws(CommitError) { prepared = try table.prepare(change) } catch {
            throw .commit(error)
        }
        return try MaintenanceCommit(lake).commit(prepared, to: table)
    }
}
