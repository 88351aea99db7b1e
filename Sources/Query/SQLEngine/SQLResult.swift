internal import CDuckDB

/// A column of a result.
public struct SQLColumn: Equatable, Sendable {
    /// Its name, which need not be the only one of its kind.
    public let name: String
    /// Its type.
    public let type: SQLType
}

/// The answer to a statement, whose rows are made as they are fetched.
///
/// One thread at a time uses it, and it must be read to its end or dropped before the session runs
/// another statement: that statement ends this answer.
@safe
public final class SQLResult: @unchecked Sendable {
    // @unchecked Sendable: confined to the thread that uses the session.

    /// What sort of answer it is.
    public enum Kind: Equatable, Sendable {
        /// Rows.
        case rows
        /// Rows that are a plan drawn in characters: show the last column as it is.
        case plan
        /// A number of rows changed.
        case changedRows(Int)
        /// Nothing to show.
        case done
    }

    /// What sort of answer it is.
    public let kind: Kind
    /// The columns.
    public let columns: [SQLColumn]

    private let connection: Connection
    private let run: StatementRun?
    /// Copies of files that are read while rows are fetched.
    private let files: StatementFiles?
    private var handle: c_duckdb_result
    private var isAtEnd = false

    /// Starts a prepared statement; `run` watches over it until the result is gone.
    init(
        connection: Connection,
        statement: consuming PreparedStatement,
        run: StatementRun? = nil,
        files: StatementFiles? = nil
    ) throws(SQLError) {
        let statementKind = statement.kind
        var handle = unsafe try statement.start()
        // SAFETY: the handle is owned by this object from here on and destroyed in `deinit`, or
        // here when a column cannot be read.
        let count = unsafe c_duckdb_column_count(&handle)
        var columns: [SQLColumn] = []
        for index in 0..<count {
            let name = unsafe c_duckdb_column_name(&handle, index).map {
                unsafe String(cString: $0)
            }
            let type = unsafe SQLType(consuming: c_duckdb_column_logical_type(&handle, index))
            columns.append(SQLColumn(name: name ?? "", type: type))
        }
        if let unreadable = columns.first(where: { !$0.type.isReadable }) {
            unsafe c_duckdb_destroy_result(&handle)
            throw .refused(
                reason: """
                    the column \(unreadable.name) has a type whose values cannot be fetched; cast \
                    it to text: \(SQLQuoting.name(unreadable.name))::VARCHAR
                    """
            )
        }
        switch unsafe Int(c_duckdb_result_return_type(handle)) {
        case Int(c_duckdb_result_changed_rows):
            kind = .changedRows(Int(unsafe c_duckdb_rows_changed(&handle)))
        case Int(c_duckdb_result_nothing): kind = .done
        default: kind = statementKind == c_duckdb_statement_explain ? .plan : .rows
        }
        self.columns = columns
        self.connection = connection
        self.run = run
        self.files = files
        unsafe self.handle = unsafe handle
    }

    deinit {
        // SAFETY: the handle is owned by this object; chunks own their memory themselves.
        unsafe c_duckdb_destroy_result(&handle)
        run?.finish()
    }

    /// The next rows, up to 2,048 of them; nil after the last.
    public func nextChunk() throws(SQLError) -> SQLChunk? {
        if isAtEnd { return nil }
        // SAFETY: the handle is alive; a chunk belongs to the SQLChunk made of it.
        while let chunk = unsafe c_duckdb_fetch_chunk(handle) {
            let taken = unsafe SQLChunk(chunk, columns: columns)
            if taken.rowCount > 0 { return taken }
        }
        isAtEnd = true
        let failure = unsafe c_duckdb_result_error(&handle).map { unsafe String(cString: $0) }
        if let failure, !failure.isEmpty {
            let error = unsafe SQLError(result: &handle)
            throw run?.explain(error) ?? error
        }
        run?.finish()
        return nil
    }
}

/// Some rows of a result.
@safe
public final class SQLChunk {
    /// How many rows.
    public let rowCount: Int
    let vectors: [ColumnVector]
    private let handle: c_duckdb_chunk

    /// Takes over `chunk`.
    @unsafe
    init(_ chunk: c_duckdb_chunk, columns: [SQLColumn]) {
        // SAFETY: the chunk is owned by this object; its vectors are read through it alone.
        unsafe handle = unsafe chunk
        rowCount = unsafe Int(c_duckdb_data_chunk_get_size(chunk))
        vectors = columns.enumerated().map { index, column in
            let vector = unsafe c_duckdb_data_chunk_get_vector(chunk, UInt64(index))
            return unsafe ColumnVector(vector, type: column.type)
        }
    }

    deinit {
        // SAFETY: owned by this object alone.
        var closing: c_duckdb_chunk? = unsafe handle
        unsafe c_duckdb_destroy_data_chunk(&closing)
    }

    /// A value; traps outside the rows and columns.
    public func value(row: Int, column: Int) -> SQLValue {
        precondition(row >= 0 && row < rowCount, "there is no such row in the chunk")
        return vectors[column].value(row)
    }
}
