internal import Synchronization

/// Files that a pipeline has taken, kept in the catalog's own database: offsets mean nothing
/// without the tables that they are landed in, so both live and die together.
///
/// The tables are ours alone (`millrace_file_sources`, `millrace_files`); other programs that use
/// the catalog pass them over. Safe for any number of threads and processes, as `SQLiteCatalog`.
public final class FileBook: Sendable {
    /// One file: see the room FileSource, which decides what is written here.
    public struct Entry: Equatable, Sendable {
        /// Its number in the order in which files were taken, from 1.
        public var sequence: Int64
        /// What it is known by.
        public var path: String
        /// What its records are called after.
        public var name: String
        /// Its size.
        public var bytes: Int64
        /// When it was last changed, in nanoseconds since 1970.
        public var modifiedNanoseconds: Int64
        /// What its store calls this version of it.
        public var tag: String
        /// CRC-32C of its bytes.
        public var checksum: UInt32
        /// How it is cut into records.
        public var framing: String
        /// Offset of its first record.
        public var firstOffset: Int64
        /// Records in it.
        public var recordCount: Int64

        /// An entry with these parts.
        public init(
            sequence: Int64,
            path: String,
            name: String,
            bytes: Int64,
            modifiedNanoseconds: Int64,
            tag: String,
            checksum: UInt32,
            framing: String,
            firstOffset: Int64,
            recordCount: Int64
        ) {
            self.sequence = sequence
            self.path = path
            self.name = name
            self.bytes = bytes
            self.modifiedNanoseconds = modifiedNanoseconds
            self.tag = tag
            self.checksum = checksum
            self.framing = framing
            self.firstOffset = firstOffset
            self.recordCount = recordCount
        }
    }

    /// The source that the entries are of.
    public let source: String
    /// The identity that was given to the source when its book was begun.
    public let identity: String
    private let connection: Mutex<SQLiteConnection>

    private static let columns = """
        sequence, path, name, bytes, modified_ns, tag, checksum, framing, first_offset, records
        """

    /// Opens the book of `source` in the database at `path`, and begins it if need be.
    ///
    /// - Parameters:
    ///   - newIdentity: becomes the identity of a book that is begun now.
    public init(
        path: String,
        source: String,
        newIdentity: String,
        busyTimeout: Duration = .seconds(10)
    ) throws(CatalogError) {
        let (seconds, attoseconds) = busyTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let opened = try SQLiteConnection.open(
            path: path,
            busyTimeoutMilliseconds: Int32(clamping: milliseconds)
        )
        self.source = source
        identity = try opened.transaction { (connection) throws(CatalogError) -> String in
            try Self.createTables(connection)
            try connection.rows(
                "INSERT OR IGNORE INTO millrace_file_sources VALUES (?, ?)",
                [source, newIdentity]
            )
            let rows = try connection.rows(
                "SELECT identity FROM millrace_file_sources WHERE source = ?",
                [source]
            )
            return rows.first?.first.flatMap { $0 } ?? newIdentity
        }
        connection = Mutex(opened)
    }

    private static func createTables(
        _ connection: borrowing SQLiteConnection
    ) throws(CatalogError) {
        try connection.rows(
            """
            CREATE TABLE IF NOT EXISTS millrace_file_sources (
            \tsource TEXT NOT NULL PRIMARY KEY,
            \tidentity TEXT NOT NULL
            )
            """
        )
        try connection.rows(
            """
            CREATE TABLE IF NOT EXISTS millrace_files (
            \tsource TEXT NOT NULL,
            \tsequence INTEGER NOT NULL,
            \tpath TEXT NOT NULL,
            \tname TEXT NOT NULL,
            \tbytes INTEGER NOT NULL,
            \tmodified_ns INTEGER NOT NULL,
            \ttag TEXT NOT NULL,
            \tchecksum INTEGER NOT NULL,
            \tframing TEXT NOT NULL,
            \tfirst_offset INTEGER NOT NULL,
            \trecords INTEGER NOT NULL,
            \tregistered_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            \tPRIMARY KEY (source, sequence),
            \tUNIQUE (source, path)
            )
            """
        )
        try connection.rows(
            """
            CREATE INDEX IF NOT EXISTS millrace_files_by_offset
            ON millrace_files (source, first_offset)
            """
        )
    }

    /// How many files there are, and the offset behind the last record.
    public func totals() throws(CatalogError) -> (files: Int64, end: Int64) {
        try connection.withLock { connection throws(CatalogError) in
            try Self.totals(connection, source)
        }
    }

    private static func totals(
        _ connection: borrowing SQLiteConnection,
        _ source: String
    ) throws(CatalogError) -> (files: Int64, end: Int64) {
        let rows = try connection.rows(
            """
            SELECT sequence, first_offset + records FROM millrace_files
            WHERE source = ? ORDER BY sequence DESC LIMIT 1
            """,
            [source]
        )
        guard let row = rows.first else { return (0, 0) }
        return (number(row, 0), number(row, 1))
    }

    /// The file of that path.
    public func file(at path: String) throws(CatalogError) -> Entry? {
        try entries("path = ?", [path]).first
    }

    /// The file with the record at `offset`.
    public func file(holding offset: Int64) throws(CatalogError) -> Entry? {
        // The last one that begins there or before and is not empty.
        try entries(
            "first_offset <= ? AND records > 0 ORDER BY first_offset DESC LIMIT 1",
            ["\(offset)"]
        ).first { $0.firstOffset + $0.recordCount > offset }
    }

    /// At most `limit` files with numbers below `sequence`, the last one first.
    public func files(before sequence: Int64, limit: Int) throws(CatalogError) -> [Entry] {
        try entries("sequence < ? ORDER BY sequence DESC LIMIT ?", ["\(sequence)", "\(limit)"])
    }

    /// The first offset at or above `start` in a file not older than `nanoseconds`.
    public func offset(
        notOlderThan nanoseconds: Int64,
        from start: Int64
    ) throws(CatalogError) -> Int64? {
        let found = try entries(
            """
            modified_ns >= CAST(? AS INTEGER) AND first_offset + records > CAST(? AS INTEGER)
            AND records > 0 ORDER BY first_offset LIMIT 1
            """,
            ["\(nanoseconds)", "\(start)"]
        )
        return found.first.map { max(start, $0.firstOffset) }
    }

    /// The size of all files with records at or above `offset`.
    public func bytes(from offset: Int64) throws(CatalogError) -> Int64 {
        try connection.withLock { connection throws(CatalogError) in
            let rows = try connection.rows(
                """
                SELECT COALESCE(SUM(bytes), 0) FROM millrace_files
                WHERE source = ? AND records > 0 AND first_offset + records > CAST(? AS INTEGER)
                """,
                [source, "\(offset)"]
            )
            return rows.first.map { Self.number($0, 0) } ?? 0
        }
    }

    /// Adds files at the end, in this order; those whose path is there already are left out.
    /// Numbers and offsets are given here. All of them or none; durable when it returns.
    public func append(_ files: [Entry]) throws(CatalogError) -> [Entry] {
        try connection.withLock { connection throws(CatalogError) in
            let source = source
            return try connection.transaction { (connection) throws(CatalogError) -> [Entry] in
                var (sequence, end) = try Self.totals(connection, source)
                var added: [Entry] = []
                for file in files {
                    var entry = file
                    entry.sequence = sequence + 1
                    entry.firstOffset = end
                    try connection.rows(
                        """
                        INSERT OR IGNORE INTO millrace_files (source, \(Self.columns))
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                        [
                            source, "\(entry.sequence)", entry.path, entry.name,
                            "\(entry.bytes)", "\(entry.modifiedNanoseconds)", entry.tag,
                            "\(entry.checksum)", entry.framing, "\(entry.firstOffset)",
                            "\(entry.recordCount)",
                        ]
                    )
                    if connection.changes == 0 { continue }
                    added.append(entry)
                    sequence += 1
                    end += entry.recordCount
                }
                return added
            }
        }
    }

    private func entries(
        _ condition: String,
        _ arguments: [String]
    ) throws(CatalogError) -> [Entry] {
        try connection.withLock { connection throws(CatalogError) in
            let rows = try connection.rows(
                "SELECT \(Self.columns) FROM millrace_files WHERE source = ? AND \(condition)",
                [source] + arguments
            )
            return rows.map { row in
                Entry(
                    sequence: Self.number(row, 0),
                    path: row[1] ?? "",
                    name: row[2] ?? "",
                    bytes: Self.number(row, 3),
                    modifiedNanoseconds: Self.number(row, 4),
                    tag: row[5] ?? "",
                    checksum: UInt32(truncatingIfNeeded: Self.number(row, 6)),
                    framing: row[7] ?? "",
                    firstOffset: Self.number(row, 8),
                    recordCount: Self.number(row, 9)
                )
            }
        }
    }

    private static func number(_ row: [String?], _ index: Int) -> Int64 {
        row[index].flatMap { Int64($0) } ?? 0
    }
}
