import Columns
public import Decoding
public import IcebergModel

/// Bounds within which a lane works. The relations between them are checked when a lane is made.
public struct LaneLimits: Sendable {
    /// Bytes of record batches read at a time.
    public var chunkBytesMax = 1 << 20
    /// Bytes one compressed record batch may have when unpacked.
    public var batchBytesMax = 128 << 20
    /// Rows gathered before they are handed to the file.
    public var batchRowsMax = 16_384
    /// Bytes of rows gathered before they are handed to their files, of all days together.
    public var waitingBytesMax = 16 << 20
    /// Bytes of a data file, about; a full file is committed at once.
    public var fileBytesMax = 256 << 20
    /// Files that may be open at a time; the one written to longest ago is closed first.
    public var openFilesMax = 8
    /// Days whose rows may wait at a time.
    public var daysMax = 4096
    /// Shortest and longest pause before a failed lane tries again.
    public var retryPause: ClosedRange<Duration> = .milliseconds(200)...(.seconds(15))

    /// The defaults.
    public init() {}
}

/// One table's way from the log: which records, which columns, how fresh.
///
/// A pipeline with several tables is several lanes. Its table alone remembers how far each lane has
/// come, so none can make another forget; what they read together is only a convenience.
public struct LaneDefinition: Sendable {
    /// Name of the pipeline.
    public let pipeline: String
    /// Name of the source that the topics are read from; nil for the embedded log.
    public let source: String?
    /// Topics read, names or patterns with `*`, in no order.
    public let topics: [String]
    /// Table filled.
    public let table: String
    /// Which records become rows; nil for all.
    public let predicate: Predicate?
    /// Columns the table has from the start.
    public var columns: [NewColumn]
    /// True when fields that no column exists for become columns; false when they are left out.
    public let infersColumns: Bool
    /// Longest time a record may wait to be committed.
    public let freshness: Duration
    /// When it lands by itself.
    public var mode = LaneMode.stream
    /// Where it begins.
    public var start = StartPosition.earliest
    /// True when other processes land the same pipeline, each its share of the partitions.
    public var isShared = false
    /// True when the table is partitioned by day of the log's timestamp.
    public let isPartitionedByDay: Bool
    /// What changes rows before they are written; nil when nothing does.
    public var transform: LaneTransform?
    /// What becomes of records that cannot be rows.
    public var onError = ErrorPolicy.quarantine
    /// How records become rows.
    public var decoding = DecodingPlan()
    /// Bounds of the work.
    public var limits = LaneLimits()

    /// A lane with all its parts.
    public init(
        pipeline: String,
        source: String? = nil,
        topics: [String],
        table: String,
        predicate: Predicate? = nil,
        columns: [NewColumn] = [],
        infersColumns: Bool = true,
        freshness: Duration = .seconds(10),
        isPartitionedByDay: Bool = true
    ) {
        precondition(!topics.isEmpty, "a lane reads at least one topic")
        self.pipeline = pipeline
        self.source = source
        self.topics = topics
        self.table = table
        self.predicate = predicate
        self.columns = columns
        self.infersColumns = infersColumns
        self.freshness = freshness
        self.isPartitionedByDay = isPartitionedByDay
    }

    /// True when rows must tell their topic: partitions and offsets alone would not tell them
    /// apart.
    public var hasTopicColumn: Bool {
        topics.count > 1 || topics.contains { TopicSelector($0).isPattern }
    }

    /// Which topics are read.
    public var selectors: [TopicSelector] { topics.map { TopicSelector($0) } }

    /// What the decoder does with fields that no column is for.
    var unknownFields: UnknownFields {
        switch decoding.contract.columns {
        // What SQL reads are the declared columns and no others.
        case .evolve where transform != nil: .ignore
        case .evolve: infersColumns ? .report : .ignore
        case .discardValue: .ignore
        case .freeze, .discardRow, .quarantine: .reject
        }
    }

    /// True when rows must tell their place in their record: the offset alone would not tell them
    /// apart.
    public var hasIndexColumn: Bool { decoding.documents == .many }

    /// Name of the table for records that cannot become rows.
    public var deadLetterTable: String { "\(table)__dead_letters" }
}

extension LaneDefinition {
    /// The columns that rows have before a transform, as a schema.
    public func inputSchema(_ columns: [NewColumn]) throws(IcebergError) -> Schema {
        let log = LogColumn.field(id: 1, withTopic: hasTopicColumn, withIndex: hasIndexColumn)
        return try Schema(fields: [log]).adding(columns)
    }
}
