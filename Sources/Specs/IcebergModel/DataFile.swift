/// A file of rows with what is known about it, as a manifest describes it.
public struct DataFile: Hashable, Sendable {
    /// What a file holds.
    public enum Content: Int, Sendable {
        /// Rows.
        case data = 0
        /// Positions of deleted rows.
        case positionDeletes = 1
        /// Values whose rows are deleted.
        case equalityDeletes = 2
    }

    /// What the file holds.
    public var content: Content
    /// Full URI: `file:///lake/…`, `s3://…`.
    public var path: String
    /// `PARQUET`, `AVRO` or `ORC`.
    public var format: String
    /// One value per field of the partition spec, null where the source is null.
    public var partition: [IcebergValue?]
    /// Rows.
    public var recordCount: Int64
    /// Bytes.
    public var fileSize: Int64
    /// Packed bytes per column, by field id.
    public var columnSizes: [Int: Int64]
    /// Values per column, nulls included, by field id.
    public var valueCounts: [Int: Int64]
    /// Nulls per column, by field id.
    public var nullValueCounts: [Int: Int64]
    /// NaNs per column, by field id.
    public var nanValueCounts: [Int: Int64]
    /// Single-value bytes no value of the column is below, by field id.
    public var lowerBounds: [Int: [UInt8]]
    /// Single-value bytes no value of the column is above, by field id.
    public var upperBounds: [Int: [UInt8]]
    /// For readers of encrypted files.
    public var keyMetadata: [UInt8]?
    /// Positions at which the file may be split, ascending: its row groups' starts.
    public var splitOffsets: [Int64]?
    /// Field ids an equality delete file compares.
    public var equalityIDs: [Int]?
    /// Sort order of the rows, if any.
    public var sortOrderID: Int?
    /// The one data file all position deletes of this file are for.
    public var referencedDataFile: String?

    /// A Parquet file of rows; statistics may be set afterwards.
    public init(
        path: String,
        partition: [IcebergValue?],
        recordCount: Int64,
        fileSize: Int64,
        splitOffsets: [Int64]? = nil
    ) {
        content = .data
        self.path = path
        format = "PARQUET"
        self.partition = partition
        self.recordCount = recordCount
        self.fileSize = fileSize
        columnSizes = [:]
        valueCounts = [:]
        nullValueCounts = [:]
        nanValueCounts = [:]
        lowerBounds = [:]
        upperBounds = [:]
        self.splitOffsets = splitOffsets
    }
}

/// A data file's place in a table's history.
public struct ManifestEntry: Hashable, Sendable {
    /// What the snapshot that wrote the manifest did with the file.
    public enum Status: Int, Sendable {
        /// It was there before.
        case existing = 0
        /// It was added.
        case added = 1
        /// It was removed; readers pass over it.
        case deleted = 2
    }

    /// What the snapshot that wrote the manifest did with the file.
    public var status: Status
    /// The snapshot that added the file, or removed it. Nil: that of the manifest.
    public var snapshotID: Int64?
    /// Orders the file against deletes. Nil for an added file: that of the manifest.
    public var sequenceNumber: Int64?
    /// Sequence number of the commit that added the file. Nil as above.
    public var fileSequenceNumber: Int64?
    /// The file.
    public var file: DataFile

    /// An entry.
    public init(
        status: Status,
        snapshotID: Int64?,
        sequenceNumber: Int64?,
        fileSequenceNumber: Int64?,
        file: DataFile
    ) {
        self.status = status
        self.snapshotID = snapshotID
        self.sequenceNumber = sequenceNumber
        self.fileSequenceNumber = fileSequenceNumber
        self.file = file
    }

    /// A file added by the commit under way. Its sequence numbers stay open, so that the manifest
    /// can be used again when the commit must be repeated on a newer base: readers take them from
    /// the manifest list.
    public static func added(_ file: DataFile, snapshotID: Int64) -> ManifestEntry {
        ManifestEntry(
            status: .added,
            snapshotID: snapshotID,
            sequenceNumber: nil,
            fileSequenceNumber: nil,
            file: file
        )
    }

    /// True for a file that is part of the table.
    public var isLive: Bool { status != .deleted }
}

/// What a manifest holds.
public enum ManifestContent: Int, Sendable {
    /// Files of rows.
    case data = 0
    /// Files of deletes.
    case deletes = 1

    /// The name in a manifest's header.
    public var name: String { self == .data ? "data" : "deletes" }
}

/// A manifest as a snapshot's manifest list describes it.
public struct ManifestFile: Hashable, Sendable {
    /// What is known about one partition field over all files of the manifest.
    public struct FieldSummary: Hashable, Sendable {
        /// Some file has a null.
        public var containsNull: Bool
        /// Some file has a NaN; nil: not known.
        public var containsNaN: Bool?
        /// Single-value bytes of the smallest value; nil when there is none.
        public var lowerBound: [UInt8]?
        /// Single-value bytes of the largest value; nil when there is none.
        public var upperBound: [UInt8]?

        /// A summary.
        public init(
            containsNull: Bool,
            containsNaN: Bool?,
            lowerBound: [UInt8]?,
            upperBound: [UInt8]?
        ) {
            self.containsNull = containsNull
            self.containsNaN = containsNaN
            self.lowerBound = lowerBound
            self.upperBound = upperBound
        }
    }

    /// Full URI.
    public var path: String
    /// Bytes.
    public var length: Int64
    /// Partition spec of all its files.
    public var partitionSpecID: Int
    /// What it holds.
    public var content: ManifestContent
    /// Sequence number of the commit that added the manifest.
    public var sequenceNumber: Int64
    /// Smallest sequence number of its live files.
    public var minSequenceNumber: Int64
    /// The snapshot that added the manifest.
    public var addedSnapshotID: Int64
    /// Files with status added.
    public var addedFilesCount: Int
    /// Files with status existing.
    public var existingFilesCount: Int
    /// Files with status deleted.
    public var deletedFilesCount: Int
    /// Rows of the added files.
    public var addedRowsCount: Int64
    /// Rows of the existing files.
    public var existingRowsCount: Int64
    /// Rows of the deleted files.
    public var deletedRowsCount: Int64
    /// One per partition field; nil: not known.
    public var partitions: [FieldSummary]?
    /// For readers of encrypted manifests.
    public var keyMetadata: [UInt8]?

    /// A manifest without files, to be filled in.
    public init(
        path: String,
        length: Int64,
        partitionSpecID: Int,
        content: ManifestContent,
        sequenceNumber: Int64,
        minSequenceNumber: Int64,
        addedSnapshotID: Int64
    ) {
        self.path = path
        self.length = length
        self.partitionSpecID = partitionSpecID
        self.content = content
        self.sequenceNumber = sequenceNumber
        self.minSequenceNumber = minSequenceNumber
        self.addedSnapshotID = addedSnapshotID
        addedFilesCount = 0
        existingFilesCount = 0
        deletedFilesCount = 0
        addedRowsCount = 0
        existingRowsCount = 0
        deletedRowsCount = 0
    }

    /// True when it may hold files that are part of the table.
    public var hasLiveFiles: Bool { addedFilesCount > 0 || existingFilesCount > 0 }

    /// Files of any status.
    public var filesCount: Int { addedFilesCount + existingFilesCount + deletedFilesCount }
}
