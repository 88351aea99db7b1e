import Configuration
import Decoding
import IcebergModel
import Settings
import Testing

@Suite struct PipelineConfigurationTests {
    @Test func `the short form is one table`() throws {
        let configuration = try configuration(
            """
            pipelines:
              shop:
                from: purchases
                into: sales
                where: price > 0
                columns: {item: string, user-agent: string, at: timestamptz}
                freshness: 250ms
                infer: false
                partition: none
            """
        )
        let pipeline = try #require(configuration.pipelines.first)
        let table = try #require(pipeline.tables.first)
        #expect(configuration.pipelines.count == 1 && pipeline.tables.count == 1)
        #expect(pipeline.name == "shop" && pipeline.topics == ["purchases"])
        #expect(pipeline.freshness == .milliseconds(250))
        #expect(table.name == "sales" && table.predicate == "price > 0")
        #expect(table.columns.map(\.name) == ["item", "user-agent", "at"])
        #expect(table.columns.map(\.type) == [.string, .string, .timestamptz])
        #expect(!table.infersColumns && table.partitioning == .none)
    }

    @Test func `the long form is several tables, with defaults, in the order of the file`() throws {
        let configuration = try configuration(
            """
            pipelines:
              game:
                from: [events, old.events]
                tables:
                  joins: {where: "event_type like 'join%'"}
                  all_events: {}
                  more:
            """
        )
        let game = try #require(configuration.pipelines.first)
        #expect(game.topics == ["events", "old.events"])
        #expect(game.freshness == .seconds(10))
        #expect(game.tables.map(\.name) == ["joins", "all_events", "more"])
        #expect(game.tables.map(\.predicate) == ["event_type like 'join%'", nil, nil])
        #expect(game.tables.allSatisfy { $0.infersColumns && $0.partitioning == .day })
    }

    @Test func `a table has its own format or the pipeline's`() throws {
        let configuration = try configuration(
            """
            pipelines:
              files:
                from: files
                format: csv
                csv: {delimiter: ";"}
                tables:
                  same: {}
                  named: {csv: {columns: [a, b], quote: "'"}}
                  single: {documents: one}
                  events: {format: json, documents: many}
                  bytes: {format: raw, columns: {value: string, k: {from: _key}}}
                  plain: {format: raw}
            """
        )
        let tables = try #require(configuration.pipelines.first?.tables)
        var csv = CSVFormat()
        csv.delimiter = UInt8(ascii: ";")
        var named = csv
        named.columns = ["a", "b"]
        named.quote = UInt8(ascii: "'")
        #expect(
            tables.map(\.format.format) == [.csv(csv), .csv(named), .csv(csv), .json, .raw, .raw]
        )
        #expect(tables.map(\.format.documents) == [.many, .many, .one, .many, .one, .one])
        #expect(tables[4].columns.map(\.origin) == [.outside(.value), .outside(.key)])
        #expect(tables[4].columns.map(\.type) == [.string, .string])
        #expect(tables[5].columns.map(\.name) == ["value"])
        #expect(tables[5].columns.map(\.type) == [.binary])
    }

    @Test(arguments: [
        ("format: xml", "pipelines.p.format: \"xml\" is not known here"),
        ("csv: {header: true}", "pipelines.p.csv: says how CSV is written; write format: csv"),
        ("format: csv, csv: {header: false}", "without a header row nobody knows the columns"),
        ("format: csv, csv: {columns: [a], header: true}", "stands beside columns"),
        ("format: csv, csv: {delimiter: ab}", "\"ab\" is not one character"),
        ("format: csv, csv: {delimiter: x, quote: x}", "delimiter and quote are the same"),
        ("format: raw, documents: many", "raw values are not cut into rows"),
        ("format: raw, where: a = 1", "looks at fields, which raw values do not have"),
        ("format: raw, columns: {a: long}", "a comes from a field, which raw values do not have"),
        ("documents: several", "pipelines.p.documents: \"several\" is not known here"),
    ])
    func `a format that makes no sense is refused`(keys: String, expected: String) {
        let text = problems("pipelines: {p: {from: a, into: t, \(keys)}}")
        #expect(text.contains(expected))
    }

    @Test func `contracts are a table's or the pipeline's, errors the pipeline's`() throws {
        let configuration = try configuration(
            """
            pipelines:
              shop:
                from: purchases
                on_error: pause
                contract: {columns: freeze, types: discard_row}
                tables:
                  same: {}
                  other: {contract: {columns: discard_value, tables: freeze}}
              plain: {from: a, into: t}
            """
        )
        let shop = try #require(configuration.pipelines.first)
        #expect(shop.onError == .pause)
        #expect(shop.tables.map(\.contract.columns) == [.freeze, .discardValue])
        #expect(shop.tables.map(\.contract.types) == [.discardRow, .discardRow])
        #expect(shop.tables.map(\.contract.tables) == [.evolve, .freeze])
        let plain = try #require(configuration.pipelines.last)
        #expect(plain.onError == .quarantine && plain.tables[0].contract == TableContract())
    }

    @Test(arguments: [
        ("on_error: stop", "pipelines.p.on_error: \"stop\" is not known here"),
        ("contract: {tables: discard_row}", "\"discard_row\" is no rule here; write one of evolve"),
        ("contract: {columns: drop}", "pipelines.p.contract.columns: \"drop\" is no rule here"),
        ("contract: {colums: freeze}", "unknown key pipelines.p.contract.colums; did you mean col"),
        ("contract: {columns: freeze}, infer: false", "stands beside a contract for columns"),
    ])
    func `a contract that makes no sense is refused`(keys: String, expected: String) {
        let text = problems("pipelines: {p: {from: a, into: t, \(keys)}}")
        #expect(text.contains(expected))
    }

    @Test func `types of columns can be nested`() throws {
        let configuration = try configuration(
            """
            pipelines:
              shop:
                from: purchases
                into: sales
                nested: struct
                columns:
                  tags: list<string>
                  m: map<string, list<decimal(4,1)>>
                  s: "struct<x: double, y : struct<z: date>>"
            """
        )
        let table = try #require(configuration.pipelines.first?.tables.first)
        #expect(table.format.nested == .structs)
        func list(_ element: IcebergType) -> IcebergType {
            .list(ListType(elementID: 0, elementRequired: false, element: element))
        }
        let decimals = list(.decimal(precision: 4, scale: 1))
        let inner = IcebergType.struct([.optional(0, "z", .date)])
        #expect(
            table.columns.map(\.type) == [
                list(.string),
                .map(
                    MapType(
                        keyID: 0,
                        key: .string,
                        valueID: 0,
                        valueRequired: false,
                        value: decimals
                    )
                ),
                .struct([.optional(0, "x", .double), .optional(0, "y", inner)]),
            ]
        )
    }

    @Test func `columns say where their values come from`() throws {
        let configuration = try configuration(
            """
            pipelines:
              shop:
                from: purchases
                into: sales
                columns:
                  item: string
                  price: {from: amount, type: "decimal(10,2)"}
                  count: {type: long, cast: true}
                  renamed: {from: old}
                  region: {value: eu}
                  weight: {value: 2.5, type: double}
                  key: {from: _key}
                  trace: {from: "_headers.trace-id"}
                  sent: {from: _timestamp}
                  raw: {from: _value}
            """
        )
        let columns = try #require(configuration.pipelines.first?.tables.first?.columns)
        #expect(
            columns.map(\.type) == [
                .string, .decimal(precision: 10, scale: 2), .long, nil, .string, .double, .string,
                .string, .timestamptz, .binary,
            ]
        )
        #expect(
            columns.map(\.origin) == [
                .field("item"), .field("amount"), .field("count"), .field("old"),
                .outside(.constant("eu")), .outside(.constant("2.5")), .outside(.key),
                .outside(.header("trace-id")), .outside(.timestamp), .outside(.value),
            ]
        )
        #expect(columns.map(\.casts).firstIndex(of: true) == 2)
    }

    @Test(arguments: [
        ("c: {from: a, value: b}", "has both from and value"),
        ("c: {value: x, type: long}", "its value cannot be brought into a column of type long"),
        ("c: {from: _timestamp, type: string}", "its value cannot be brought into"),
        ("c: {from: a, cast: true}", "a cast needs a type"),
        ("c: {from: _headers.}", "is no field"),
        ("{c: {from: a}, d: {from: a}}", "takes the field a, which goes into the column c"),
        ("c: {form: a}", "unknown key pipelines.p.columns.c.form; did you mean from"),
        ("c: \"decimal(40,2)\"", "is no type of a column"),
        ("c: \"list<long\"", "is no type of a column"),
        ("c: \"map<long,long>\"", "is no type of a column"),
        ("c: \"struct<a: long, a: long>\"", "is no type of a column"),
        ("c: \"list<long> long\"", "is no type of a column"),
    ])
    func `a column that makes no sense is refused`(columns: String, expected: String) {
        let inside = columns.hasPrefix("{") ? columns : "{\(columns)}"
        let text = problems("pipelines: {p: {from: a, into: t, columns: \(inside)}}")
        #expect(text.contains(expected))
    }

    @Test(arguments: [
        ("{into: t}", "pipelines.p lacks the key from"),
        ("{from: a}", "pipelines.p: says nothing about where records go; add for example into: p"),
        ("{from: a, into: t, tables: {u: {}}}", "pipelines.p.tables: stands beside into"),
        ("{from: a, tables: {}}", "pipelines.p.tables: is empty"),
        ("{from: a b, into: t}", "pipelines.p.from: \"a b\" is no name of a topic"),
        ("{from: [], into: t}", "pipelines.p.from: is an empty list"),
        ("{from: [a, a], into: t}", "pipelines.p.from: names a topic twice"),
        ("{from: a, into: 9t}", "pipelines.p.into: \"9t\" is no name of a table"),
        ("{from: a, into: a.b}", "pipelines.p.into: \"a.b\" is no name of a table"),
        ("{from: a, into: t__dead_letters}", "ends like the tables of records that could not"),
        ("{from: a, tables: {t-u: {}}}", "pipelines.p.tables.t-u: \"t-u\" is no name of a table"),
        ("{from: a, into: t, freshness: 1ms}", "pipelines.p.freshness: 1ms is out of bounds"),
        (
            "{from: a, into: t, freshnes: 1s}",
            "unknown key pipelines.p.freshnes; did you mean fresh"
        ),
        (
            "{from: a, tables: {t: {were: x}}}",
            "unknown key pipelines.p.tables.t.were; did you mean w"
        ),
        (
            "{from: a, into: t, columns: {c: text}}",
            "pipelines.p.columns.c: \"text\" is no type of a"
        ),
        (
            "{from: a, into: t, columns: {c: uuid}}",
            "pipelines.p.columns.c: \"uuid\" is no type of a"
        ),
        ("{from: a, into: t, columns: {_log: int}}", "every table has the column _log already"),
        (
            "{from: a, into: t, partition: hour}",
            "pipelines.p.partition: \"hour\" is not known here"
        ),
        ("{from: a, into: t, where: a ==}", "pipelines.p.where: character "),
        ("[a]", "pipelines.p is a list where a map belongs"),
    ])
    func `what makes no sense is refused`(yaml: String, expected: String) {
        let text = problems("pipelines: {p: \(yaml)}")
        #expect(text.hasPrefix("millrace.yaml:1:"))
        #expect(text.contains(expected))
    }

    @Test func `a table has one pipeline`() {
        let yaml = "pipelines: {p: {from: a, into: t}, q: {from: b, tables: {t: {}}}}"
        #expect(
            problems(yaml).contains("pipelines.q: the table t is filled by the pipeline p already")
        )
    }

    @Test func `a key of a table in the long form does not stand beside it`() {
        let yaml = "pipelines: {p: {from: a, where: x = 1, tables: {t: {}}}}"
        #expect(problems(yaml).contains("unknown key pipelines.p.where"))
    }
}
