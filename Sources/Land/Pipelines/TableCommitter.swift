public import ArrowData
public import IcebergModel

/// The exact version of a table that a commit will be applied to.
public struct TableVersion: Sendable {
    /// The table's name as the pipeline knows it.
    public let table: String
    /// The table's identity; a dropped and re-created table has another one.
    public let uuid: String
    /// What distinguishes this version from every other (the metadata file's location).
    public let token: String
    /// The columns as they are now, with their ids.
    public let schema: Schema
    /// The pipeline's checkpoint; nil before the first commit.
    public let marker: CommitMarker?
    /// True when other pipelines have checkpoints in the table, so that rows may be theirs.
    public let hasOtherPipelines: Bool

    /// A version with all its parts.
    public init(
        table: String,
        uuid: String,
        token: String,
        schema: Schema,
        marker: CommitMarker?,
        hasOtherPipelines: Bool = false
    ) {
        self.table = table
        self.uuid = uuid
        self.token = token
        self.schema = schema
        self.marker = marker
        self.hasOtherPipelines = hasOtherPipelines
    }
}

/// One table's part of a commit.
public struct TableChange<File: Sendable>: Sendable {
    /// The version it applies to, and no other.
    public let base: TableVersion
    /// Finished files that become part of the table. Without files only the marker moves.
    public let files: [File]
    /// Names of files that are taken out of the table: those that `files` replace.
    public let removedFiles: [String]
    /// Names of the files by which rows of the removed files were deleted before; `files` are
    /// without those.
    public let appliedDeletes: Set<String>
    /// The checkpoint that comes into force with the files.
    public let marker: CommitMarker
    /// Epoch under which the writer took over what it lands; the marker's may be a colleague's.
    public let epoch: Int64

    /// The change of `base` by `files` and `marker`, made by the writer of `epoch`.
    public init(
        base: TableVersion,
        files: [File],
        removedFiles: [String] = [],
        appliedDeletes: Set<String> = [],
        marker: CommitMarker,
        epoch: Int64
    ) {
        self.base = base
        self.files = files
        self.removedFiles = removedFiles
        self.appliedDeletes = appliedDeletes
        self.marker = marker
        self.epoch = epoch
    }
}

/// Rows that a commit is to take out of a table: files without them that stand for files with them.
public struct RemovedRows<File: Sendable>: Sendable {
    /// Names of the files that have the rows.
    public let removedFiles: [String]
    /// Names of the files by which rows of the removed files were deleted before; `files` are
    /// without those.
    public let appliedDeletes: Set<String>
    /// The files that take their places.
    public let files: [File]
    /// The places of the rows that were found.
    public let found: Set<RecordPlace>

    /// Rows of `found`, all of which are in `removedFiles`.
    public init(
        removedFiles: [String] = [],
        appliedDeletes: Set<String> = [],
        files: [File] = [],
        found: Set<RecordPlace> = []
    ) {
        self.removedFiles = removedFiles
        self.appliedDeletes = appliedDeletes
        self.files = files
        self.found = found
    }
}

/// Finds the offsets of a partition that a version of a table has rows of: those in a range,
/// ascending, each once.
public typealias RowFinder = (SourcePartition, Range<Int64>) throws(TableCommitterError) -> [Int64]

/// Why a table could not be read or changed, and what that means for the caller.
public enum TableCommitterError: Error, Equatable, Sendable {
    /// Certainly not applied: the table is no longer at the base version. Read it again and decide.
    case conflict(table: String)
    /// It may or may not have been applied. Read the table again until it tells.
    case unknownOutcome(table: String, reason: String)
    /// Certainly not applied: the disk or store failed. Trying again later may help.
    case storage(table: String, reason: String)
    /// It can never work as asked: the table or the change is not valid.
    case invalid(table: String, reason: String)
}

/// Writes one data file of a table.
public protocol TableFileWriter {
    /// What the committer needs to know of a finished file.
    associatedtype File: Sendable

    /// Bytes written so far, about what the finished file will have.
    var bytesWritten: Int { get }

    /// Appends the rows of `batch`.
    func write(_ batch: consuming ArrowBatch) throws(TableCommitterError)

    /// Finishes the file and makes it durable.
    func close() throws(TableCommitterError) -> File

    /// Removes the unfinished file.
    func abandon()
}

/// What a pipeline needs of its tables.
///
/// All calls may block and are made from a lane's own thread.
public protocol TableCommitter: Sendable {
    /// Writes the data files.
    associatedtype Writer: TableFileWriter

    /// The table as it is now; nil when there is none.
    func load(_ table: String, pipeline: String) throws(TableCommitterError) -> TableVersion?

    /// Makes the table with `columns` beside the `_log` column that every table of a pipeline has,
    /// partitioned by day of the log's timestamp if `isPartitionedByDay`. `_log` tells the topic if
    /// `hasTopicColumn`, and the row's index in its record if `hasIndexColumn`.
    func create(
        _ table: String,
        columns: [NewColumn],
        isPartitionedByDay: Bool,
        hasTopicColumn: Bool,
        hasIndexColumn: Bool,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion

    /// Adds optional columns. Throws `conflict` if the table is no longer at `base`.
    func addColumns(
        _ columns: [NewColumn],
        to base: TableVersion,
        pipeline: String
    ) throws(TableCommitterError) -> TableVersion

    /// Opens a data file for rows of `day` (days since 1970-01-01 UTC; nil in an unpartitioned
    /// table), for the writer of `epoch`.
    func openFile(
        for version: TableVersion,
        day: Int32?,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> Writer

    /// Writes the files of `version` that have rows of `places` anew without those rows. Nothing of
    /// the table changes before the result is committed to that very version.
    func removeRows(
        at places: Set<RecordPlace>,
        from version: TableVersion,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> RemovedRows<Writer.File>

    /// Looks for rows of `version`, for one thread.
    func finder(of version: TableVersion) throws(TableCommitterError) -> RowFinder

    /// Takes the rows of `version` whose offsets lie in `ranges` out: files that have no others go,
    /// those that have some are written anew. Nothing of the table changes before the result is
    /// committed to that very version. In a rehearsal no file is written either.
    func removeRows(
        in ranges: [SourcePartition: OffsetRanges],
        from version: TableVersion,
        pipeline: String,
        epoch: Int64,
        isRehearsal: Bool
    ) throws(TableCommitterError) -> RemovedRanges<Writer.File>

    /// Applies all changes or none. On success every table is at the version returned in its place.
    func commit(
        _ changes: [TableChange<Writer.File>]
    ) throws(TableCommitterError) -> [TableVersion]

    /// Removes finished files that certainly belong to no version of the table.
    func discard(_ files: [Writer.File], of table: String)

    /// Removes files that earlier writers of `pipeline` left unfinished or uncommitted: those of
    /// epochs that no partition of the marker has any more, so that they can commit no more. Only
    /// for who has just taken partitions over.
    func removeLeftovers(of version: TableVersion, pipeline: String)
}
