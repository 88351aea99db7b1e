extension ParquetReader {
    /// Rows that are read at a time: at least, at most.
    private static var rowsAtATime: ClosedRange<Int64> { 64...16_384 }

    /// Opens the file for batches of about `batchBytes`, as far as its footer tells.
    public init(
        path: String,
        batchBytes: Int64,
        options: ParquetOptions = ParquetOptions()
    ) throws(ParquetError) {
        var reader = try ParquetReader(path: path, options: options)
        let summary = reader.summary
        let rowBytes = max(1, summary.unpackedBytes / max(1, summary.rows))
        let limits = Self.rowsAtATime
        let rows = min(max(batchBytes / rowBytes, limits.lowerBound), limits.upperBound)
        try reader.limit(batchRows: rows)
        self = reader
    }
}
