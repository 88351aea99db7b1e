import IcebergModel
import Testing

@testable import SQLEngine

/// How the lake's tables look from SQL.
@Suite struct TableViewTests {
    private let purchases: [NestedField] = [
        .optional(1, "id", .long), .optional(2, "item", .string), logColumn,
    ]

    @Test func `a table's rows, its description and its name are there`() throws {
        let lake = try Lake()
        let file = try lake.write(
            "a.parquet",
            """
            SELECT 7::BIGINT AS id, 'sword' AS item, {'partition': 0::INT, 'offset': 5::BIGINT, \
            'timestamp': TIMESTAMPTZ '2026-11-21 14:33:00.25+00'} AS _log
            """,
            fieldIDs: "id: 1, item: 2, \(logFieldIDs)"
        )
        lake.set(Lake.table("purchases", purchases, files: ["file://" + file]))
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT * FROM purchases") == [
                """
                {"id":7,"item":"sword","_log":{"partition":0,"offset":5,\
                "timestamp":"2026-11-21T14:33:00.25Z"}}
                """
            ]
        )
        #expect(try session.lines("show tables") == [#"{"name":"purchases"}"#])
        let described = try session.lines("describe purchases")
        #expect(described.count == 3)
        #expect(described[0].hasPrefix(#"{"column_name":"id","column_type":"BIGINT""#))
        #expect(try session.lines("SUMMARIZE purchases").count == 3)
        #expect(try session.lines("SELECT _log.\"offset\" AS o FROM purchases") == [#"{"o":5}"#])
    }

    @Test func `a file older than a column reads as NULL there, whatever its columns were called`()
        throws
    {
        let lake = try Lake()
        let old = try lake.write(
            "old.parquet",
            "SELECT 1::INT AS id, 'x' AS thing",
            fieldIDs: "id: 1, thing: 2"
        )
        let new = try lake.write(
            "new.parquet",
            "SELECT 'curl' AS \"user-agent\", 'y' AS item, 5000000000 AS id",
            fieldIDs: "\"user-agent\": 9, item: 2, id: 1"
        )
        let columns: [NestedField] = [
            .optional(1, "id", .long), .optional(2, "item", .string),
            .optional(9, "user-agent", .string),
        ]
        lake.set(Lake.table("t", columns, files: [old, new]))
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT * FROM t ORDER BY id") == [
                #"{"id":1,"item":"x","user-agent":null}"#,
                #"{"id":5000000000,"item":"y","user-agent":"curl"}"#,
            ]
        )
    }

    @Test func `structures, lists and maps grow fields by name`() throws {
        let lake = try Lake()
        let ids = """
            s: {__duckdb_field_id: 1, a: 2}, l: {__duckdb_field_id: 3, element: \
            {__duckdb_field_id: 4, x: 5}}, m: {__duckdb_field_id: 6, key: 7, value: 8}
            """
        let old = try lake.write(
            "old.parquet",
            "SELECT {'a': 1::INT} AS s, [{'x': 1::BIGINT}] AS l, MAP {'k': 1.5::DOUBLE} AS m",
            fieldIDs: ids
        )
        let columns: [NestedField] = [
            .optional(1, "s", .struct([.optional(2, "a", .int), .optional(9, "b c", .string)])),
            .optional(
                3,
                "l",
                .list(
                    ListType(
                        elementID: 4,
                        elementRequired: false,
                        element: .struct([.optional(5, "x", .long), .optional(10, "y", .date)])
                    )
                )
            ),
            .optional(
                6,
                "m",
                .map(
                    MapType(
                        keyID: 7,
                        key: .string,
                        valueID: 8,
                        valueRequired: false,
                        value: .double
                    )
                )
            ),
        ]
        lake.set(Lake.table("t", columns, files: [old]))
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT * FROM t") == [
                #"{"s":{"a":1,"b c":null},"l":[{"x":1,"y":null}],"m":{"k":1.5}}"#
            ]
        )
    }

    @Test func `names that differ in case alone get a number behind them`() throws {
        let lake = try Lake()
        let file = try lake.write(
            "a.parquet",
            "SELECT 'low' AS item, 'high' AS other",
            fieldIDs: "item: 1, other: 2"
        )
        let columns: [NestedField] = [.optional(1, "item", .string), .optional(2, "Item", .string)]
        lake.set(Lake.table("t", columns, files: [file]))
        let session = try lake.engine().session()
        #expect(try session.lines("SELECT * FROM t") == [#"{"item":"low","Item_1":"high"}"#])
    }

    @Test func `tables whose names differ in case alone are both there`() throws {
        let lake = try Lake()
        let file = try lake.write("a.parquet", "SELECT 1::BIGINT AS id", fieldIDs: "id: 1")
        let columns: [NestedField] = [.optional(1, "id", .long)]
        let upper = Lake.table("Events", columns, files: [file])
        let lower = Lake.table("events", columns, files: [])
        lake.set(upper, lower)
        let session = try lake.engine().session()
        #expect(try session.lines("FROM EVENTS").count == 1)
        #expect(try session.lines("FROM events_1").isEmpty)
        lake.set(lower, upper)
        #expect(try session.lines("FROM events").isEmpty)
        #expect(try session.lines("FROM events_1").count == 1)
        lake.set(upper)
        #expect(try session.lines("FROM events").count == 1)
        #expect(try session.lines("SHOW TABLES").count == 1)
    }

    @Test func `a table without files has its columns and no rows`() throws {
        let lake = try Lake()
        lake.set(Lake.table("purchases", purchases, files: []))
        let session = try lake.engine().session()
        #expect(try session.lines("SELECT * FROM purchases").isEmpty)
        #expect(
            try session.lines("DESCRIBE purchases").last?.contains(
                #"STRUCT(\"partition\" INTEGER, \"offset\" BIGINT, \"timestamp\" TIMESTAMP WITH"#
            ) == true
        )
    }

    @Test func `every type of Iceberg has its type in DuckDB`() throws {
        let lake = try Lake()
        let types: [IcebergType] = [
            .boolean, .int, .long, .float, .double, .decimal(precision: 20, scale: 4), .date, .time,
            .timestamp, .timestamptz, .string, .uuid, .fixed(length: 3), .binary,
        ]
        let columns = types.enumerated().map { NestedField.optional($0 + 1, "c\($0)", $1) }
        lake.set(Lake.table("t", columns, files: []))
        let session = try lake.engine().session()
        let described = try session.lines("SELECT column_type FROM (DESCRIBE t)")
        #expect(
            described.map { $0.dropFirst(16).dropLast(2) } == [
                "BOOLEAN", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(20,4)", "DATE", "TIME",
                "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR", "UUID", "BLOB", "BLOB",
            ]
        )
    }

    @Test func `a new snapshot shows at the next statement, a dropped table goes`() throws {
        let lake = try Lake()
        let first = try lake.write("1.parquet", "SELECT 1::BIGINT AS id", fieldIDs: "id: 1")
        let second = try lake.write("2.parquet", "SELECT 2::BIGINT AS id", fieldIDs: "id: 1")
        let columns: [NestedField] = [.optional(1, "id", .long)]
        lake.set(Lake.table("t", columns, files: [first]))
        let engine = lake.engine()
        let session = try engine.session()
        let other = try engine.session()
        #expect(try session.lines("SELECT count(*) AS n FROM t") == [#"{"n":1}"#])
        lake.set(Lake.table("t", revision: "2", columns, files: [first, second]))
        #expect(try session.lines("SELECT count(*) AS n FROM t") == [#"{"n":2}"#])
        #expect(try other.lines("SELECT count(*) AS n FROM t") == [#"{"n":2}"#])
        lake.set()
        #expect(try session.lines("SHOW TABLES").isEmpty)
        guard case .statement(.name, _) = session.failure("SELECT * FROM t") else {
            Issue.record("the dropped table can still be read")
            return
        }
    }

    @Test func `namespaces other than the default are schemas`() throws {
        let lake = try Lake()
        let columns: [NestedField] = [.optional(1, "id", .long)]
        lake.set(
            Lake.table("t", columns, files: []),
            Lake.table("t", namespace: "shop.eu", columns, files: [])
        )
        let session = try lake.engine().session()
        #expect(try session.lines("SELECT * FROM \"shop.eu\".t").isEmpty)
        #expect(try session.lines("SHOW ALL TABLES").count == 2)
        #expect(try session.output("USE memory.\"shop.eu\"", .ndjson).isEmpty)
        #expect(try session.lines("SHOW TABLES FROM \"shop.eu\"").count == 1)
        #expect(try session.lines("FROM t").isEmpty)
    }

    @Test func `a table that cannot be read says why and leaves the others alone`() throws {
        struct Broken: Error, CustomStringConvertible {
            let description = "metadata 7 is gone"
        }
        let lake = try Lake()
        let columns: [NestedField] = [.optional(1, "id", .long)]
        lake.set(
            QueryableTable(name: "broken", revision: "1") { throw Broken() },
            QueryableTable(namespace: "shop", name: "good", revision: "1") { throw Broken() },
            Lake.table("strange", columns, files: [lake.directory + "/none/x.parquet"]),
            Lake.table("good", columns, files: [])
        )
        let session = try lake.engine().session()
        #expect(try session.lines("SELECT count(*) AS n FROM good") == [#"{"n":0}"#])
        let queries = [
            "SELECT * FROM broken", "SELECT count(*) FROM broken", "SELECT id FROM broken",
            "SELECT b.user_name FROM good AS g JOIN broken AS b ON g.id = b.id",
        ]
        for query in queries {
            #expect(session.failure(query)?.description.contains("metadata 7 is gone") == true)
        }
        #expect(session.failure("FROM strange")?.description.contains("is missing") == true)
    }

    @Test func `file names with pattern characters and quotes mean themselves`() throws {
        let lake = try Lake()
        let columns: [NestedField] = [.optional(1, "id", .long)]
        var files: [String] = []
        for (index, name) in ["a[1].parquet", "a*.parquet", "a1.parquet", "q?.parquet"].enumerated()
        {
            files.append(
                try lake.write(name, "SELECT \(index)::BIGINT AS id", fieldIDs: "id: 1")
            )
        }
        lake.set(Lake.table("it's", columns, files: [files[0], files[1], files[3]]))
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT id FROM \"it's\" ORDER BY 1").count == 3
        )
    }

    @Test func `fields inside are found by their ids where names may mislead`() throws {
        let lake = try Lake()
        func ids(_ a: String, _ b: String) -> String {
            """
            s: {__duckdb_field_id: 1, \(a): 2, \(b): 3}, l: {__duckdb_field_id: 4, element: \
            {__duckdb_field_id: 5, \(a): 6}}, m: {__duckdb_field_id: 7, key: 8, value: \
            {__duckdb_field_id: 9, \(b): 10}}
            """
        }
        func query(_ a: String, _ b: String, _ n: Int) -> String {
            """
            SELECT {'\(a)': \(n)::INT, '\(b)': 'b\(n)'} AS s, [{'\(a)': \(n)::INT}, NULL] AS l, \
            MAP {'k': {'\(b)': \(n)::FLOAT}} AS m UNION ALL SELECT NULL, NULL, NULL
            """
        }
        let old = try lake.write("old.parquet", query("a", "b", 1), fieldIDs: ids("a", "b"))
        let new = try lake.write("new.parquet", query("b", "a", 2), fieldIDs: ids("b", "a"))
        let columns: [NestedField] = [
            .optional(
                1,
                "s",
                .struct([
                    .optional(3, "a", .string), .optional(2, "b", .long), .optional(11, "c", .date),
                ])
            ),
            .optional(
                4,
                "l",
                .list(
                    ListType(
                        elementID: 5,
                        elementRequired: false,
                        element: .struct([.optional(6, "b", .long)])
                    )
                )
            ),
            .optional(
                7,
                "m",
                .map(
                    MapType(
                        keyID: 8,
                        key: .string,
                        valueID: 9,
                        valueRequired: false,
                        value: .struct([.optional(10, "a", .double)])
                    )
                )
            ),
        ]
        var contents = QueryableTable.Contents(columns: columns, files: [old, new])
        contents.mayNameFieldsDifferently = true
        let shown = contents
        lake.set(QueryableTable(name: "t", revision: "1") { shown })
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT * FROM t WHERE s IS NOT NULL ORDER BY s.b") == [
                #"{"s":{"a":"b1","b":1,"c":null},"l":[{"b":1},null],"m":{"k":{"a":1.0}}}"#,
                #"{"s":{"a":"b2","b":2,"c":null},"l":[{"b":2},null],"m":{"k":{"a":2.0}}}"#,
            ]
        )
        #expect(
            try session.lines("SELECT * FROM t WHERE s IS NULL")
                == Array(repeating: #"{"s":null,"l":null,"m":null}"#, count: 2)
        )
    }

    @Test func `files without ids are read by names, and by the values of their partitions`() throws
    {
        let lake = try Lake()
        var files: [TableFile] = []
        for number in 0..<2 {
            let path = "\(lake.directory)/\(number).parquet"
            try lake.writeFreely(
                "COPY (SELECT \(number)::INT AS nr) TO '\(path)' (FORMAT parquet)"
            )
            var file = TableFile(path)
            file.constants = [2: .date(Int32(number)), 3: .decimal(unscaled: -5, scale: 2)]
            files.append(file)
        }
        let columns: [NestedField] = [
            .optional(1, "id", .long), .optional(2, "day", .date),
            .optional(3, "d", .decimal(precision: 9, scale: 2)), .optional(4, "more", .string),
        ]
        var contents = QueryableTable.Contents(columns: columns, files: files)
        contents.nameMapping = try NameMapping(
            json: #"[{"field-id": 1, "names": ["id", "nr"]}, {"field-id": 2, "names": ["day"]}]"#
        )
        let shown = contents
        lake.set(QueryableTable(name: "t", revision: "1") { shown })
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT * FROM t ORDER BY id") == [
                #"{"id":0,"day":"1970-01-01","d":-0.05,"more":null}"#,
                #"{"id":1,"day":"1970-01-02","d":-0.05,"more":null}"#,
            ]
        )
        #expect(try session.lines("SELECT id FROM t WHERE day > '1970-01-01'") == [#"{"id":1}"#])
    }

    @Test func `rows that are deleted by position do not show`() throws {
        let lake = try Lake()
        var files: [String] = []
        for number in 0..<3 {
            files.append(
                try lake.write(
                    "d\(number).parquet",
                    """
                    SELECT i AS id, 'x' || i AS file_index \
                    FROM range(\(number * 10), \(number * 10 + 10)) t(i)
                    """,
                    fieldIDs: "id: 1, file_index: 2"
                )
            )
        }
        func deletes(_ name: String, _ rows: [(Int, Int)]) throws -> String {
            let values = rows.map { "('file://\(files[$0.0])', \($0.1)::BIGINT)" }
            return try lake.write(
                name,
                "SELECT * FROM (VALUES \(values.joined(separator: ", "))) t(file_path, pos)",
                fieldIDs: "file_path: 2147483546, pos: 2147483545"
            )
        }
        let columns: [NestedField] = [
            .optional(1, "id", .long), .optional(2, "file_index", .string),
        ]
        let contents = QueryableTable.Contents(
            columns: columns,
            files: [
                TableFile("file://" + files[0], division: 0, sequenceNumber: 2),
                TableFile("file://" + files[1], division: 1, sequenceNumber: 3),
                TableFile("file://" + files[2]),
            ],
            deletes: [
                // Also names a file of another partition, and one that it does not concern.
                TableFile(
                    try deletes("a.parquet", [(0, 3), (0, 3), (1, 5), (2, 0)]),
                    division: 0,
                    sequenceNumber: 2
                ),
                TableFile(try deletes("b.parquet", [(0, 9)]), division: 0, sequenceNumber: 1),
                TableFile(
                    try deletes("c.parquet", [(1, 0), (1, 1)]),
                    division: 1,
                    sequenceNumber: 9
                ),
            ]
        )
        lake.set(QueryableTable(name: "t", revision: "1") { contents })
        let session = try lake.engine().session()
        let ids = (0..<30).filter { ![3, 10, 11].contains($0) }
        #expect(
            try session.lines("SELECT id FROM t ORDER BY id") == ids.map { #"{"id":\#($0)}"# }
        )
        // Columns that are called as DuckDB calls what it tells of files are the table's own.
        #expect(
            try session.lines("SELECT file_index AS f FROM t WHERE id IN (2, 3, 12, 11, 29)")
                .sorted() == [#"{"f":"x12"}"#, #"{"f":"x2"}"#, #"{"f":"x29"}"#]
        )
        #expect(try session.lines("SELECT count(*) AS n FROM t") == [#"{"n":27}"#])
    }

    @Test func `five thousand files are one table`() throws {
        let lake = try Lake()
        let path = lake.directory + "/many"
        try lake.writeFreely(
            """
            COPY (SELECT i AS id, i // 20 AS part FROM range(2000) t(i)) TO '\(path)' \
            (FORMAT parquet, PARTITION_BY part, FIELD_IDS {id: 1})
            """
        )
        // Five thousand names over one hundred real files.
        let files = (0..<5_000).map { "\(path)/part=\($0 % 100)/data_0.parquet" }
        lake.set(Lake.table("t", [.optional(1, "id", .long)], files: files))
        let session = try lake.engine().session()
        #expect(
            try session.lines("SELECT count(*) AS n, sum(id) AS s FROM t") == [
                #"{"n":100000,"s":99950000}"#
            ]
        )
    }
}
