/// Why a question to the SQL engine has no answer.
public enum SQLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What DuckDB found wrong with a statement.
    public enum Kind: Equatable, Sendable {
        /// The text is not SQL.
        case syntax
        /// It names a table, column or function that does not exist, or mixes types that do not
        /// mix.
        case name
        /// It went wrong while it ran: a conversion, a division, a file that is gone.
        case execution
    }

    /// No DuckDB library was found; `searched` says where.
    case libraryMissing(searched: [String])
    /// A library was found but cannot be used.
    case libraryUnusable(path: String, reason: String)
    /// The engine could not be set up.
    case unavailable(reason: String)
    /// The statement is of a kind that is not allowed here; `reason` says why and what to do
    /// instead.
    case refused(reason: String)
    /// DuckDB's own message about the statement.
    case statement(Kind, message: String)
    /// Somebody interrupted the statement.
    case interrupted
    /// The statement ran longer than it may.
    case timedOut(after: Duration)
    /// The statement needed more memory than the engine may use, spilling included.
    case outOfMemory(message: String)
    /// A table, or a snapshot of it, cannot be read.
    case unreadable(table: String, reason: String)
    /// The list of tables could not be had.
    case tablesUnavailable(reason: String)

    /// True when the statement itself is at fault, so that sending it again is useless.
    public var isStatementsFault: Bool {
        switch self {
        case .refused, .statement: true
        default: false
        }
    }

    /// True when DuckDB will answer nothing more from this database.
    var isFatal: Bool {
        guard case .statement(_, let message) = self else { return false }
        return message.hasPrefix("FATAL") || message.contains("database has been invalidated")
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .libraryMissing(let searched):
            """
            DuckDB's library was not found. Searched: \(searched.joined(separator: ", ")). \
            Install it with `make setup` (into .deps/lib), install a system libduckdb 1.5, or name \
            the file in MILLRACE_DUCKDB.
            """
        case .libraryUnusable(let path, let reason):
            "the DuckDB library \(path) cannot be used: \(reason)"
        case .unavailable(let reason):
            "the SQL engine could not start: \(reason)"
        case .refused(let reason):
            reason
        case .statement(_, let message):
            message
        case .interrupted:
            "interrupted"
        case .timedOut(let limit):
            """
            the statement was stopped after \(limit): it may run no longer; narrow it or raise the \
            limit
            """
        case .outOfMemory(let message):
            message
        case .unreadable(let table, let reason):
            "\(table): \(reason)"
        case .tablesUnavailable(let reason):
            "the tables of the lake could not be listed: \(reason)"
        }
    }
}
