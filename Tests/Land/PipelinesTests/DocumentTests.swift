import Decoding
import IcebergModel
import Testing

@testable import Pipelines

private func plan(_ format: RecordFormat, _ documents: DocumentCount) -> DecodingPlan {
    var plan = DecodingPlan()
    plan.format = format
    plan.documents = documents
    return plan
}

private let manyJSON = plan(.json, .many)
private let csv = plan(.csv(CSVFormat()), .many)

/// Offset, index and cells of every row.
private func table(_ harness: LaneHarness) -> [String] {
    harness.rows().map { row in
        let cells = row.cells.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(row.offset).\(row.index) \(cells.joined(separator: " "))"
    }
}

@Test func `objects on lines, one after the other and in arrays are rows of their own`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(
        [
            "{\"a\":1}\n{\"a\":2}\n", #"{"a":3}{"a":4}"#,
            #" [ {"a":5} , {"a":6,"b":true} ] {"a":7}"#, "[]",
        ],
        to: "events"
    )
    let lane = harness.lane(decoding: manyJSON)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(
        table(harness) == [
            "0.0 a=1", "0.1 a=2", "1.0 a=3", "1.1 a=4", "2.0 a=5", "2.1 a=6 b=true", "2.2 a=7",
        ]
    )
    let totals = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(totals.landed == 3 && totals.filtered == 1 && totals.deadLettered == 0)
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test(arguments: [
    #"{"a":1}{"a":"text"}"#, #"{"a":1} {"a":2"#, #"[{"a":1},{"a":2}"#, #"[{"a":1} {"a":2}]"#,
    #"{"a":1},{"a":2}"#, #"{"a":1}7"#, #"[{"a":1},[{"a":2}]]"#, #"[{"a":1},]"#, #"{"a":1}]"#,
    #"{"a":1}{"a":2,"a":3}"#, #"{"a":1}{"new":1}{"a":true}"#, "", " \n ",
])
func `one bad document makes the whole record a dead letter`(value: String) throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":0}{"a":0}"#, value, #"[{"a":9}]"#], to: "events")
    let lane = harness.lane(decoding: manyJSON)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(harness.rows().map(\.offset) == [0, 0, 2])
    #expect(harness.rows("t__dead_letters").map(\.offset) == [1])
    #expect(harness.rows("t__dead_letters")[0].cells["value"] == value)
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test func `where judges each document, and indices stay what they are in the record`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(
        [
            #"{"k":"x"}{"k":"y"}{"k":"y"}"#, #"{"k":"x"}"#, #"{"k":"y"}{"k":5,"k":6}"#,
            #"{"k":"y"}7"#,
        ],
        to: "events"
    )
    let lane = harness.lane(predicate: try Predicate(parsing: "k = 'y'"), decoding: manyJSON)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(table(harness) == ["0.1 k=y", "0.2 k=y", "2.0 k=y"])
    let totals = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(totals.landed == 2 && totals.filtered == 1 && totals.deadLettered == 1)
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test func `a row of a record that is lost or doubled shows in the receipt`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}{"a":2}{"a":3}"#, #"{"a":4}"#], to: "events")
    let lane = harness.lane(decoding: manyJSON)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(try harness.receipt(lane.definition).isProven)
    let rows = harness.rows()
    harness.tables.change("t") { $0.rows.removeAll { $0.index == 2 } }
    let lost = try harness.receipt(lane.definition)
    #expect(!lost.isProven && lost.missing == 1 && lost.duplicates == 0)
    harness.tables.change("t") { $0.rows = rows + [rows[1]] }
    let doubled = try harness.receipt(lane.definition)
    #expect(!doubled.isProven && doubled.duplicates == 1 && doubled.missing == 0)
    harness.tables.change("t") { table in
        table.rows = rows
        table.rows[2].index = 7
    }
    #expect(try !harness.receipt(lane.definition).isProven)
}

@Test func `CSV with a header row becomes rows with the types its texts spell`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(
        [
            "id,name,price,ok\n1,axe,1.5,true\n2,\"long, \"\"sword\"\"\",,false\n",
            "id,name,price,ok\r\n3,Grüße,2,\r\n\r\n\"4\",5,1e3,true",
            "name,id\nbow,6\n", "id,name,price,ok\n",
        ],
        to: "events"
    )
    let lane = harness.lane(decoding: csv)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(
        table(harness) == [
            "0.0 id=1 name=axe ok=true price=1.5", #"0.1 id=2 name=long, "sword" ok=false"#,
            "1.0 id=3 name=Grüße price=2.0", "1.1 id=4 name=5 ok=true price=1000.0",
            "2.0 id=6 name=bow",
        ]
    )
    let schema = try #require(harness.tables.table("t")?.schema)
    #expect(schema.column(named: "id")?.type == .long)
    #expect(schema.column(named: "price")?.type == .double)
    #expect(harness.tables.table("t")?.markers["p"]?.totals.filtered == 1)
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test(arguments: [
    ("a,b\n1,2,3\n", "field-count"), ("a,b\n1\n", "field-count"), ("a,b\n1,\"2\n", "truncated"),
    ("a,b\n1,\"2\"x\n", "misplaced-quote"), ("a,b\n1,2\"\n", "misplaced-quote"),
    ("a,a\n1,2\n", "duplicate-field"), ("a,b\n1,2\nx,3\n", "wrong-type"), ("", "empty"),
    ("a,b\n1,2\n\u{1},\"\u{2}\"\n", "wrong-type"), (",b\n1,2\n", "unusable-field-name"),
])
func `CSV that is wrong is a dead letter as a whole`(text: String, reason: String) throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(["a,b\n1,2\n", text, "a,b\n3,4\n"], to: "events")
    let lane = harness.lane(decoding: csv)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(table(harness) == ["0.0 a=1 b=2", "2.0 a=3 b=4"])
    #expect(harness.rows("t__dead_letters").map { $0.cells["reason"] } == [reason])
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test func `CSV without a header row has the declared columns and characters`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    var format = CSVFormat()
    format.columns = ["day", "amount", "note"]
    format.delimiter = UInt8(ascii: ";")
    format.quote = UInt8(ascii: "'")
    harness.log.append(["\u{FEFF}2026-11-21;12.50;'it''s; a\nnote\u{1F}'"], to: "events")
    harness.log.append(["2026-11-22;13;x\n2026-11-23;14;y"], to: "events")
    let lane = harness.lane(
        columns: [
            NewColumn("day", .date), NewColumn("amount", .decimal(precision: 9, scale: 2)),
            NewColumn("note", .string),
        ],
        decoding: plan(.csv(format), .one)
    )
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(table(harness) == ["0.0 amount=1250 day=20778 note=it's; a\nnote\u{1F}"])
    #expect(harness.rows("t__dead_letters").map { $0.cells["reason"] } == ["trailing-bytes"])
    let schema = try #require(harness.tables.table("t")?.schema.column(named: "_log"))
    #expect(!schema.type.children.contains { $0.name == "index" })
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test func `raw bytes are a column, and a tombstone is a row without`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(["{not json", nil, ""], to: "events")
    var raw = plan(.raw, .one)
    raw.outsideColumns = [
        OutsideColumn("value", .binary, .value), OutsideColumn("k", .string, .key),
    ]
    let lane = harness.lane(
        columns: [NewColumn("value", .binary), NewColumn("k", .string)],
        decoding: raw
    )
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(table(harness) == ["0.0 value={not json", "1.0 ", "2.0 value="])
    #expect(try harness.receipt(lane.definition).isProven)
}

@Test func `a table of one row a record does not take records of many`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    var reason = ""
    harness.run(harness.lane(decoding: manyJSON)) { status in
        if case .failed(let why) = status.state { reason = why }
        return !reason.isEmpty
    }
    #expect(reason.contains("its _log has no index"))
}

@Test func `a record of more rows than a batch is handed over whole`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    let record = String(repeating: "{\"a\":1}\n", count: 40_000)
    harness.log.append([record, record + "{", record], to: "events")
    let lane = harness.lane(decoding: manyJSON)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(harness.rows().count == 80_000)
    #expect(harness.rows("t__dead_letters").map(\.offset) == [1])
    #expect(try harness.receipt(lane.definition).isProven)
}
