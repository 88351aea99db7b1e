public import ArrowData
internal import CArrow
internal import Compression

/// One new Parquet file that takes batches until it is closed.
///
/// The file must not exist before. When the writer goes away without `close`, or close fails, the
/// file is removed. Not thread-safe, but it may move between threads. The closed file is not yet
/// durable; that is up to the caller.
@safe
public struct ParquetWriter: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: the handle has this value as its only owner.
    private let handle: OpaquePointer
    private var hasFailed = false
    private var rowsInGroup = 0
    private var bytesInGroup = 0
    private var ranges: [FloatingRange?]
    private let options: ParquetOptions
    /// The row group under construction; nil when Arrow's own writer makes the pages.
    private let paged: PagedRows?
    /// Where the file is.
    public let path: String
    /// The columns, which every batch must have.
    public let fields: [ArrowField]
    /// Rows taken so far.
    public private(set) var rows = 0

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - path: a file system path; the directory must exist, the file must not.
    ///   - fields: the columns; field ids are written into the file.
    public init(
        path: String,
        fields: [ArrowField],
        options: ParquetOptions = ParquetOptions()
    ) throws(ParquetError) {
        var status = c_arrow_status()
        // SAFETY: the shim moves the schema; the path lives during the call.
        var schema = unsafe ArrowField.exportedSchema(of: fields)
        let opened = unsafe c_arrow_parquet_writer_open(path, &schema, &status)
        guard let opened = unsafe opened else {
            throw ParquetError(status, path: path)
                ?? ParquetError(.invalid, path: path, message: "the file could not be created")
        }
        unsafe handle = opened
        ranges = fields.flatMap { Self.ranges(of: $0) }
        self.options = options
        paged =
            PagedRows.canHold(fields, options: options)
            ? PagedRows(fields: fields, options: options) : nil
        self.path = path
        self.fields = fields
    }

    deinit {
        // SAFETY: the handle is live and freed exactly once; freeing an unfinished writer removes
        // its file.
        unsafe c_arrow_parquet_writer_free(handle)
    }

    /// Adds the rows of `batch`, whose fields must be the file's.
    ///
    /// After an error the writer is of no more use; drop it, and its file goes.
    public mutating func write(_ batch: consuming ArrowBatch) throws(ParquetError) {
        if hasFailed { throw ParquetError(.failedBefore, path: path, message: "") }
        guard Self.isSameShape(batch.fields, fields) else {
            throw ParquetError(
                .invalid,
                path: path,
                message: "the batch has other columns than the file"
            )
        }
        let count = batch.rowCount
        if count == 0 { return }
        let bytes = batch.byteCount
        if rows == 0 { try begin(like: batch) }
        let startsGroup =
            rowsInGroup > 0
            && (rowsInGroup + count > options.rowGroupRowsMax
                || bytesInGroup + bytes > options.rowGroupBytesMax)
        if let paged {
            if startsGroup { try finishGroup(paged) }
            do throws(CompressionError) { try paged.add(batch) } catch {
                hasFailed = true
                throw ParquetError(.invalid, path: path, message: "\(error)")
            }
        } else {
            noteRanges(of: batch)
            try hand(batch, startsGroup: startsGroup)
        }
        rowsInGroup = (startsGroup ? 0 : rowsInGroup) + count
        bytesInGroup = (startsGroup ? 0 : bytesInGroup) + bytes
        rows += count
    }

    /// Writes the footer, closes the file and says what is in it. On an error the file is removed.
    public consuming func close() throws(ParquetError) -> ParquetFileSummary {
        if hasFailed { throw ParquetError(.failedBefore, path: path, message: "") }
        if rows == 0 {
            try begin(like: ArrowBatch(columns: [], fields: [], rows: 0))
        }
        if let paged, rowsInGroup > 0 { try finishGroup(paged) }
        var status = c_arrow_status()
        // SAFETY: the handle is live until this value's deinit; the footer lives as long as the
        // handle.
        unsafe c_arrow_parquet_writer_close(handle, &status)
        if let error = ParquetError(status, path: path) { throw error }
        let footer = unsafe ParquetFooter(c_arrow_parquet_writer_footer(handle))
        return footer.summary(
            path: path,
            leaves: fields.flatMap { Self.describedLeaves(of: $0) },
            ranges: ranges,
            options: options
        )
    }
}

extension ParquetWriter {
    /// True when both have the same columns, whatever was said about their storage.
    private static func isSameShape(_ some: [ArrowField], _ others: [ArrowField]) -> Bool {
        some.count == others.count
            && zip(some, others).allSatisfy { one, other in
                one.name == other.name && one.type == other.type
                    && one.isNullable == other.isNullable && one.fieldID == other.fieldID
                    && isSameShape(one.children, other.children)
            }
    }

    /// Hands the batch to Arrow's own writer.
    private mutating func hand(
        _ batch: consuming ArrowBatch,
        startsGroup: Bool
    ) throws(ParquetError) {
        var status = c_arrow_status()
        let handle = unsafe handle
        // SAFETY: the shim moves the array out of the batch, so that nobody releases it twice.
        unsafe batch.withUnsafeStructures { array, _ in
            unsafe c_arrow_parquet_writer_write(handle, array, startsGroup ? 1 : 0, &status)
        }
        if let error = ParquetError(status, path: path) {
            hasFailed = true
            throw error
        }
    }

    /// Writes the pages of the row group under construction.
    private mutating func finishGroup(_ paged: PagedRows) throws(ParquetError) {
        var status = c_arrow_status()
        // SAFETY: the handle is live until this value's deinit.
        unsafe paged.finish(rows: rowsInGroup, to: handle, &status)
        if let error = ParquetError(status, path: path) {
            hasFailed = true
            throw error
        }
        for index in ranges.indices { ranges[index]?.merge(paged.floats(index)) }
        paged.removeAll()
    }

    private mutating func noteRanges(of batch: borrowing ArrowBatch) {
        var leaf = 0
        for (index, field) in fields.enumerated() {
            Self.note(batch.column(index), in: &ranges, at: leaf)
            leaf += field.leaves.count
        }
    }

    private static func note(
        _ column: borrowing ArrowColumnView,
        in ranges: inout [FloatingRange?],
        at leaf: Int
    ) {
        switch column.field.type {
        case .float32, .float64:
            ranges[leaf]?.add(column)
        case .struct:
            var leaf = leaf
            for (index, field) in column.field.children.enumerated() {
                note(column.child(index), in: &ranges, at: leaf)
                leaf += field.leaves.count
            }
        default:
            break
        }
    }

    /// One entry a leaf: a range for floating columns, but for those inside lists and maps.
    private static func ranges(of field: ArrowField) -> [FloatingRange?] {
        switch field.type {
        case .struct: field.children.flatMap { ranges(of: $0) }
        case .list, .map: field.leaves.map { _ in nil }
        case .float32, .float64: [FloatingRange()]
        default: [nil]
        }
    }

    /// The leaves, nil where a file has no statistics of them: inside lists and maps a column has
    /// more values than the table has rows, and bounds of them help nobody.
    private static func describedLeaves(of field: ArrowField) -> [ArrowField?] {
        switch field.type {
        case .struct: field.children.flatMap { describedLeaves(of: $0) }
        case .list, .map: field.leaves.map { _ in nil }
        default: [field]
        }
    }

    /// Fixes how the columns are stored, by what the first batch has in them.
    private mutating func begin(like batch: borrowing ArrowBatch) throws(ParquetError) {
        let choices =
            paged == nil
            ? StorageChoice.choices(for: batch, fields: fields, options: options) : []
        var names: [CChar] = []
        let starts = choices.map { choice in
            defer { names.append(contentsOf: choice.path.utf8CString) }
            return names.count
        }
        var native = unsafe c_arrow_parquet_options()
        unsafe native.zstd_level = Int32(options.zstdLevel)
        unsafe native.page_index = options.hasPageIndex ? 1 : 0
        unsafe native.page_checksum = options.hasPageChecksums ? 1 : 0
        unsafe native.data_page_bytes = Int64(options.dataPageBytes)
        unsafe native.data_page_rows = Int64(options.dataPageRows)
        unsafe native.dictionary_page_bytes = Int64(options.dictionaryPageBytes)
        unsafe native.write_batch_rows = Int64(options.writeBatchRows)
        var status = c_arrow_status()
        let handle = unsafe handle
        let isPaged = paged != nil
        // SAFETY: names and hints live until the call returns; the shim copies what it keeps.
        unsafe names.withUnsafeBufferPointer { names in
            let hints = unsafe zip(choices, starts).map { choice, start in
                unsafe c_arrow_column_hint(
                    path: names.baseAddress.map { unsafe $0 + start },
                    dictionary: choice.hasDictionary ? 1 : 0,
                    encoding: Int32(
                        choice.isDelta
                            ? C_ARROW_ENCODING_DELTA_BINARY_PACKED : C_ARROW_ENCODING_DEFAULT
                    )
                )
            }
            unsafe hints.withUnsafeBufferPointer { hints in
                unsafe native.hints = hints.baseAddress
                unsafe native.hint_count = hints.count
                unsafe options.createdBy.withCString { createdBy in
                    unsafe native.created_by = createdBy
                    if isPaged {
                        unsafe c_arrow_parquet_writer_begin_pages(handle, &native, &status)
                    } else {
                        unsafe c_arrow_parquet_writer_begin(handle, &native, &status)
                    }
                }
            }
        }
        if let error = ParquetError(status, path: path) {
            hasFailed = true
            throw error
        }
    }
}
