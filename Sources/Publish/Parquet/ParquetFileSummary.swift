/// What a finished file is to a table: everything an Iceberg manifest says of a data file but its
/// partition.
public struct ParquetFileSummary: Hashable, Sendable {
    /// Where it is.
    public let path: String
    /// Its size.
    public let bytes: Int64
    /// Its rows.
    public let rows: Int64
    /// Bytes of its pages before they were packed. Values that a dictionary holds count once.
    public let unpackedBytes: Int64
    /// Where its row groups start, ascending: places at which readers may split it.
    public let splitOffsets: [Int64]
    /// One entry per leaf column with a field id, in the file's order.
    public let columns: [ColumnStatistics]
}

/// What is known of one leaf column of a file (Iceberg specification, "Manifests"; bounds as in
/// "Appendix D: Single-value serialization").
public struct ColumnStatistics: Hashable, Sendable {
    /// The column.
    public let fieldID: Int
    /// Bytes it takes in the file.
    public let compressedBytes: Int64
    /// Values, nulls and NaN included.
    public let valueCount: Int64
    /// Nulls; nil when the file does not say.
    public let nullCount: Int64?
    /// NaN values; nil for types that have none.
    public let nanCount: Int64?
    /// A value that none is below; nil when there is none, or none can be given.
    public let lowerBound: [UInt8]?
    /// A value that none is above; nil when there is none, or none can be given.
    public let upperBound: [UInt8]?
}
