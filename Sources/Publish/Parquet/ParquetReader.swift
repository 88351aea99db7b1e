public import ArrowData
internal import CArrow

/// Reads a Parquet file batch by batch.
///
/// Not thread-safe, but it may move between threads.
@safe
public struct ParquetReader: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: the handle has this value as its only owner.
    private let handle: OpaquePointer
    /// Where the file is.
    public let path: String
    /// The columns.
    public let fields: [ArrowField]
    /// What the footer says; floating columns have no bounds here, since the footer knows nothing
    /// of NaN.
    public let summary: ParquetFileSummary

    /// Opens the file.
    ///
    /// - Parameter batchRows: the most rows `next` returns.
    public init(
        path: String,
        batchRows: Int = 1 << 16,
        options: ParquetOptions = ParquetOptions()
    ) throws(ParquetError) {
        var status = c_arrow_status()
        let opened = unsafe c_arrow_parquet_reader_open(path, Int64(batchRows), &status)
        guard let opened = unsafe opened else {
            throw ParquetError(status, path: path)
                ?? ParquetError(.invalid, path: path, message: "the file could not be opened")
        }
        var schema = unsafe ArrowSchema()
        unsafe c_arrow_parquet_reader_schema(opened, &schema, &status)
        if let error = ParquetError(status, path: path) {
            // SAFETY: nobody else has the handle yet.
            unsafe c_arrow_parquet_reader_free(opened)
            throw error
        }
        // SAFETY: the schema is live; an empty batch takes it over, reads it and releases it.
        let described = unsafe ArrowBatch(adopting: ArrowArray(), schema: schema)
        unsafe handle = opened
        self.path = path
        fields = described.fields
        let footer = unsafe ParquetFooter(c_arrow_parquet_reader_footer(opened))
        summary = footer.summary(
            path: path,
            leaves: fields.flatMap(\.leaves),
            ranges: [],
            options: options
        )
    }

    deinit {
        // SAFETY: the handle is live and freed exactly once.
        unsafe c_arrow_parquet_reader_free(handle)
    }

    /// Has batches of `batchRows` rows at most, from the first row on again.
    mutating func limit(batchRows: Int64) throws(ParquetError) {
        var status = c_arrow_status()
        // SAFETY: the handle is live.
        unsafe c_arrow_parquet_reader_limit(handle, batchRows, &status)
        if let error = ParquetError(status, path: path) { throw error }
    }

    /// The next rows, or nil at the end.
    public mutating func next() throws(ParquetError) -> ArrowBatch? {
        var status = c_arrow_status()
        var array = unsafe ArrowArray()
        var schema = unsafe ArrowSchema()
        // SAFETY: the handle is live; both structures are filled by the shim and then owned by the
        // batch.
        let found = unsafe c_arrow_parquet_reader_next(handle, &array, &status)
        if let error = ParquetError(status, path: path) { throw error }
        guard found != 0 else { return nil }
        unsafe c_arrow_parquet_reader_schema(handle, &schema, &status)
        let batch = unsafe ArrowBatch(adopting: array, schema: schema)
        if let error = ParquetError(status, path: path) { throw error }
        return batch
    }
}
