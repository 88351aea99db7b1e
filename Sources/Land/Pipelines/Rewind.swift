/// Landing that is to begin again further back: rows and dead letters of the offsets go, and the
/// offsets are not accounted for any more, in one commit; so they are landed anew, once.
public struct Rewind: Equatable, Sendable {
    /// Where landing begins again, by partition.
    public let positions: [SourcePartition: Int64]
    /// True to find out what would go and to change nothing.
    public let isRehearsal: Bool

    /// A rewind to `positions`; those at or behind where landing stands mean nothing.
    public init(_ positions: [SourcePartition: Int64], isRehearsal: Bool = false) {
        self.positions = positions
        self.isRehearsal = isRehearsal
    }
}

/// What a rewind came to, or would come to.
public struct RewindSummary: Equatable, Sendable {
    /// One partition's part.
    public struct Move: Equatable, Sendable {
        /// Where landing stood.
        public var from: Int64
        /// Where it begins again. Lower than asked for where records were left out by policy: the
        /// checkpoint knows those by stretch of the log, and goes back by whole stretches.
        public var to: Int64
        /// Offsets that are to be landed anew.
        public var offsets: Int64
        /// Mended dead letters among them, which stay as they are: what somebody put in place of
        /// their values is nowhere but in the table.
        public var kept: Int64
    }

    /// The moves, by partition.
    public var moves: [SourcePartition: Move] = [:]
    /// Rows that go.
    public var rows: Int64 = 0
    /// Dead letters that go.
    public var letters: Int64 = 0
    /// Data files of both tables that go whole, without being read.
    public var filesDropped = 0
    /// Data files of both tables that are written anew without the rows.
    public var filesRewritten = 0

    /// Nothing.
    public init() {}
}

/// Rows that a commit is to take out of a table, by ranges of offsets.
public struct RemovedRanges<File: Sendable>: Sendable {
    /// Names of the files that have some of the rows.
    public var removedFiles: [String]
    /// Names of the files by which rows of the removed files were deleted before; `files` are
    /// without those.
    public var appliedDeletes: Set<String>
    /// The files that take the places of those that have other rows, too; none in a rehearsal.
    public var files: [File]
    /// Rows that go.
    public var rows: Int64
    /// How many of the removed files have no other rows and were not read.
    public var dropped: Int

    /// `rows` rows, all of which are in `removedFiles`.
    public init(
        removedFiles: [String] = [],
        appliedDeletes: Set<String> = [],
        files: [File] = [],
        rows: Int64 = 0,
        dropped: Int = 0
    ) {
        self.removedFiles = removedFiles
        self.appliedDeletes = appliedDeletes
        self.files = files
        self.rows = rows
        self.dropped = dropped
    }
}
