public import Catalogs
public import DataFiles
public import Parquet
public import Stores
public import Tables

/// Why upkeep of a table was not done. The table is as it was.
public enum MaintenanceError: Error, Sendable, CustomStringConvertible {
    /// The table could not be read.
    case table(TableError)
    /// The commit did not happen, or may not have.
    case commit(CommitError)
    /// A data file could not be read or written.
    case parquet(ParquetError)
    /// A file could not be reached.
    case store(StoreError)
    /// It could not be found out which rows are deleted.
    case deletes(RowRemovalError)
    /// The catalog refused a change, or its outcome is not known; no file was deleted.
    case refused(TableIdentifier, reason: String)
    /// The table, or what lies around it, forbids it. Nothing was done, and nothing will be before
    /// somebody changes that.
    case forbidden(TableIdentifier, reason: String)
    /// Somebody asked for a stop.
    case stopped

    /// True when the same call may succeed later without a change elsewhere.
    public var isRetriable: Bool {
        switch self {
        case .table(let error): error.isRetriable
        case .commit(let error): error.isRetriable
        case .parquet(let error): error.isRetriable
        case .store(let error): error.isRetriable
        case .deletes(let error): error.isRetriable
        case .stopped, .refused: true
        case .forbidden: false
        }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .table(let error): error.description
        case .commit(let error): error.description
        case .parquet(let error): error.description
        case .store(let error): error.description
        case .deletes(let error): error.description
        case .refused(let table, let reason), .forbidden(let table, let reason):
            "table \(table): \(reason)"
        case .stopped: "it was stopped before its commit; nothing has changed"
        }
    }
}
