import Glibc
internal import Synchronization

/// Answers SQL over the committed snapshots of the lake's tables, with DuckDB in this process.
///
/// Nothing is loaded until the first session: an engine that is never asked costs nothing. Any
/// number of sessions may be used at once, each by one thread; statements block their thread, so
/// call them from one that may block.
public final class SQLEngine: Sendable {
    /// How the engine may behave. Everything has a default but the lake.
    public struct Options: Sendable {
        /// DuckDB's library; nil searches for it (see `DuckDBLibrary`).
        public var library: String?
        /// The only folder whose files may be read.
        public var lakeDirectory: String
        /// A folder in which copies of files lie that `fetch` brings; it need not be there yet.
        public var copiesDirectory: String?
        /// Brings files here that lie elsewhere, into `copiesDirectory`; nil when there are none.
        public var fetch: (@Sendable ([String]) throws -> FetchedFiles)?
        /// Where answers that exceed the memory are spilled; nil forbids spilling. Made when it is
        /// needed.
        public var spillDirectory: String?
        /// Bytes that may be spilled.
        public var spillBytesMax: Int
        /// Bytes of memory for all sessions together.
        public var memoryBytesMax: Int
        /// Threads for all sessions together.
        public var threads: Int
        /// How long a statement may run, its fetching included; nil for ever.
        public var statementTimeout: Duration?

        /// A quarter of the machine's memory but at most 2 GiB, all cores, no time limit, no
        /// spilling.
        public init(lakeDirectory: String) {
            library = nil
            self.lakeDirectory = lakeDirectory
            copiesDirectory = nil
            fetch = nil
            spillDirectory = nil
            spillBytesMax = 16 << 30
            memoryBytesMax = Self.memoryBytesDefault
            threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            statementTimeout = nil
        }

        /// A quarter of the machine's memory, at most 2 GiB.
        public static var memoryBytesDefault: Int {
            let pages = sysconf(Int32(_SC_PHYS_PAGES))
            let pageBytes = sysconf(Int32(_SC_PAGESIZE))
            guard pages > 0, pageBytes > 0 else { return 1 << 30 }
            return min(pages * pageBytes / 4, 2 << 30)
        }
    }

    /// What exists once the library is loaded. Used under the lock alone, but for the database,
    /// which is thread-safe.
    private struct Opened {
        let database: Database
        let views: TableViews
        let statementGuard: StatementGuard
        /// A connection to a second, empty database: see `tableNames(in:)`.
        let emptyConnection: Connection
    }

    /// How the engine behaves.
    public let options: Options
    private let tables: @Sendable () throws -> [QueryableTable]
    private let opened = Mutex<Opened?>(nil)

    /// An engine over the tables that `tables` lists. It is asked before every statement, under the
    /// engine's lock: it should answer quickly and must not use the engine.
    public init(options: Options, tables: @escaping @Sendable () throws -> [QueryableTable]) {
        self.options = options
        self.tables = tables
    }

    /// Loads the library, or finds it loaded: for `doctor` and for a version in a greeting.
    public func loadLibrary() throws(SQLError) -> DuckDBLibrary {
        try DuckDBLibrary.load(explicitPath: options.library)
    }

    /// Opens a session. The first one loads the library, which takes some 200 ms.
    public func session() throws(SQLError) -> SQLSession {
        try opened.withLock { (state) throws(SQLError) -> SQLSession in
            let current: Opened
            if let before = state { current = before } else { current = try open() }
            state = current
            return SQLSession(
                engine: self,
                connection: try Connection(current.database),
                statementGuard: current.statementGuard,
                timeout: options.statementTimeout
            )
        }
    }

    /// Gives up a database in which an error has happened that DuckDB does not recover from; the
    /// next session opens a fresh one.
    func discard(_ database: Database) {
        opened.withLock { state in
            if state?.database === database { state = nil }
        }
    }

    /// The names in table position that `sql` uses and that are no tables of the lake: temporary
    /// tables, names that do not exist, and files. Nil when DuckDB cannot tell, because the
    /// statement is wrong or too unusual.
    ///
    /// DuckDB is asked in a database without tables: where there are views over files it fails
    /// instead of answering.
    func unknownTableNames(in sql: String) -> [String]? {
        opened.withLock { state in
            guard let state, let names = state.emptyConnection.tableNames(in: sql) else {
                return nil
            }
            return names.filter { !state.views.contains($0) }
        }
    }

    /// A connection that no guard watches: shows what DuckDB's own limits stop.
    func connectionBehindTheGuard() throws(SQLError) -> Connection {
        _ = try session()
        return try opened.withLock { (state) throws(SQLError) -> Connection in
            guard let state else { throw .unavailable(reason: "the engine is not open") }
            return try Connection(state.database)
        }
    }

    /// Brings the views up to the tables' current snapshots, and files here that lie elsewhere and
    /// that `sql` asks for. They stay as long as what is returned. `past` are the tables as they
    /// were for which `sql` has temporary views (`PastTables`).
    ///
    /// The tables are asked for under the lock: a list got before another session's may not be
    /// applied after it, or that session would see a snapshot older than one it knows of. Files are
    /// brought without it.
    func refresh(
        for sql: String,
        past: inout PastTables
    ) throws(SQLError) -> StatementFiles {
        var files = StatementFiles()
        while true {
            let missing = try opened.withLock { (state) throws(SQLError) in
                guard let state else { return [(revision: String, files: [String])]() }
                let current: [QueryableTable]
                do {
                    current = try tables()
                } catch {
                    throw .tablesUnavailable(reason: "\(error)")
                }
                let hasOthers = current.contains(where: \.isElsewhere)
                let names =
                    hasOthers ? SQLSession.names(in: sql, state.emptyConnection) : []
                let missing = try state.views.refresh(current, names: names, files: files)
                if state.views.hasFailures, missing.isEmpty,
                    let names = SQLSession.names(in: sql, state.emptyConnection)
                {
                    try state.views.check(names)
                }
                return missing + (try past.find(among: current, files))
            }
            if missing.isEmpty {
                let lake = try LakeFiles(
                    directory: options.lakeDirectory,
                    copiesDirectory: options.copiesDirectory
                )
                try past.define(in: lake, files)
                return files
            }
            files = files.adding(missing, by: options.fetch)
        }
    }

    private func open() throws(SQLError) -> Opened {
        _ = try loadLibrary()
        let lake = try LakeFiles(directory: options.lakeDirectory)
        // DuckDB is told the real path, before its door is closed.
        let copies = options.copiesDirectory.map { folder in
            SpillFolder.makeFolders(folder)
            return realPath(folder) ?? folder
        }
        let spill = try options.spillDirectory.map { (folder) throws(SQLError) in
            try SpillFolder(inside: folder)
        }
        let database = try Database(
            settings: settings(
                lakeRoot: lake.root,
                copies: copies,
                spill: spill?.path
            ),
            spill: spill
        )
        let connection = try Connection(database)
        let functions = try connection.firstColumn(
            """
            SELECT DISTINCT function_name FROM duckdb_functions() \
            WHERE function_type IN ('table', 'table_macro')
            """
        )
        return Opened(
            database: database,
            views: TableViews(
                connection: connection,
                lakeDirectory: lake.root,
                copiesDirectory: copies
            ),
            statementGuard: StatementGuard(tableFunctions: functions),
            emptyConnection: try Connection(Database(settings: Self.settingsOfTheEmpty))
        )
    }

    private static let settingsOfTheEmpty = [
        "SET threads = 1", "SET memory_limit = '64MB'", "SET temp_directory = ''",
        "SET enable_external_access = false", "SET lock_configuration = true",
    ]

    /// The order matters: what is allowed must be said before the door is closed, and the lock
    /// comes last.
    private func settings(lakeRoot: String, copies: String?, spill: String?) -> [String] {
        let roots = [lakeRoot, copies].compactMap { $0 }.map { SQLQuoting.text($0 + "/") }
        return [
            "SET memory_limit = '\(max(options.memoryBytesMax, 64 << 20) / 1024)KiB'",
            "SET threads = \(max(options.threads, 1))",
            "SET temp_directory = \(SQLQuoting.text(spill ?? ""))",
            "SET max_temp_directory_size = '\(max(options.spillBytesMax, 0) / 1024)KiB'",
            "SET TimeZone = 'UTC'",
            "SET parquet_metadata_cache = true",
            "SET allow_community_extensions = false",
            "SET allow_persistent_secrets = false",
            "SET allowed_directories = [\(roots.joined(separator: ", "))]",
            "SET allowed_configs = ['schema', 'search_path']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ]
    }
}
