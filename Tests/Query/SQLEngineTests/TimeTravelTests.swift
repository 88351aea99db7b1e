import IcebergModel
import Synchronization
import Testing

@testable import SQLEngine

/// Where a statement asks for a table as it was, and what it is told.
@Suite struct TimeTravelTests {
    private static let columns: [NestedField] = [.optional(1, "id", .long)]

    /// What the statement asks for, and how it is written for DuckDB.
    private func found(_ sql: String) throws -> (String, [TimeTravel.Reference]) {
        let travel = try TimeTravel(sql)
        return (travel.sql, travel.references)
    }

    @Test(arguments: [
        ("SELECT * FROM t FOR VERSION AS OF 5", "SELECT * FROM temp.past_1 AS t"),
        ("SELECT * FROM t VERSION AS OF 5 WHERE x", "SELECT * FROM temp.past_1 AS t WHERE x"),
        ("from t for system_version as of 5;", "from temp.past_1 AS t;"),
        ("from t at (version => 5) limit 1", "from temp.past_1 AS t limit 1"),
        ("from t for version as of 5 as a, b", "from temp.past_1 as a, b"),
        ("from t for version as of 5 a join b", "from temp.past_1 a join b"),
        ("from t for version as of 5 left join b", "from temp.past_1 AS t left join b"),
        (
            "from b join x.\"T u\" for version as of 5 on 1",
            "from b join temp.past_1 AS \"T u\" on 1"
        ),
        ("from a, t at (version => 5)", "from a, temp.past_1 AS t"),
        ("describe t for version as of 5", "describe temp.past_1"),
        ("from (t for version as of 5)", "from (temp.past_1 AS t)"),
        ("from t /* x */ for -- y\n version as of 5", "from temp.past_1 AS t"),
    ])
    func `a clause gives way to a view, and an alias stays`(_ pair: (String, String)) throws {
        let (sql, references) = try found(pair.0)
        #expect(sql == pair.1)
        #expect(references.map(\.wanted) == [.snapshot(5)])
    }

    @Test func `what is no clause stays as it is`() throws {
        for sql in [
            "SELECT version AS of FROM t", "SELECT DISTINCT version AS of FROM t",
            "SELECT 'from t for version as of 5'", "FROM t -- for version as of 5",
            "SELECT \"for version as of 5\" FROM t", "SELECT a, timestamp AS of FROM t",
            "FROM version AS of", "SELECT x FROM a.version AS of", "SELECT $$t version as of 5$$",
            "PIVOT t ON a USING sum(b)", "SELECT at (1), version FROM t", "",
        ] {
            let (rewritten, references) = try found(sql)
            #expect(rewritten == sql)
            #expect(references.isEmpty)
        }
    }

    @Test func `moments are constants and expressions, and end where they end`() throws {
        for (moment, rest) in [
            ("'2026-11-20 12:00:00'", ""), ("'2026-11-20'", " x"), ("TIMESTAMP '2026-11-20'", ""),
            ("now() - INTERVAL 1 HOUR", " AS x"), ("now() - interval '90 minutes'", " x"),
            ("current_timestamp - interval '1' day", " WHERE a"), ("'2026-11-20'::TIMESTAMP", ""),
            ("CAST('2026-11-20' AS DATE) + interval (1 + 1) days", " JOIN b USING (c)"),
            ("timestamp with time zone '2026-11-20 12:00+02'", ""), ("date '2026-11-20'", ", b"),
            ("'2026-11-20' at time zone 'Europe/Berlin'", " x"), ("make_timestamp(1)", ""),
        ] {
            let (sql, references) = try found("FROM t FOR TIMESTAMP AS OF \(moment)\(rest)")
            #expect(references.map(\.wanted) == [.moment(moment)])
            let isNamed = [" x", " AS x"].contains(rest)
            #expect(sql == "FROM temp.past_1\(isNamed ? "" : " AS t")\(rest)")
            let spark = try found("FROM t TIMESTAMP AS OF \(moment)\(rest)")
            #expect(spark.0 == sql)
            let duck = try found("FROM t AT (TIMESTAMP => \(moment))\(rest)")
            #expect(duck.0 == sql)
        }
        #expect(
            try found("FROM t TIMESTAMP AS OF 1795176000").1[0].wanted == .seconds("1795176000")
        )
        #expect(try found("FROM t FOR VERSION AS OF 'audit'").1[0].wanted == .name("audit"))
    }

    @Test func `an operand that cannot be one is an error`() {
        for sql in [
            "FROM t FOR VERSION AS OF main", "FROM t FOR VERSION AS OF", "FROM t VERSION AS OF 1.5",
            "FROM t FOR TIMESTAMP AS OF created", "FROM t FOR TIMESTAMP AS OF (SELECT now())",
            "FROM t AT (VERSION => 1 + 1)", "FROM t FOR TIMESTAMP AS OF now() -",
            "CREATE TEMP VIEW v AS FROM t FOR VERSION AS OF 1",
            "CREATE TEMP MACRO m() AS TABLE FROM t FOR VERSION AS OF 1",
        ] {
            #expect(throws: SQLError.self) { _ = try TimeTravel(sql) }
        }
    }

    // Over tables

    /// A lake whose table `t` has had one, two and three rows.
    private func lake() throws -> Lake {
        let lake = try Lake()
        var files: [String] = []
        for id in 1...3 {
            files.append(
                try lake.write(
                    "\(id).parquet",
                    "SELECT \(id)::BIGINT AS id",
                    fieldIDs: "id: 1"
                )
            )
        }
        let all = files
        func table(_ name: String, _ namespace: String) -> QueryableTable {
            QueryableTable(
                namespace: namespace,
                name: name,
                revision: "3",
                past: { moment in
                    let count =
                        switch moment {
                        case .snapshot(let id): Int(id)
                        case .named(let name): name == "one" ? 1 : 9
                        case .time(let microseconds): microseconds > 0 ? 2 : 9
                        }
                    guard count < 4 else { throw NoSuchSnapshot("nothing like \(moment)") }
                    return QueryableTable.Contents(
                        columns: [.optional(1, count == 1 ? "old" : "id", .long)],
                        files: Array(all.prefix(count))
                    )
                }
            ) { QueryableTable.Contents(columns: Self.columns, files: all) }
        }
        lake.set(table("t", "default"), table("u", "shop.eu"))
        return lake
    }

    @Test func `a statement reads several snapshots, with the columns they had`() throws {
        let session = try lake().engine().session()
        #expect(
            try session.lines(
                """
                SELECT count(t.id) AS now, (SELECT count(*) FROM t FOR VERSION AS OF 2) AS two,
                (SELECT max(t.old) FROM t VERSION AS OF 'one') AS one FROM t
                """
            ) == [#"{"now":3,"two":2,"one":1}"#]
        )
        #expect(
            try session.lines("SELECT a.id FROM t FOR TIMESTAMP AS OF now() a ORDER BY 1")
                == [#"{"id":1}"#, #"{"id":2}"#]
        )
        #expect(
            try session.lines(
                """
                WITH w AS (FROM "shop.eu".u AT (VERSION => 2)) \
                SELECT t.id FROM T FOR VERSION AS OF 3 JOIN w USING (id) ORDER BY id DESC LIMIT 1
                """
            ) == [#"{"id":2}"#]
        )
    }

    @Test func `the search path finds a table, and its past leaves no trace`() throws {
        let session = try lake().engine().session()
        #expect(session.failure("FROM u FOR VERSION AS OF 1") != nil)
        _ = try session.lines("USE memory.\"shop.eu\"")
        let before = try session.lines("SHOW TABLES")
        #expect(try session.lines("SELECT count(*) AS n FROM u FOR VERSION AS OF 2").count == 1)
        #expect(try session.lines("SHOW TABLES") == before)
        _ = try session.lines("BEGIN")
        #expect(try session.lines("FROM u FOR VERSION AS OF 2").count == 2)
        #expect(session.failure("SELECT error('on purpose')") != nil)
        #expect(session.failure("FROM u FOR VERSION AS OF 2") != nil)
        _ = try session.lines("ROLLBACK")
        #expect(try session.lines("FROM u FOR VERSION AS OF 1").count == 1)
        #expect(session.failure("FROM temp.past_1") != nil)
    }

    @Test func `rows of the past stay until the last one is read`() throws {
        let session = try lake().engine().session()
        let result = try session.run("FROM t FOR VERSION AS OF 3")
        let other = try session.sibling()
        #expect(try other.lines("FROM t FOR VERSION AS OF 1").count == 1)
        var rows = 0
        while let chunk = try result.nextChunk() { rows += chunk.rowCount }
        #expect(rows == 3)
    }

    @Test func `what there is not is said`() throws {
        let session = try lake().engine().session()
        for (sql, text) in [
            ("FROM t FOR VERSION AS OF 7", "t: nothing like snapshot(7)"),
            ("FROM none FOR VERSION AS OF 7", "none is no table of the lake"),
            ("FROM t FOR TIMESTAMP AS OF 'soon'", "'soon' is no moment"),
            ("FROM t FOR TIMESTAMP AS OF NULL::TIMESTAMP", "a moment is written"),
            ("FROM t FOR TIMESTAMP AS OF CAST(NULL AS DATE)", "is no moment"),
        ] {
            let failure = try #require(session.failure(sql))
            #expect(failure.description.contains(text))
            #expect(failure.isStatementsFault)
        }
    }

    @Test func `the fences stand around statements about the past`() throws {
        let lake = try lake()
        try lake.writeFreely("COPY (SELECT 1) TO '\(lake.outside)/secret.csv'")
        let session = try lake.engine().session()
        for sql in [
            "FROM '\(lake.outside)/secret.csv' FOR VERSION AS OF 1",
            "FROM \"\(lake.outside)/secret.csv\" FOR VERSION AS OF 1",
            "FROM t FOR VERSION AS OF 1 JOIN '\(lake.outside)/secret.csv' ON true",
            "FROM t FOR TIMESTAMP AS OF read_text('\(lake.outside)/secret.csv')",
            "FROM t FOR TIMESTAMP AS OF (FROM '\(lake.outside)/secret.csv')",
            "FROM t FOR TIMESTAMP AS OF now(), read_csv('\(lake.outside)/secret.csv')",
            "COPY (FROM t FOR VERSION AS OF 1) TO '\(lake.outside)/stolen.csv'",
            "INSERT INTO t FOR VERSION AS OF 1 VALUES (1)", "DROP TABLE t FOR VERSION AS OF 1",
        ] {
            #expect(session.failure(sql)?.isStatementsFault == true, "\(sql)")
        }
        #expect(try session.lines("FROM t").count == 3)
    }
}
