public import IcebergModel
public import Parquet

extension DataFile {
    /// What a manifest says of a Parquet file that was just written.
    public init(_ summary: ParquetFileSummary, uri: String, partition: [IcebergValue?]) {
        self.init(
            path: uri,
            partition: partition,
            recordCount: summary.rows,
            fileSize: summary.bytes,
            splitOffsets: summary.splitOffsets
        )
        for column in summary.columns {
            columnSizes[column.fieldID] = column.compressedBytes
            valueCounts[column.fieldID] = column.valueCount
            if let nulls = column.nullCount { nullValueCounts[column.fieldID] = nulls }
            if let nans = column.nanCount { nanValueCounts[column.fieldID] = nans }
            if let bound = column.lowerBound { lowerBounds[column.fieldID] = bound }
            if let bound = column.upperBound { upperBounds[column.fieldID] = bound }
        }
    }
}
