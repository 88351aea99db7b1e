import Glibc
import IcebergModel
import Testing

@testable import SQLEngine

/// Attempts to reach what a question must not reach.
@Suite struct FenceTests {
    private func session(_ lake: Lake) throws -> SQLSession {
        let file = try lake.write("a.parquet", "SELECT 1::BIGINT AS id", fieldIDs: "id: 1")
        lake.set(Lake.table("t", [.optional(1, "id", .long)], files: [file]))
        return try lake.engine().session()
    }

    private func expectRefused(_ session: SQLSession, _ statements: [String]) {
        for statement in statements {
            switch session.failure(statement) {
            case .refused, .statement(.syntax, _): continue
            case let other:
                Issue.record("not refused: \(statement): \(String(describing: other))")
            }
        }
    }

    @Test func `functions that read files are refused, however they are written`() throws {
        let lake = try Lake()
        let session = try session(lake)
        expectRefused(
            session,
            [
                "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')",
                "SELECT * FROM READ_BLOB ('/etc/passwd')", "FROM glob('/etc/*')",
                "SELECT * FROM \"read_text\"('/etc/passwd')",
                "SELECT * FROM read_text/* */('/etc/passwd')",
                "SELECT * FROM read_text\u{A0}('/etc/passwd')",
                "SELECT * FROM read_text\u{FEFF}('/etc/passwd')",
                "SELECT * FROM system.main.read_text('/etc/passwd')",
                "SELECT 1 --\r FROM read_text('/etc/passwd')",
                "FROM '/etc/passwd'.read_text()",
                "SELECT * FROM read_parquet('\(lake.directory)/*')",
                "FROM sniff_csv('/etc/passwd')",
                "FROM parquet_metadata('\(lake.directory)/a.parquet')",
                "FROM arrow_scan(1, 2, 3)", "FROM query('FROM read_text(''/etc/passwd'')')",
                "FROM query_table(['/etc/passwd'])", "SELECT getenv('HOME')",
                "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
                "SELECT * FROM U&\"read\\005Ftext\"('/etc/passwd')",
                "CREATE TEMP MACRO m(x) AS TABLE SELECT * FROM read_text(x)",
                "CREATE TEMP TABLE x AS FROM read_text('/etc/passwd')",
                "EXPLAIN ANALYZE FROM read_text('/etc/passwd')",
                "FROM enable_logging(storage = 'file', storage_path = '\(lake.directory)/logs')",
                "PIVOT read_text('/etc/passwd') ON size",
            ]
        )
    }

    @Test func `file names in place of tables are refused`() throws {
        let lake = try Lake()
        let session = try session(lake)
        let inside = lake.directory + "/a.parquet"
        expectRefused(
            session,
            [
                "SELECT * FROM '/etc/passwd.csv'", "FROM \"/etc/hosts.csv\"", "FROM '\(inside)'",
                "FROM \"\(inside)\"", "SELECT * FROM t, '\(inside)' b",
                "SELECT (SELECT max(id) FROM '\(inside)')", "DESCRIBE '\(inside)'",
                "SUMMARIZE '\(inside)'", "SHOW '\(inside)'", "DESCRIBE TABLE '\(inside)'",
                "CREATE TEMP TABLE x AS FROM '\(inside)'",
                "CREATE TEMP VIEW x AS FROM '\(inside)'",
                "CREATE OR REPLACE TEMP VIEW x(a) AS SELECT * FROM '\(inside)'",
                "CREATE TEMP MACRO m() AS TABLE FROM '\(inside)'",
                "WITH a AS (FROM '\(inside)') FROM a", "EXPLAIN ANALYZE FROM '\(inside)'",
                "PIVOT '\(inside)' ON id", "FROM data.csv", "FROM $$\(inside)$$",
                "SET VARIABLE a = (SELECT max(id) FROM '\(inside)')",
            ]
        )
        #expect(try session.lines("SELECT id FROM t") == [#"{"id":1}"#])
    }

    @Test func `functions that describe tables describe no files`() throws {
        let lake = try Lake()
        let session = try session(lake)
        let inside = lake.directory + "/a.parquet"
        for statement in [
            "PRAGMA show('\(inside)')", "PRAGMA table_info('\(inside)')",
            "FROM pragma_show('\(inside)')", "FROM pragma_table_info('\(inside)')",
        ] {
            #expect(session.failure(statement) != nil, "\(statement)")
        }
    }

    @Test func `statements that write, attach, load or change the engine are refused`() throws {
        let lake = try Lake()
        let session = try session(lake)
        let target = lake.directory + "/stolen.parquet"
        expectRefused(
            session,
            [
                "COPY (SELECT 1) TO '\(target)'", "COPY t TO '\(lake.outside)/x.csv'",
                "ATTACH '\(lake.directory)/x.db'", "ATTACH ':memory:' AS m", "DETACH memory",
                "INSTALL httpfs", "LOAD httpfs", "LOAD '/tmp/x.duckdb_extension'",
                "EXPORT DATABASE '\(lake.directory)/all'",
                "IMPORT DATABASE '\(lake.directory)/all'",
                "PREPARE p AS SELECT 1", "EXECUTE p", "CALL enable_logging()", "CHECKPOINT",
                "EXPLAIN ANALYZE COPY (SELECT 1) TO '\(target)'",
                "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '\(target)'",
                "EXPLAIN ANALYZE ATTACH ':memory:' AS m", "SET memory_limit = '1TB'",
                "SET SESSION threads = 99", "SET GLOBAL enable_external_access = true",
                "RESET memory_limit", "PRAGMA enable_profiling", "PRAGMA memory_limit = '1TB'",
                "CREATE TABLE x (a INT)", "CREATE VIEW x AS SELECT 1", "CREATE SCHEMA x",
                "CREATE SECRET (TYPE s3)", "CREATE TEMP SECRET (TYPE s3)",
                "CREATE OR REPLACE VIEW t AS SELECT 2", "DROP VIEW t", "DROP VIEW main.t",
                "DROP VIEW temp.x, t", "DROP SCHEMA main CASCADE", "ALTER VIEW t RENAME TO u",
                "COMMENT ON VIEW t IS 'x'", "VACUUM", "ANALYZE", "SELECT 1; SELECT 2",
                "SELECT 1; COPY (SELECT 1) TO '\(target)'",
            ]
        )
        #expect(unsafe access(target, F_OK) != 0)
        for statement in ["INSERT INTO t VALUES (2)", "DELETE FROM t", "UPDATE t SET id = 3"] {
            #expect(session.failure(statement) != nil, "\(statement)")
        }
        #expect(session.failure("DROP TABLE t") != nil)
        #expect(try session.lines("SELECT id FROM t") == [#"{"id":1}"#])
    }

    @Test func `behind the guard DuckDB itself keeps to the lake and stays locked`() throws {
        let lake = try Lake()
        let engine = lake.engine()
        let connection = try engine.connectionBehindTheGuard()
        for statement in [
            "SELECT * FROM read_text('/etc/passwd')", "FROM glob('/etc/*')",
            "FROM read_text('\(lake.directory)/../secret')", "COPY (SELECT 1) TO '/tmp/x.csv'",
            "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD httpfs", "SET threads = 9",
            "SET enable_external_access = true", "SET allowed_directories = ['/']",
            "SET lock_configuration = false",
        ] {
            #expect(throws: SQLError.self, "\(statement)") { try connection.execute(statement) }
        }
    }

    @Test func `a link out of the lake is not followed`() throws {
        let lake = try Lake()
        try lake.writeFreely(
            "COPY (SELECT 1::BIGINT AS id) TO '\(lake.outside)/secret.parquet' (FIELD_IDS {id: 1})"
        )
        unsafe symlink("\(lake.outside)/secret.parquet", "\(lake.directory)/link.parquet")
        unsafe symlink(lake.outside, "\(lake.directory)/up")
        let columns: [NestedField] = [.optional(1, "id", .long)]
        lake.set(
            Lake.table("a", columns, files: [lake.directory + "/link.parquet"]),
            Lake.table("b", columns, files: [lake.directory + "/up/secret.parquet"]),
            Lake.table("c", columns, files: [lake.outside + "/secret.parquet"]),
            Lake.table("d", columns, files: [lake.directory + "/../secret.parquet"])
        )
        let session = try lake.engine().session()
        for table in ["a", "b", "c", "d"] {
            let error = session.failure("FROM \(table)")
            #expect(error?.description.contains("outside the lake") == true, "\(table)")
        }
    }

    @Test func `a lake that is itself reached through a link can be read`() throws {
        let lake = try Lake()
        let file = try lake.write("a.parquet", "SELECT 1::BIGINT AS id", fieldIDs: "id: 1")
        unsafe symlink(lake.directory, "\(lake.outside)/alias")
        let alias = lake.outside + "/alias"
        var options = SQLEngine.Options(lakeDirectory: alias)
        options.library = Lake.library
        let engine = SQLEngine(options: options) {
            [
                Lake.table("x", [.optional(1, "id", .long)], files: [alias + "/a.parquet"]),
                Lake.table("y", [.optional(1, "id", .long)], files: [file]),
            ]
        }
        let session = try engine.session()
        #expect(try session.lines("FROM x UNION ALL FROM y").count == 2)
    }

    @Test func `what a session keeps for itself works`() throws {
        let lake = try Lake()
        let session = try session(lake)
        let other = try session.sibling()
        for statement in [
            "CREATE TEMP TABLE mine AS SELECT id, 'a' AS word FROM t",
            "INSERT INTO mine VALUES (2, 'b.csv')",
            "UPDATE mine SET word = '/x' WHERE id = 1", "DELETE FROM mine WHERE id = 1",
            "CREATE TEMP VIEW seen AS SELECT id FROM mine", "CREATE TEMP MACRO twice(x) AS 2 * x",
            "SET VARIABLE a = 3", "BEGIN", "COMMIT", "DROP VIEW temp.seen",
        ] {
            #expect(session.failure(statement) == nil, "\(statement)")
        }
        #expect(
            try session.lines("SELECT twice(id) AS x, word, getvariable('a') AS a FROM mine") == [
                #"{"x":4,"word":"b.csv","a":3}"#
            ]
        )
        #expect(other.failure("FROM mine") != nil)
        #expect(session.failure("DROP TABLE mine") == nil)
    }

    @Test func `ordinary questions pass`() throws {
        let lake = try Lake()
        let session = try session(lake)
        for statement in [
            "VALUES (1), (2)", "TABLE t", "(SELECT 1)", "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
            "EXPLAIN SELECT * FROM t", "EXPLAIN ANALYZE SELECT * FROM t",
            "PIVOT t ON id USING count(*)",
            "PIVOT t ON id IN (1, 2) USING count(*)", "UNPIVOT t ON id", "SHOW ALL TABLES",
            "SHOW DATABASES",
            "DESCRIBE SELECT 1", "PRAGMA table_info('t')", "PRAGMA version", "SUMMARIZE t",
            "SELECT unnest([1, 2])", "FROM range(3)", "FROM duckdb_tables()",
            "FROM duckdb_settings()",
            "SELECT * FROM information_schema.tables", "SELECT 'a.csv', \"id\" FROM main.t",
            "SELECT list_transform([1], lambda x: x + 1)", "SELECT query FROM (SELECT 1 AS query)",
            "/* read_text('x') */ SELECT 'read_text(' -- x",
            "SELECT '2026-01-01'::DATE + INTERVAL 1 DAY",
            "SELECT * FROM memory.main.t", "SELECT t.id FROM t JOIN t AS u USING (id)",
        ] {
            #expect(session.failure(statement) == nil, "\(statement)")
        }
    }
}
