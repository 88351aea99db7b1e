public import ArrowData
internal import CArrow

extension ParquetWriter {
    /// Adds some rows of `batch`: those in `runs`, which lie in it and do not overlap, in their
    /// order. The batch may have come from anywhere; what of it stays is copied where it must be.
    ///
    /// After an error the writer is of no more use; drop it, and its file goes.
    public mutating func write(
        _ batch: consuming ArrowBatch,
        runs: [Range<Int>]
    ) throws(ParquetError) {
        let rowCount = batch.rowCount
        precondition(
            runs.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= rowCount },
            "a run lies outside the batch"
        )
        let native = runs.map {
            c_arrow_run(start: Int64($0.lowerBound), length: Int64($0.count))
        }
        var status = c_arrow_status()
        var array = unsafe ArrowArray()
        var schema = unsafe ArrowSchema()
        var bytes: Int64 = 0
        // SAFETY: the shim moves both structures out of the batch; the runs live during the call.
        unsafe batch.withUnsafeStructures { from, described in
            unsafe native.withUnsafeBufferPointer { runs in
                unsafe c_arrow_rows(
                    from,
                    described,
                    runs.baseAddress,
                    runs.count,
                    &array,
                    &schema,
                    &bytes,
                    &status
                )
            }
        }
        if let error = ParquetError(status, path: path) { throw error }
        // SAFETY: the shim filled both, and nobody else has them.
        let rows = unsafe ArrowBatch(adopting: array, schema: schema, byteCount: Int(bytes))
        try write(rows)
    }
}
