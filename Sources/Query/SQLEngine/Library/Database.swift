internal import CDuckDB

/// An in-memory DuckDB database whose doors are closed before anybody can send it a statement.
///
/// DuckDB allows any number of connections from any threads; closing waits until the last
/// connection is gone because each holds a reference to this object.
@safe
final class Database: @unchecked Sendable {
    // @unchecked Sendable: the handle never changes and DuckDB's database object is thread-safe.
    private let handle: c_duckdb_database
    /// Goes when the database has gone.
    private let spill: SpillFolder?

    /// Opens a database and applies `settings` in order, the last of which should lock the
    /// configuration.
    init(settings: [String], spill: SpillFolder? = nil) throws(SQLError) {
        self.spill = spill
        var config: c_duckdb_config?
        // SAFETY: every handle below is created, used and destroyed on this thread within this
        // initialiser.
        guard unsafe c_duckdb_create_config(&config) == 0 else {
            throw .unavailable(reason: "DuckDB could not make a configuration")
        }
        defer { unsafe c_duckdb_destroy_config(&config) }
        // Extensions come from the network or the home directory otherwise, before the first
        // setting is applied.
        for (name, value) in [
            ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"),
        ] {
            unsafe c_duckdb_set_config(config, name, value)
        }
        var opened: c_duckdb_database?
        var message: UnsafeMutablePointer<CChar>?
        let state = unsafe c_duckdb_open_ext(nil, &opened, config, &message)
        guard state == 0, let database = unsafe opened else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "unknown error"
            unsafe c_duckdb_free(message)
            throw .unavailable(reason: reason)
        }
        unsafe handle = database
        let connection = try Connection(self)
        for setting in settings { try connection.execute(setting) }
    }

    deinit {
        // SAFETY: no connection is left: each holds a reference to this object.
        var closing: c_duckdb_database? = unsafe handle
        unsafe c_duckdb_close(&closing)
    }

    fileprivate func connect() throws(SQLError) -> c_duckdb_connection {
        var opened: c_duckdb_connection?
        // SAFETY: the database is open as long as this object lives.
        guard unsafe c_duckdb_connect(handle, &opened) == 0, let connection = unsafe opened else {
            throw .unavailable(reason: "DuckDB could not open a connection")
        }
        return unsafe connection
    }
}

/// One connection: its own transaction, temporary tables and search path.
///
/// One thread at a time uses it, but for `interrupt`, which may come from any.
@safe
final class Connection: @unchecked Sendable {
    // @unchecked Sendable: the owner uses it from one thread at a time; `interrupt` only sets a
    // flag inside DuckDB.
    let database: Database
    let handle: c_duckdb_connection

    init(_ database: Database) throws(SQLError) {
        self.database = database
        // SAFETY: the connection belongs to this object, which disconnects it once.
        unsafe handle = try database.connect()
    }

    deinit {
        // SAFETY: nobody else holds the handle: results and statements keep a reference to this
        // object.
        var closing: c_duckdb_connection? = unsafe handle
        unsafe c_duckdb_disconnect(&closing)
    }

    /// Stops the running statement, if there is one.
    func interrupt() {
        // SAFETY: the connection is open as long as this object lives; DuckDB allows this call from
        // any thread.
        unsafe c_duckdb_interrupt(handle)
    }

    /// Runs a statement of our own whose rows nobody needs.
    func execute(_ sql: String) throws(SQLError) {
        var result = unsafe c_duckdb_result()
        // SAFETY: the result is destroyed on every way out, also when the statement failed.
        defer { unsafe c_duckdb_destroy_result(&result) }
        guard unsafe c_duckdb_query(handle, sql, &result) == 0 else {
            throw unsafe SQLError(result: &result)
        }
    }

    /// Runs a statement of our own and returns its first column as text.
    func firstColumn(_ sql: String) throws(SQLError) -> [String] {
        let statement = try ExtractedStatements(self, sql).prepare(0)
        let result = try SQLResult(connection: self, statement: statement)
        var values: [String] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount { values.append(chunk.value(row: row, column: 0).text) }
        }
        return values
    }

    /// The names in table position that `sql` uses and the catalog does not resolve to a view. Nil
    /// when DuckDB cannot tell, because the statement is wrong or names what does not exist.
    func tableNames(in sql: String) -> [String]? {
        // SAFETY: the value and its children are destroyed here; texts are copied and freed.
        var list: c_duckdb_value? = unsafe c_duckdb_get_table_names(handle, sql, true)
        guard unsafe list != nil else { return nil }
        defer { unsafe c_duckdb_destroy_value(&list) }
        var names: [String] = []
        for index in 0..<(unsafe c_duckdb_get_list_size(list)) {
            var child: c_duckdb_value? = unsafe c_duckdb_get_list_child(list, index)
            defer { unsafe c_duckdb_destroy_value(&child) }
            guard let text = unsafe c_duckdb_get_varchar(child) else { return nil }
            names.append(unsafe String(cString: text))
            unsafe c_duckdb_free(text)
        }
        return names
    }
}

extension SQLError {
    /// What DuckDB says about a failed result.
    @unsafe
    init(result: UnsafeMutablePointer<c_duckdb_result>) {
        // SAFETY: the caller's result is alive; the text is copied.
        let text = unsafe c_duckdb_result_error(result).map { unsafe String(cString: $0) }
        self.init(
            message: text ?? "DuckDB gave no reason",
            errorType: unsafe Int(c_duckdb_result_error_type(result))
        )
    }

    /// DuckDB's message, and its own number for the sort of error where it gives one.
    init(message: String, errorType: Int?) {
        let text = SQLError.forPeople(message)
        switch errorType {
        case .some(Int(c_duckdb_error_interrupt)): self = .interrupted
        case .some(Int(c_duckdb_error_out_of_memory)): self = .outOfMemory(message: text)
        default:
            if message.hasPrefix("INTERRUPT") {
                self = .interrupted
            } else if message.hasPrefix("Parser Error") || message.hasPrefix("Syntax Error") {
                self = .statement(.syntax, message: text)
            } else if message.hasPrefix("Catalog Error") || message.hasPrefix("Binder Error") {
                self = .statement(.name, message: text)
            } else if message.hasPrefix("Out of Memory") {
                self = .outOfMemory(message: text)
            } else {
                self = .statement(.execution, message: text)
            }
        }
    }

    /// DuckDB's message without blank lines, which look like the end of an answer.
    private static func forPeople(_ message: String) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: "\n")
    }
}
