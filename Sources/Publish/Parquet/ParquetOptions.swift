/// How Parquet files are written. The defaults are what measured best (README.md).
public struct ParquetOptions: Sendable {
    /// The writer's name and version, in the form that Parquet's libraries read: Spark does not
    /// believe the statistics of text columns in a file whose writer it cannot make out.
    public var createdBy: String
    /// zstd's level: 1 is fast, 3 about a tenth smaller at half the speed, up to 22.
    public var zstdLevel: Int
    /// Most rows in a row group.
    public var rowGroupRowsMax: Int
    /// Most bytes of rows, as they are in memory, in a row group.
    public var rowGroupBytesMax: Int
    /// Bytes after which a data page ends.
    public var dataPageBytes: Int
    /// Rows after which a data page ends.
    public var dataPageRows: Int
    /// Bytes a column's dictionary may reach in a row group before its values are written plainly.
    public var dictionaryPageBytes: Int
    /// Values from which a page can show that a column does not repeat.
    public var dictionaryRowsMin: Int
    /// Bytes from which a page can show that looking for repetitions does not pay.
    public var entropyBytesMin: Int
    /// Values that Arrow's writer encodes at a time.
    public var writeBatchRows: Int
    /// True stores integers and times that hardly repeat as packed differences
    /// (DELTA_BINARY_PACKED), and leaves all pages to Arrow's writer: a twentieth of the size for
    /// offsets, but Spark with Iceberg's Java library before 1.10 reads them only when
    /// `read.parquet.vectorization.enabled` is false.
    public var hasDeltaEncoding: Bool
    /// True writes a page index: minimum and maximum of every page, for readers that skip pages.
    public var hasPageIndex: Bool
    /// True writes a CRC-32 with every page.
    public var hasPageChecksums: Bool
    /// Leaf columns beyond that many get no statistics in the summary (Iceberg's default).
    public var statisticsColumnsMax: Int
    /// Code points (text) or bytes (binary) that a bound has at most.
    public var boundLengthMax: Int

    /// The defaults.
    public init() {
        createdBy = "millrace version 0.1.0"
        zstdLevel = 1
        rowGroupRowsMax = 1 << 18
        rowGroupBytesMax = 128 << 20
        dataPageBytes = 1 << 20
        dataPageRows = 1 << 16
        dictionaryPageBytes = 1 << 20
        dictionaryRowsMin = 256
        entropyBytesMin = 1 << 12
        writeBatchRows = 1024
        hasDeltaEncoding = false
        hasPageIndex = false
        hasPageChecksums = false
        statisticsColumnsMax = 100
        boundLengthMax = 16
    }
}
