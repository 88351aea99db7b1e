public import ArrowData
internal import CArrow
internal import CDuckDB

/// One question, asked of one batch of rows after the other, with nothing else in sight: no tables,
/// no files, no settings.
///
/// Rows go in and come out in Arrow's layout, those that come in without a copy. Belongs to one
/// thread; has a database of its own, so that questions of others cannot slow it down or use up
/// its memory.
public final class ArrowQuery {
    /// The question.
    public let sql: String
    private let table: String
    private let connection: Connection

    /// A question about the table `table`.
    ///
    /// Loads DuckDB's library if nobody has before. Throws `refused` for anything but one SELECT.
    public init(
        _ sql: String,
        about table: String,
        library: String? = nil,
        memoryBytesMax: Int = 256 << 20
    ) throws(SQLError) {
        _ = try DuckDBLibrary.load(explicitPath: library)
        let database = try Database(settings: [
            "SET memory_limit = '\(max(memoryBytesMax, 64 << 20) / 1024)KiB'",
            "SET threads = 1", "SET temp_directory = ''", "SET TimeZone = 'UTC'",
            "SET enable_external_access = false",
            // The C interface's scan would be told which columns are wanted, and takes the first
            // wanted one from the first of ours: it must want all of them.
            "SET disabled_optimizers = 'unused_columns'", "SET lock_configuration = true",
        ])
        connection = try Connection(database)
        self.table = table
        let statements = SQLStatements(sql).all
        guard statements.count == 1, let statement = statements.first else {
            throw .refused(reason: "one statement is wanted here, not \(statements.count)")
        }
        self.sql = statement
        let functions = try connection.firstColumn(
            """
            SELECT DISTINCT function_name FROM duckdb_functions() \
            WHERE function_type IN ('table', 'table_macro')
            """
        )
        try StatementGuard(tableFunctions: functions).check(statement)
        let first = SQLLexer.tokens(of: statement).first { $0.kind != .comment }
        guard let first, ["select", "from", "with"].contains(first.value) else {
            throw .refused(reason: "only a SELECT can be asked of rows on their way to a table")
        }
    }

    /// The columns that the question has for rows like those of `batch`; ids are not set.
    public func fields(for batch: consuming ArrowBatch) throws(SQLError) -> [ArrowField] {
        var fields: [ArrowField] = []
        try unsafe ask(of: batch) { result throws(SQLError) in
            var schema = unsafe ArrowSchema()
            // SAFETY: DuckDB fills the schema, which the batch made of it releases.
            let state = unsafe withUnsafeMutablePointer(to: &schema) { place in
                var pointer: UnsafeMutableRawPointer? = UnsafeMutableRawPointer(place)
                return unsafe c_duckdb_query_arrow_schema(result, &pointer)
            }
            guard state == 0 else { throw unsafe Self.error(of: result) }
            let answer = unsafe ArrowBatch(adopting: ArrowArray(), schema: schema)
            fields = answer.fields
        }
        return fields
    }

    /// Asks the question of `batch` and gives the answer to `body` in parts, whose columns are
    /// described by `fields`: those that `fields(for:)` told, with ids.
    public func run<Failure: Error>(
        _ batch: consuming ArrowBatch,
        as fields: [ArrowField],
        _ body: (consuming ArrowBatch) throws(Failure) -> Void
    ) throws(SQLError) -> Failure? {
        var failure: Failure?
        try unsafe ask(of: batch) { result throws(SQLError) in
            while failure == nil {
                var array = unsafe ArrowArray()
                // SAFETY: DuckDB fills the array, which the batch takes over, or leaves it as it is
                // at the end.
                let state = unsafe withUnsafeMutablePointer(to: &array) { place in
                    var pointer: UnsafeMutableRawPointer? = UnsafeMutableRawPointer(place)
                    return unsafe c_duckdb_query_arrow_array(result, &pointer)
                }
                guard state == 0 else { throw unsafe Self.error(of: result) }
                guard unsafe array.release != nil else { return }
                let schema = unsafe ArrowField.exportedSchema(of: fields)
                let part = unsafe ArrowBatch(adopting: array, schema: schema)
                do throws(Failure) { try body(part) } catch { failure = error }
            }
        }
        return failure
    }

    private func ask(
        of batch: consuming ArrowBatch,
        _ body: (c_duckdb_arrow?) throws(SQLError) -> Void
    ) throws(SQLError) {
        // SAFETY: the rows take the array over and are freed after the statement that reads them;
        // the schema stays the batch's, which lives until the closure ends.
        let outcome = unsafe batch.withUnsafeStructures { array, schema in
            Result { () throws(SQLError) in
                let rows = unsafe c_duckdb_rows_make(schema, array)
                defer { unsafe c_duckdb_rows_free(rows) }
                let stream = unsafe c_duckdb_rows_stream(rows)
                guard unsafe c_duckdb_arrow_scan(connection.handle, table, stream) == 0 else {
                    throw SQLError.unavailable(reason: "DuckDB could not take the rows")
                }
                var result: c_duckdb_arrow?
                let state = unsafe c_duckdb_query_arrow(connection.handle, sql, &result)
                defer { unsafe c_duckdb_destroy_arrow(&result) }
                guard state == 0 else { throw unsafe Self.error(of: result) }
                try unsafe body(result)
            }
        }
        try outcome.get()
    }

    private static func error(of result: c_duckdb_arrow?) -> SQLError {
        // SAFETY: the caller's result is alive; the text is copied.
        let text = unsafe c_duckdb_query_arrow_error(result).map { unsafe String(cString: $0) }
        return SQLError(message: text ?? "DuckDB gave no reason", errorType: nil)
    }
}
