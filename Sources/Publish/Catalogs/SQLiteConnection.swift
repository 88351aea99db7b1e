internal import CSQLite

/// One open SQLite database. Belongs to one thread at a time: `SQLiteCatalog` keeps it in a lock.
///
/// SAFETY: the handle is open from `open` to `deinit` and never leaves this value.
@safe
struct SQLiteConnection: ~Copyable {
    private let handle: OpaquePointer
    private let path: String

    /// Takes over an open handle.
    private init(handle: OpaquePointer, path: String) {
        // SAFETY: from here on this value owns the handle and closes it in `deinit`.
        unsafe self.handle = handle
        self.path = path
    }

    /// Opens or makes the database with write-ahead logging, where a commit is durable when it
    /// returns.
    static func open(
        path: String,
        busyTimeoutMilliseconds: Int32
    ) throws(CatalogError) -> SQLiteConnection {
        var opened: OpaquePointer?
        // Its own mutex is not needed: the catalog's lock lets one thread in.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard let handle = unsafe opened else {
            throw .database(path: path, operation: "open", code: code, reason: "out of memory")
        }
        let connection = unsafe SQLiteConnection(handle: handle, path: path)
        guard code == SQLITE_OK else { throw connection.failure("open") }
        unsafe sqlite3_extended_result_codes(handle, 1)
        unsafe sqlite3_busy_timeout(handle, busyTimeoutMilliseconds)
        try connection.configure()
        return connection
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }

    /// How often the switch to write-ahead logging is tried while others open the same new file.
    private static let switchAttempts = 10

    private func configure() throws(CatalogError) {
        try switchToWriteAheadLog()
        _ = try rows("PRAGMA synchronous = FULL")
    }

    /// SQLite does not wait for a lock in this pragma, but it does in a transaction: so whoever
    /// finds the file locked waits there, and tries again.
    private func switchToWriteAheadLog() throws(CatalogError) {
        for attempt in 1...Self.switchAttempts {
            do throws(CatalogError) {
                let mode = try rows("PRAGMA journal_mode = WAL").first?.first ?? nil
                if mode == "wal" { return }
                throw .database(
                    path: path,
                    operation: "switch to write-ahead logging",
                    code: SQLITE_CANTOPEN,
                    reason: "the journal mode stays \(mode ?? "unknown"); "
                        + "the catalog must lie on a local disk"
                )
            } catch {
                guard error.isRetriable, attempt < Self.switchAttempts else { throw error }
                try transaction { (_) throws(CatalogError) in }
            }
        }
    }

    /// Runs one statement; returns its rows as texts.
    @discardableResult
    func rows(_ sql: String, _ arguments: [String?] = []) throws(CatalogError) -> [[String?]] {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else { throw failure(sql) }
        // SAFETY: the statement is used and finalised inside this call.
        defer { unsafe sqlite3_finalize(statement) }
        for (index, argument) in arguments.enumerated() {
            let position = Int32(index + 1)
            let bound: Int32
            if let argument {
                bound = unsafe c_sqlite_bind_text(
                    statement,
                    position,
                    argument,
                    Int32(argument.utf8.count)
                )
            } else {
                bound = unsafe sqlite3_bind_null(statement, position)
            }
            guard bound == SQLITE_OK else { throw failure(sql) }
        }
        var rows: [[String?]] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                let columns = unsafe sqlite3_column_count(statement)
                rows.append((0..<columns).map { unsafe Self.text(statement, $0) })
            case SQLITE_DONE:
                return rows
            default:
                throw failure(sql)
            }
        }
    }

    private static func text(_ statement: OpaquePointer, _ column: Int32) -> String? {
        guard let text = unsafe sqlite3_column_text(statement, column) else { return nil }
        // SAFETY: the text is valid until the next step; its bytes are copied here.
        let length = unsafe Int(sqlite3_column_bytes(statement, column))
        return unsafe String(
            decoding: UnsafeBufferPointer(start: text, count: length),
            as: UTF8.self
        )
    }

    /// Rows changed by the last statement.
    var changes: Int { unsafe Int(sqlite3_changes(handle)) }

    /// Runs `body` in a transaction that holds the write lock from its start. Everything it did is
    /// undone when it throws.
    func transaction<R>(
        _ body: (borrowing SQLiteConnection) throws(CatalogError) -> R
    ) throws(CatalogError) -> R {
        try rows("BEGIN IMMEDIATE")
        let result: R
        do throws(CatalogError) {
            result = try body(self)
        } catch {
            // Where the database rolled back by itself this fails, and that is what is wanted.
            _ = try? rows("ROLLBACK")
            throw error
        }
        do throws(CatalogError) {
            try rows("COMMIT")
        } catch {
            _ = try? rows("ROLLBACK")
            throw Self.commitFailure(error)
        }
        return result
    }

    /// After an I/O error the commit record may have reached the disk, or may be found there by a
    /// recovery; every other error is definite.
    private static func commitFailure(_ error: CatalogError) -> CatalogError {
        if case .database(let path, _, let code, let reason) = error,
            code & 0xFF == SQLITE_IOERR
        {
            return .unknownOutcome(path: path, reason: reason)
        }
        return error
    }

    private func failure(_ operation: String) -> CatalogError {
        let code = unsafe sqlite3_extended_errcode(handle)
        if code & 0xFF == SQLITE_BUSY { return .busy(path: path) }
        // SAFETY: the message is valid until the next call; it is copied here.
        let reason = unsafe sqlite3_errmsg(handle).map { unsafe String(cString: $0) } ?? ""
        return .database(path: path, operation: operation, code: code, reason: reason)
    }
}
