import Glibc
import IcebergModel
import Synchronization
import Testing
import Threads

@testable import SQLEngine

/// Sessions: errors, limits, interruption, several at once; and the library they run on.
@Suite struct SessionTests {
    private static let endless = "SELECT count(*) FROM range(10000000000000) a(i) WHERE hash(i) = 1"

    @Test func `errors know their kind`() throws {
        let session = try Lake().engine().session()
        guard case .statement(.syntax, let message) = session.failure("SELEC 1") else {
            Issue.record("no syntax error")
            return
        }
        #expect(!message.contains("\n\n"))
        for sql in ["SELECT nope", "FROM nowhere", "SELECT nope(1)"] {
            guard case .statement(.name, _) = session.failure(sql) else {
                Issue.record("no name error: \(sql)")
                continue
            }
        }
        guard case .statement(.execution, _) = session.failure("SELECT 'x'::INT") else {
            Issue.record("no execution error")
            return
        }
        for sql in ["SELECT $1", "SELECT ?", ""] {
            #expect(session.failure(sql)?.isStatementsFault == true, "\(sql)")
        }
    }

    @Test func `a statement that takes too long is stopped, the next one runs`() throws {
        let session = try Lake().engine(timeout: .milliseconds(200)).session()
        #expect(session.failure(Self.endless) == .timedOut(after: .milliseconds(200)))
        #expect(try session.lines("SELECT 1 AS x") == [#"{"x":1}"#])
    }

    @Test func `a statement can be interrupted from another thread, also while rows are fetched`()
        throws
    {
        let session = try Lake().engine().session()
        for sql in [Self.endless, "FROM range(10000000000000)"] {
            let isOver = Condition(false)
            let stopper = Thread("test-stop") {
                while isOver.wait(timeout: .milliseconds(50), until: { $0 ? true : nil }) == nil {
                    session.interrupt()
                }
            }
            #expect(session.failure(sql) == .interrupted)
            isOver.update { $0 = true }
            stopper.join()
            #expect(try session.lines("SELECT 1 AS x") == [#"{"x":1}"#])
        }
    }

    @Test func `a result that is dropped half read does not disturb the next`() throws {
        let session = try Lake().engine().session()
        for _ in 0..<20 {
            let result = try session.run("FROM range(1000000)")
            _ = try result.nextChunk()
        }
        #expect(try session.lines("SELECT 1 AS x") == [#"{"x":1}"#])
    }

    @Test func `memory is limited, and what does not fit is spilled`() throws {
        let lake = try Lake()
        var options = SQLEngine.Options(lakeDirectory: lake.directory)
        options.library = Lake.library
        options.memoryBytesMax = 64 << 20
        options.threads = 1
        let sort = """
            SELECT count(*) FROM (SELECT DISTINCT hash(i)::VARCHAR || repeat('x', 50) \
            FROM range(3000000) t(i))
            """
        let confined = try SQLEngine(options: options) { [] }.session()
        guard case .outOfMemory = confined.failure(sort) else {
            Issue.record("the sort fitted into 64 MB")
            return
        }
        options.spillDirectory = lake.outside + "/var/spill"
        let left = lake.outside + "/var/spill/sql-999999999-1"
        for folder in ["/var", "/var/spill"] { unsafe mkdir(lake.outside + folder, 0o755) }
        unsafe mkdir(left, 0o755)
        close(unsafe open(left + "/duckdb_temp_storage_DEFAULT-0.tmp", O_CREAT | O_WRONLY, 0o644))
        let spilling = try SQLEngine(options: options) { [] }.session()
        #expect(spilling.failure(sort) == nil)
        #expect(unsafe access(left, F_OK) != 0, "what a dead process left is still there")
    }

    @Test func `a database beyond recovery is replaced at the next session`() throws {
        let engine = try Lake().engine()
        let lost = try engine.session()
        engine.discard(try engine.connectionBehindTheGuard().database)
        #expect(try engine.session().lines("SELECT 1 AS x") == [#"{"x":1}"#])
        #expect(try lost.sibling().lines("SELECT 2 AS x") == [#"{"x":2}"#])
        let fatal = SQLError(
            message: "FATAL Error: Failed: database has been invalidated",
            errorType: nil
        )
        #expect(fatal.isFatal && !SQLError.interrupted.isFatal)
    }

    @Test func `sessions at once, while tables change, see whole snapshots`() throws {
        let lake = try Lake()
        let file = try lake.write("1.parquet", "SELECT 1::BIGINT AS id", fieldIDs: "id: 1")
        let columns: [NestedField] = [.optional(1, "id", .long)]
        let version = Mutex(0)
        var options = SQLEngine.Options(lakeDirectory: lake.directory)
        options.library = Lake.library
        options.threads = 2
        // Both tables always have as many files as the other.
        let engine = SQLEngine(options: options) {
            let number = version.withLock { value in
                value += 1
                return value
            }
            let files = Array(repeating: file, count: number % 7 + 1)
            return ["a", "b"].map {
                Lake.table($0, revision: "\(number)", columns, files: files)
            }
        }
        let failures = Mutex<[String]>([])
        let threads = (0..<4).map { _ in
            Thread("test-sql") {
                do {
                    let session = try engine.session()
                    for _ in 0..<30 {
                        let lines = try session.lines(
                            "SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b) AS same"
                        )
                        if lines != [#"{"same":true}"#] {
                            failures.withLock { $0.append("\(lines)") }
                        }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 }.isEmpty)
    }

    @Test func `a lake or a list of tables that is not there is said plainly`() throws {
        var options = SQLEngine.Options(lakeDirectory: "/nonexistent/lake")
        options.library = Lake.library
        guard case .unavailable(let reason) = Self.error(of: SQLEngine(options: options) { [] })
        else {
            Issue.record("the lake exists")
            return
        }
        #expect(reason.contains("/nonexistent/lake"))
        struct Gone: Error, CustomStringConvertible {
            let description = "catalog is closed"
        }
        options.lakeDirectory = "/tmp"
        let session = try SQLEngine(options: options) { throw Gone() }.session()
        #expect(session.failure("SELECT 1") == .tablesUnavailable(reason: "catalog is closed"))
    }

    private static func error(of engine: SQLEngine) -> SQLError? {
        do {
            _ = try engine.session()
            return nil
        } catch {
            return error
        }
    }

    @Test func `the library is looked for where it was said, then around the executable`() throws {
        let named = DuckDBLibrary.candidates(
            explicitPath: "/a",
            environment: "/b",
            executable: "/c/d"
        )
        #expect(named.map(\.path) == ["/a"] && named[0].isNamed)
        let fromEnvironment = DuckDBLibrary.candidates(
            explicitPath: nil,
            environment: "/b",
            executable: "/c/d"
        )
        #expect(fromEnvironment.map(\.path) == ["/b"])
        let searched = DuckDBLibrary.candidates(
            explicitPath: nil,
            environment: "",
            executable: "/opt/millrace/bin/millrace"
        )
        #expect(
            searched.map(\.path) == [
                "libduckdb.so", "/opt/millrace/bin/.deps/lib/libduckdb.so",
                "/opt/millrace/.deps/lib/libduckdb.so", "/opt/.deps/lib/libduckdb.so",
                "/.deps/lib/libduckdb.so",
            ]
        )
        #expect(
            DuckDBLibrary.python(neededBy: "/x/_duckdb.cpython-311-x86_64.so")
                == "libpython3.11.so.1.0"
        )
        #expect(DuckDBLibrary.python(neededBy: "/usr/lib/libduckdb.so") == nil)
        let library = try Lake().engine().loadLibrary()
        #expect(library.version.hasPrefix("v1."))
    }
}
