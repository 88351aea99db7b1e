public import Parquet
public import Stores
public import Tables

/// Why files could not be written anew without some of their rows.
public enum RowRemovalError: Error, Sendable, CustomStringConvertible {
    /// The table's metadata could not be read, or it has deletes of single rows.
    case table(TableError)
    /// A file could not be read or written.
    case parquet(ParquetError)
    /// A file cannot be reached.
    case store(StoreError)
    /// The file does not have the fields that hold the rows' places: another program wrote it.
    case noPlaces(file: String)
    /// The file of deletes does not have the fields that name rows by position.
    case noPositions(file: String)
    /// The file was written under a partition spec that is not one of those asked for.
    case otherSpec(file: String, specID: Int)

    /// True when the same call may succeed later without a change elsewhere.
    public var isRetriable: Bool {
        switch self {
        case .table(let error): error.isRetriable
        case .parquet(let error): error.isRetriable
        case .store(let error): error.isRetriable
        case .noPlaces, .noPositions, .otherSpec: false
        }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .table(let error): "\(error)"
        case .parquet(let error): "\(error)"
        case .store(let error): "\(error)"
        case .noPlaces(let file):
            "\(file) does not tell where its rows come from, so none can be taken out; it was not "
                + "written by a pipeline"
        case .noPositions(let file):
            "\(file) should name deleted rows by path and position, and does not have these columns"
        case .otherSpec(let file, let specID):
            "\(file) lies in the partitions of spec \(specID), which nobody here writes; "
                + "rewrite the table with the engine that changed its partitioning"
        }
    }
}
