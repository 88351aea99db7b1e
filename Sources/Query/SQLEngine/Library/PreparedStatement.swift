internal import CDuckDB

/// Statements as DuckDB's parser cut them, prepared one by one.
@safe
struct PreparedStatement: ~Copyable {
    private let connection: Connection
    private var handle: c_duckdb_prepared?

    /// DuckDB's number of the kind of statement.
    var kind: Int {
        // SAFETY: the handle is owned by this value and alive.
        unsafe Int(c_duckdb_prepared_statement_type(handle))
    }

    /// Values the statement waits for (`?`, `$1`).
    var parameterCount: Int {
        // SAFETY: as above.
        unsafe Int(c_duckdb_nparams(handle))
    }

    fileprivate init(connection: Connection, handle: consuming c_duckdb_prepared?) {
        self.connection = connection
        unsafe self.handle = unsafe handle
    }

    deinit {
        // SAFETY: the handle is owned by this value alone.
        var closing = unsafe handle
        unsafe c_duckdb_destroy_prepare(&closing)
    }

    /// Starts the statement; rows are made as they are fetched.
    func start() throws(SQLError) -> c_duckdb_result {
        var pending: c_duckdb_pending?
        // SAFETY: the pending result lives within this call; the result is handed to the caller,
        // who destroys it.
        let state = unsafe c_duckdb_pending_prepared_streaming(handle, &pending)
        defer { unsafe c_duckdb_destroy_pending(&pending) }
        guard state == 0 else {
            let text = unsafe c_duckdb_pending_error(pending).map { unsafe String(cString: $0) }
            throw SQLError(message: text ?? "DuckDB gave no reason", errorType: nil)
        }
        var result = unsafe c_duckdb_result()
        guard unsafe c_duckdb_execute_pending(pending, &result) == 0 else {
            let error = unsafe SQLError(result: &result)
            unsafe c_duckdb_destroy_result(&result)
            throw error
        }
        return unsafe result
    }
}

/// What DuckDB's parser makes of a text: usually one statement, several for a PIVOT that must first
/// look at the data.
@safe
struct ExtractedStatements: ~Copyable {
    /// Statements found.
    let count: Int
    private let connection: Connection
    private var handle: c_duckdb_extracted?

    init(_ connection: Connection, _ sql: String) throws(SQLError) {
        self.connection = connection
        var extracted: c_duckdb_extracted?
        // SAFETY: the handle is owned by this value; the error's text is copied before it is
        // destroyed.
        count = unsafe Int(c_duckdb_extract_statements(connection.handle, sql, &extracted))
        unsafe handle = unsafe extracted
        if count == 0 {
            let text = unsafe c_duckdb_extract_statements_error(extracted)
                .map { unsafe String(cString: $0) }
            throw SQLError(message: text ?? "there is no statement", errorType: nil)
        }
    }

    deinit {
        // SAFETY: the handle is owned by this value alone.
        var closing = unsafe handle
        unsafe c_duckdb_destroy_extracted(&closing)
    }

    /// Prepares the statement at `index`.
    func prepare(_ index: Int) throws(SQLError) -> PreparedStatement {
        var prepared: c_duckdb_prepared?
        // SAFETY: the index is checked by the caller's loop over `count`; the handle goes to
        // PreparedStatement or is freed.
        let state = unsafe c_duckdb_prepare_extracted_statement(
            connection.handle,
            handle,
            UInt64(index),
            &prepared
        )
        guard state == 0 else {
            let text = unsafe c_duckdb_prepare_error(prepared).map { unsafe String(cString: $0) }
            unsafe c_duckdb_destroy_prepare(&prepared)
            throw SQLError(message: text ?? "DuckDB gave no reason", errorType: nil)
        }
        return unsafe PreparedStatement(connection: connection, handle: prepared)
    }
}
