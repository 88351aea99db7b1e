import Bytes
import Testing

@testable import SQLEngine

/// Answers as people and programs read them.
@Suite struct OutputTests {
    private func session() throws -> SQLSession { try Lake.empty.session() }

    @Test func `a table has its numbers on the right and NULL dimmed`() throws {
        let sql =
            "SELECT * FROM (VALUES (1, 'a', NULL), (-20, 'bcd', 1.5)) t(number, word, \"half\")"
        #expect(
            try session().output(sql, .table(.plain)) == """
                ┌────────┬──────┬──────┐
                │ number │ word │ half │
                ├────────┼──────┼──────┤
                │      1 │ a    │ NULL │
                │    -20 │ bcd  │  1.5 │
                └────────┴──────┴──────┘
                2 rows

                """
        )
        let colored = try session().output(sql, .table(.terminal(width: 80)))
        #expect(colored.contains("\u{1B}[2mNULL\u{1B}[0m"))
        #expect(colored.contains("\u{1B}[1mnumber\u{1B}[0m"))
    }

    @Test func `wide characters take two columns`() throws {
        let text = try session().output(
            "SELECT * FROM (VALUES ('剣'), ('é'), ('👩‍🚀'), ('abc')) t(w)",
            .table(.plain)
        )
        #expect(
            text == """
                ┌─────┐
                │ w   │
                ├─────┤
                │ 剣  │
                │ é   │
                │ 👩‍🚀  │
                │ abc │
                └─────┘
                4 rows

                """
        )
    }

    @Test(arguments: [20, 33, 40, 57, 80, 120])
    func `no line is wider than the terminal`(width: Int) throws {
        let sql = """
            SELECT i AS id, repeat('剣x', i::INT * 7) AS long, 'short' AS s, repeat('y', 30) AS y, \
            1 AS a, 2 AS b, 3 AS c, 4 AS d FROM range(1, 6) t(i)
            """
        let style = TableStyle(width: width, rowsMax: 40, hasColor: false)
        let lines = try session().output(sql, .table(style)).split(separator: "\n")
        for line in lines.dropLast() {
            #expect(DisplayWidth.of(String(line)) <= width, "\(line)")
        }
        let widths = Set(lines.dropLast().map { DisplayWidth.of(String($0)) })
        #expect(widths.count == 1)
    }

    @Test func `a long answer shows its first and last rows and counts all`() throws {
        let style = TableStyle(width: 80, rowsMax: 4, hasColor: false)
        let text = try session().output("SELECT i FROM range(1234567) t(i)", .table(style))
        #expect(
            text == """
                ┌─────────┐
                │       i │
                ├─────────┤
                │       0 │
                │       1 │
                │       ⋮ │
                │ 1234565 │
                │ 1234566 │
                └─────────┘
                1,234,567 rows, 4 shown

                """
        )
    }

    @Test(arguments: [3, 4, 5, 2_048, 2_049, 2_050, 4_100])
    func `the last rows are the last ones wherever chunks end`(count: Int) throws {
        let style = TableStyle(width: 80, rowsMax: 4, hasColor: false)
        let text = try session().output("SELECT i FROM range(\(count)) t(i)", .table(style))
        let numbers = text.split(separator: "\n").compactMap { line in
            Int(line.filter(\.isNumber))
        }
        .dropLast()
        let expected = count <= 4 ? Array(0..<count) : [0, 1, count - 2, count - 1]
        #expect(Array(numbers) == expected)
    }

    @Test func `everything is shown when nothing limits it, however long`() throws {
        let text = try session().output(
            "SELECT i, repeat('x', (i // 500)::INT) AS x FROM range(3000) t(i)",
            .table(.plain)
        )
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3_005)
        #expect(lines[3_002].hasSuffix("│ xxxxx │"))
    }

    @Test func `data cannot speak to the terminal`() throws {
        let text = try session().output(
            "SELECT chr(27) || '[31m' || chr(10) || chr(8238) AS \"a\nb\"",
            .table(.plain)
        )
        #expect(text.contains("\\u{1B}[31m\\n\\u{202E}"))
        #expect(text.contains("a\\nb"))
    }

    @Test func `what is no rows says what it did`() throws {
        let session = try session()
        let style = SQLOutputFormat.table(.plain)
        #expect(try session.output("CREATE TEMP TABLE t (a INT)", style) == "done\n")
        #expect(try session.output("INSERT INTO t VALUES (1), (2)", style) == "2 rows changed\n")
        #expect(try session.output("SELECT * FROM t WHERE false", style).hasSuffix("0 rows\n"))
        #expect(try session.output("EXPLAIN SELECT 1", style).contains("PROJECTION"))
        #expect(try session.output("SET VARIABLE x = 1", .json) == "[]\n")
        #expect(try session.output("SET VARIABLE x = 1", .csv).isEmpty)
    }

    @Test func `the time stands behind the count`() throws {
        func line(_ elapsed: Duration) throws -> String {
            let result = try session().run("SELECT 1")
            let output = SQLOutput(result, format: .table(.plain), elapsed: { elapsed })
            var buffer = ByteBuffer()
            while try output.next(into: &buffer) {}
            return String(repairingUTF8: buffer.bytes).split(separator: "\n").last.map(String.init)
                ?? ""
        }
        #expect(try line(.milliseconds(12)) == "1 row (12 ms)")
        #expect(try line(.milliseconds(12_345)) == "1 row (12.3 s)")
    }

    @Test func `JSON is an array of objects, one a line`() throws {
        let session = try session()
        #expect(
            try session.output("SELECT i, 'x\"' AS \"k\"\"\" FROM range(2) t(i)", .json)
                == "[\n{\"i\":0,\"k\\\"\":\"x\\\"\"},\n{\"i\":1,\"k\\\"\":\"x\\\"\"}\n]\n"
        )
        #expect(try session.output("SELECT 1 WHERE false", .json) == "[]\n")
        #expect(
            try session.output("SELECT 1 AS a, 2 AS a, 3 AS A", .ndjson)
                == "{\"a\":1,\"a_1\":2,\"A\":3}\n"
        )
    }

    @Test func `CSV is what RFC 4180 says`() throws {
        let text = try session().output(
            """
            SELECT * FROM (VALUES (1, 'plain', NULL), (2, 'a,b', ''), (3, 'say "x"', ' y'), \
            (4, 'two' || chr(10) || 'lines', 'ü')) t("the id", word, "a,b")
            """,
            .csv
        )
        #expect(
            text
                == "the id,word,\"a,b\"\r\n1,plain,\r\n2,\"a,b\",\"\"\r\n"
                + "3,\"say \"\"x\"\"\",\" y\"\r\n"
                + "4,\"two\nlines\",ü\r\n"
        )
    }

    @Test func `an answer comes in pieces`() throws {
        let result = try session().run("SELECT i FROM range(100000) t(i)")
        let output = SQLOutput(result, format: .ndjson)
        var buffer = ByteBuffer()
        var pieces = 0
        var largest = 0
        var bytes = 0
        while try output.next(into: &buffer) {
            pieces += 1
            largest = max(largest, buffer.count)
            bytes += buffer.count
            buffer.removeAll()
        }
        #expect(pieces > 10 && largest < 100_000 && output.rowCount == 100_000)
        #expect(bytes == 100_000 * 7 + 488_890)
    }

    @Test func `an error in the middle leaves the array open`() throws {
        let session = try session()
        let result = try session.run(
            """
            SELECT CASE WHEN i = 390000 THEN error('late') ELSE i END AS x \
            FROM range(400000) t(i)
            """
        )
        let output = SQLOutput(result, format: .json)
        var buffer = ByteBuffer()
        #expect(throws: SQLError.self) { while try output.next(into: &buffer) {} }
        #expect(buffer.count > 100)
        #expect(!String(repairingUTF8: buffer.bytes).hasSuffix("]\n"))
    }
}
