import ArrowData
import Columns
import Decoding
import IcebergModel
import Testing

@Test func `a field goes into the column that the plan names`() throws {
    var plan = DecodingPlan()
    plan.columnsByField = ["amount": "price", "who": "user"]
    var table = try Table(
        [.optional(1, "price", .long), .optional(2, "amount", .long)],
        plan: plan
    )
    #expect(table.decode(#"{"amount":5}"#) == .row)
    #expect(try table.land(#"{"amount":6,"who":"ann"}"#) == .row)
    let rows = table.rows()
    #expect(rows[0] == ["price": .integer(5), "amount": .null, "user": .null])
    #expect(rows[1] == ["price": .integer(6), "amount": .null, "user": .text("ann")])
}

@Test func `a field called like a column that is filled from elsewhere is not lost`() throws {
    var plan = DecodingPlan()
    plan.columnsByField = ["amount": "price"]
    plan.outsideColumns = [OutsideColumn("region", .string, .constant("eu"))]
    let fields: [NestedField] = [.optional(1, "price", .long), .optional(2, "region", .string)]
    var table = try Table(fields, plan: plan)
    for name in ["price", "region"] {
        guard case .rejected(let issue) = table.decode("{\"\(name)\":1}") else {
            Issue.record("the field \(name) was taken or dropped")
            continue
        }
        #expect(issue.reason == .shadowedField && issue.field == name)
        #expect(issue.description.contains("from: \(name)"))
    }
    var dropping = try Table(fields, unknown: .ignore, plan: plan)
    #expect(dropping.decode(#"{"price":1,"region":"us","amount":2}"#) == .row)
    #expect(dropping.rows() == [["price": .integer(2), "region": .null]])
    plan.columnsByField["region"] = "event_region"
    var resolved = try Table(fields, plan: plan)
    #expect(try resolved.land(#"{"region":"us"}"#) == .row)
    #expect(resolved.rows()[0]["event_region"] == .text("us"))
}

@Test(arguments: [
    (#""5""#, IcebergType.long, Cell.integer(5)), (#""-7""#, .int, .integer(-7)),
    ("5.0", .long, .integer(5)), ("1e3", .int, .integer(1000)),
    (#""1.5""#, .double, .double(1.5)), (#""true""#, .boolean, .boolean(true)),
    (#""1700000000000""#, .timestamptz, .integer(1_700_000_000_000_000)), (#""""#, .long, .null),
])
func `a cast takes texts that spell a value`(json: String, type: IcebergType, cell: Cell) throws {
    var plan = DecodingPlan()
    plan.castColumns = ["a"]
    var table = try Table([.optional(1, "a", type)], plan: plan)
    #expect(table.decode("{\"a\":\(json)}") == .row)
    #expect(table.rows() == [["a": cell]])
    var strict = try Table([.optional(1, "a", type)])
    guard case .rejected = strict.decode("{\"a\":\(json)}") else {
        Issue.record("taken without a cast")
        return
    }
}

@Test(arguments: [
    (#""five""#, IcebergType.long), (#""5 ""#, .long), (#""5.5""#, .long), ("5.5", .long),
    (#""99999999999""#, .int), ("{}", .long), ("true", .long), (#""yes""#, .boolean),
    (#""tomorrow""#, .date), (#""NaN""#, .double),
])
func `a cast does not guess`(json: String, type: IcebergType) throws {
    var plan = DecodingPlan()
    plan.castColumns = ["a"]
    var table = try Table([.optional(1, "a", type), .optional(2, "b", .long)], plan: plan)
    guard case .rejected(let issue) = table.decode("{\"b\":1,\"a\":\(json)}") else {
        Issue.record("taken")
        return
    }
    #expect(issue.field == "a")
    #expect(table.decode(#"{"b":2}"#) == .row)
    #expect(table.rows() == [["a": .null, "b": .integer(2)]])
}

@Test(arguments: [
    ("5", 500), ("5.25", 525), ("-0.01", -1), ("1e2", 10_000), ("5.250000", 525), ("0", 0),
    ("0.1e1", 100), ("99999999.99", 9_999_999_999), (#""12.5""#, 1250), ("-0.000", 0),
    ("1.0000000000000000000000000000000000000000000000", 100),
])
func `decimals are exact`(json: String, unscaled: Int64) throws {
    let type = IcebergType.decimal(precision: 10, scale: 2)
    for padding in ["", farEnd] {
        var table = try Table([.optional(1, "a", type)])
        #expect(table.decode("{\"a\":\(json)}\(padding)") == .row)
        let batch = table.set.takeBatch()
        #expect(batch.column(0).int128(0) == Int128(unscaled))
    }
}

@Test(arguments: [
    ("5.255", "out-of-range"), ("100000000", "out-of-range"), ("1e99", "out-of-range"),
    (#""x""#, "wrong-type"), (#""1.5 ""#, "wrong-type"), ("true", "wrong-type"),
    ("[]", "wrong-type"),
    ("1e-3", "out-of-range"), (#""""#, "wrong-type"),
])
func `a decimal that would have to be rounded is refused`(json: String, reason: String) throws {
    #expect(try issue(json, as: .decimal(precision: 10, scale: 2))?.rawValue == reason)
}

@Test func `decimals hold 38 digits`() throws {
    let text = String(repeating: "9", count: 38)
    let type = IcebergType.decimal(precision: 38, scale: 0)
    var table = try Table([.optional(1, "a", type)])
    #expect(table.decode("{\"a\":-\(text)}") == .row)
    #expect(table.decode("{\"a\":\(text)0}") != .row)
    let batch = table.set.takeBatch()
    #expect(batch.column(0).int128(0) == Int128("-\(text)"))
}

@Test(arguments: [
    ("eu", IcebergType.string, true), ("5", .long, true), ("5.5", .long, false),
    ("2026-11-21", .date, true), ("2026-11-21T10:00:00Z", .timestamptz, true),
    ("x", .timestamptz, false), ("", .string, true), ("", .long, false), ("null", .long, false),
    ("1.5", .decimal(precision: 3, scale: 1), true), ("true", .boolean, true),
])
func `plain text spells values as JSON does`(text: String, type: IcebergType, isValue: Bool) {
    #expect(ScalarText.spells(text, type) == isValue)
}
