import Bytes
import Glibc
import IcebergModel
import Synchronization
import Testing

@testable import SQLEngine

/// A lake in a temporary folder, whose files a second DuckDB without restrictions writes.
final class Lake: Sendable {
    static let library = packageRoot() + "/.deps/lib/libduckdb.so"

    /// Without tables, for tests that only look at answers: opening an engine costs more than
    /// they do.
    /// It lives as long as the process, so it has no folder of its own.
    static let empty: SQLEngine = {
        var options = SQLEngine.Options(lakeDirectory: "/tmp")
        options.library = library
        options.threads = 2
        return SQLEngine(options: options) { [] }
    }()

    let directory: String
    private let tables = Mutex<[QueryableTable]>([])

    init() throws {
        var template = Array("/tmp/millrace-sql-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map {
                unsafe String(cString: $0)
            }
        }
        directory = try #require(made) + "/lake"
        unsafe mkdir(directory, 0o755)
    }

    deinit { removeTree(String(directory.dropLast("/lake".count))) }

    /// The folder around the lake.
    var outside: String { String(directory.dropLast("/lake".count)) }

    func engine(timeout: Duration? = nil) -> SQLEngine {
        var options = SQLEngine.Options(lakeDirectory: directory)
        options.library = Self.library
        options.spillDirectory = outside + "/spill"
        options.threads = 2
        options.memoryBytesMax = 512 << 20
        options.statementTimeout = timeout
        return SQLEngine(options: options) { [self] in tables.withLock { $0 } }
    }

    /// Runs statements in a database that may do everything.
    func writeFreely(_ statements: String...) throws {
        _ = try DuckDBLibrary.load(explicitPath: Self.library)
        let connection = try Connection(Database(settings: []))
        for statement in statements { try connection.execute(statement) }
    }

    /// Writes the rows of `query` to a Parquet file of the lake; `fieldIDs` as DuckDB's COPY wants
    /// them.
    func write(_ file: String, _ query: String, fieldIDs: String) throws -> String {
        let path = "\(directory)/\(file)"
        try writeFreely("COPY (\(query)) TO '\(path)' (FORMAT parquet, FIELD_IDS {\(fieldIDs)})")
        return path
    }

    func set(_ all: QueryableTable...) { tables.withLock { $0 = all } }

    /// A table with these columns and files.
    static func table(
        _ name: String,
        namespace: String = "default",
        revision: String = "1",
        _ columns: [NestedField],
        files: [String]
    ) -> QueryableTable {
        QueryableTable(namespace: namespace, name: name, revision: revision) {
            QueryableTable.Contents(columns: columns, files: files)
        }
    }
}

extension SQLSession {
    /// The answer as NDJSON lines.
    func lines(_ sql: String) throws -> [String] {
        try output(sql, .ndjson).split(separator: "\n").map(String.init)
    }

    /// The answer in some format.
    func output(_ sql: String, _ format: SQLOutputFormat) throws -> String {
        let output = try SQLOutput(run(sql), format: format)
        var buffer = ByteBuffer()
        while try output.next(into: &buffer) {}
        return String(repairingUTF8: buffer.bytes)
    }

    /// The error that the statement ends with, also when it ends with it only while rows are
    /// fetched.
    func failure(_ sql: String) -> SQLError? {
        do {
            let result = try run(sql)
            while try result.nextChunk() != nil {}
            return nil
        } catch {
            return error
        }
    }
}

/// The column `_log` that every landed table has.
let logColumn = NestedField.optional(
    100,
    "_log",
    .struct([
        .optional(101, "partition", .int), .optional(102, "offset", .long),
        .optional(103, "timestamp", .timestamptz),
    ])
)
let logFieldIDs = "_log: {__duckdb_field_id: 100, partition: 101, \"offset\": 102, timestamp: 103}"

private func packageRoot(file: String = #filePath) -> String {
    file.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/" + $1 }
}

private func removeTree(_ path: String) {
    if let folder = unsafe opendir(path) {
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name == "." || name == ".." { continue }
            let isFolder = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            if isFolder { removeTree(path + "/" + name) } else { unsafe unlink(path + "/" + name) }
        }
        unsafe closedir(folder)
    }
    unsafe rmdir(path)
}
