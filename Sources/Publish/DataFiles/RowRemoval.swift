internal import ArrowData
public import IcebergModel
public import Parquet
public import Stores
public import Tables

/// Takes rows out of a table by copy on write.
///
/// Confined to one thread at a time; calls block for the disk.
public struct RowRemoval {
    /// What came of it, for a commit: `removed` out, `added` in.
    public struct Result: Sendable {
        /// Paths of the files that have rows to be taken out.
        public var removed: [String] = []
        /// Files that stand in their places. Fewer, where every row of a file goes.
        public var added: [DataFile] = []
        /// The places of which rows were found. In tables of one topic they have no topic.
        public var found: Set<RowPlace> = []
        /// Rows that go. More than places when the table has rows twice.
        public var rows: Int64 = 0
        /// How many of the removed files were not read: their bounds tell that every row goes.
        public var dropped = 0
        /// Files of deletes whose rows are not in the added files. The commit has to name them.
        public var appliedDeletes: Set<String> = []
    }

    /// Bytes of rows that are read at a time, about.
    private static let batchBytes: Int64 = 8 << 20

    private let table: Table
    private let fields: PlaceFields
    private let store: any DataStore
    private let options: ParquetOptions
    private let specIDs: Set<Int>

    /// Removal from `table` as it is, whose rows tell their places in `fields`.
    ///
    /// - Parameter specIDs: specs whose files may be written anew; nil: the default alone.
    public init(
        from table: Table,
        fields: PlaceFields,
        store: any DataStore,
        options: ParquetOptions = ParquetOptions(),
        specIDs: Set<Int>? = nil
    ) {
        self.table = table
        self.fields = fields
        self.store = store
        self.options = options
        self.specIDs = specIDs ?? [table.metadata.defaultSpecID]
    }

    /// Writes the files that have rows of `places` anew without those.
    ///
    /// - Parameter newName: the URI of the file that is to stand in the place of another. It must
    ///   not exist.
    public func rewrite(
        without places: Set<RowPlace>,
        newName: (DataFile) -> String
    ) throws(RowRemovalError) -> Result {
        try rewrite(
            without: PlaceIndex(places, hasTopic: fields.topic != nil),
            isRehearsal: false,
            newName
        )
    }

    /// As `rewrite(without places:)`, for ranges: files that lie in them wholly are not read.
    ///
    /// - Parameter isRehearsal: true to find out what goes and to write nothing.
    public func rewrite(
        without ranges: PlaceRanges,
        isRehearsal: Bool,
        newName: (DataFile) -> String
    ) throws(RowRemovalError) -> Result {
        try rewrite(without: ranges, isRehearsal: isRehearsal, newName)
    }

    private func rewrite(
        without choice: some RowChoice,
        isRehearsal: Bool,
        _ newName: (DataFile) -> String
    ) throws(RowRemovalError) -> Result {
        var result = Result()
        do throws(RowRemovalError) {
            let scan = try scan()
            let chosen = scan.files.indices.filter {
                choice.mayHave(PlaceBounds(of: scan.files[$0].live.file, fields))
            }
            var deletes = PositionDeletes(of: scan, store: store)
            try deletes.read(for: chosen)
            for index in chosen {
                let live = scan.files[index].live
                let deleted = try deletes.positions(of: index)
                let removedBefore = result.removed.count
                if choice.hasAll(PlaceBounds(of: live.file, fields)) {
                    result.removed.append(live.file.path)
                    result.rows += live.file.recordCount - Int64(deleted.count)
                    result.dropped += 1
                } else {
                    guard specIDs.contains(live.specID) else {
                        throw .otherSpec(file: live.file.path, specID: live.specID)
                    }
                    try rewrite(
                        live.file,
                        without: choice,
                        deleted,
                        isRehearsal ? nil : newName(live.file),
                        into: &result
                    )
                }
                if result.removed.count > removedBefore {
                    result.appliedDeletes.formUnion(
                        scan.files[index].deletes.map { scan.deletes[$0].live.file.path }
                    )
                }
            }
            return result
        } catch {
            // What cannot be deleted is an orphan that no snapshot names; the error matters more.
            for file in result.added { try? store.delete(file.path) }
            throw error
        }
    }

    private func scan() throws(RowRemovalError) -> TableScan {
        do throws(TableError) { return try table.scan() } catch { throw .table(error) }
    }

    private func rewrite(
        _ file: DataFile,
        without choice: some RowChoice,
        _ deleted: [Int64],
        _ uri: String?,
        into result: inout Result
    ) throws(RowRemovalError) {
        let copies: LocalCopies
        let newPath: String?
        do throws(StoreError) {
            copies = try store.copies(of: [file.path])
            newPath = try uri.map { (uri) throws(StoreError) in try store.draft(uri) }
        } catch { throw .store(error) }
        // The copy has to stay as long as it is read.
        defer { withExtendedLifetime(copies) {} }
        var isKept = false
        defer { if !isKept, let uri { store.abandonDraft(uri) } }
        var reader: ParquetReader
        do throws(ParquetError) {
            reader = try ParquetReader(
                path: copies.paths[0],
                batchBytes: Self.batchBytes,
                options: options
            )
        } catch { throw .parquet(error) }
        guard let columns = PlaceColumns(fields, in: reader.fields) else {
            throw .noPlaces(file: file.path)
        }
        var found = FoundRows()
        let summary: ParquetFileSummary?
        do throws(ParquetError) {
            var deleted = DeletedRows(deleted)
            summary = try copy(&reader, to: newPath, columns, without: choice, &deleted, &found)
        } catch { throw .parquet(error) }
        if found.rows == 0 { return }
        result.removed.append(file.path)
        result.found.formUnion(found.places)
        result.rows += found.rows
        guard let summary, let uri else { return }
        var added = DataFile(summary, uri: uri, partition: file.partition)
        added.sortOrderID = file.sortOrderID
        isKept = true
        store.finish(uri)
        result.added.append(added)
    }

    /// Copies what stays, or counts what goes when there is no `path`. Nil, and no file, when
    /// nothing stays or nothing goes. Rows that were deleted before neither stay nor go.
    private func copy(
        _ reader: inout ParquetReader,
        to path: String?,
        _ columns: PlaceColumns,
        without choice: some RowChoice,
        _ deleted: inout DeletedRows,
        _ found: inout FoundRows
    ) throws(ParquetError) -> ParquetFileSummary? {
        guard let path else {
            while let batch = try reader.next() {
                _ = columns.runs(of: batch, without: choice, &deleted, &found)
            }
            return nil
        }
        var writer = try ParquetWriter(path: path, fields: reader.fields, options: options)
        while let batch = try reader.next() {
            let runs = columns.runs(of: batch, without: choice, &deleted, &found)
            if !runs.isEmpty { try writer.write(batch, runs: runs) }
        }
        // A writer that is not closed takes its file with it.
        if found.rows == 0 || writer.rows == 0 { return nil }
        return try writer.close()
    }
}
