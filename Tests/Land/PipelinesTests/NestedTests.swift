import Decoding
import IcebergModel
import Testing

@testable import Pipelines

private func plan(_ nested: NestedValues) -> DecodingPlan {
    var plan = DecodingPlan()
    plan.nested = nested
    return plan
}

/// Lands `values` and gives the rows' cells, with the harness for more questions.
private func land(
    _ values: [String],
    _ nested: NestedValues,
    columns: [NewColumn] = []
) -> (LaneHarness, [[String: String]]) {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(values, to: "events")
    harness.run(harness.lane(columns: columns, decoding: plan(nested)), until: harness.isCaughtUp)
    return (harness, harness.rows().map(\.cells))
}

private func type(_ harness: LaneHarness, _ column: String) -> String? {
    harness.tables.table("t")?.schema.column(named: column).map { shape($0.type) }
}

private func shape(_ type: IcebergType) -> String {
    switch type {
    case .struct(let fields):
        "{\(fields.map { "\($0.name):\(shape($0.type))" }.joined(separator: ","))}"
    case .list(let list): "[\(shape(list.element))]"
    case .map(let map): "<\(shape(map.value))>"
    default: type.description
    }
}

@Test func `objects become structs and arrays lists`() throws {
    let (harness, rows) = land(
        [
            #"{"u":{"id":1,"name":"ann","tags":["x","y"],"pos":{"x":1.5,"y":2}},"n":1}"#,
            #"{"n":2}"#, #"{"u":null,"n":3}"#,
            #"{"n":4,"u":{"tags":[],"id":null,"pos":{"y":-1}}}"#,
            #"{"u":{"tags":["z",null],"name":"bob","pos":null},"n":5}"#,
        ],
        .structs
    )
    #expect(
        rows == [
            ["n": "1", "u": "{id:1,name:ann,tags:[x,y],pos:{x:1.5,y:2}}"], ["n": "2"], ["n": "3"],
            ["n": "4", "u": "{tags:[],pos:{y:-1}}"], ["n": "5", "u": "{name:bob,tags:[z,null]}"],
        ]
    )
    #expect(type(harness, "u") == "{id:long,name:string,tags:[string],pos:{x:double,y:long}}")
    #expect(harness.rows("t__dead_letters").isEmpty)
}

@Test func `a new field inside a struct becomes part of it, also inside lists`() throws {
    let (harness, rows) = land(
        [
            #"{"a":[{"x":1},{"x":2,"y":true}],"o":{"p":{"q":1}}}"#,
            #"{"a":[{"x":3,"z":"new"}],"o":{"p":{"q":2,"r":[1]}},"last":9}"#,
            #"{"a":[{"w":{"v":1}},{"w":{"u":2}}],"o":{"p":{}}}"#, #"{"a":[],"o":{"s":1.5}}"#,
        ],
        .structs
    )
    #expect(type(harness, "a") == "[{x:long,y:boolean,z:string,w:{v:long,u:long}}]")
    #expect(type(harness, "o") == "{p:{q:long,r:[long]},s:double}")
    #expect(
        rows == [
            ["a": "[{x:1},{x:2,y:true}]", "o": "{p:{q:1}}"],
            ["a": "[{x:3,z:new}]", "o": "{p:{q:2,r:[1]}}", "last": "9"],
            ["a": "[{w:{v:1}},{w:{u:2}}]", "o": "{p:{}}"], ["a": "[]", "o": "{s:1.5}"],
        ]
    )
    let ids = try #require(harness.tables.table("t")?.schema.allFields.map(\.id))
    #expect(Set(ids).count == ids.count)
}

@Test(arguments: [
    ("[1,2.5]", "[double]", "[1.0,2.5]"), ("[1,\"x\",{\"a\":1}]", "[string]", "[1,x,{\"a\":1}]"),
    ("[[1],[2,null]]", "[[long]]", "[[1],[2,null]]"),
    ("[{\"a\":1},{\"b\":[]}]", "[{a:long}]", "[{a:1},{}]"),
    ("[{},{}]", nil, nil), ("[]", nil, nil), ("[null]", nil, nil), ("{}", nil, nil),
    ("{\"a\":{\"b\":null}}", nil, nil), ("[true,null]", "[boolean]", "[true,null]"),
])
func `the type of a new nested field follows from its values`(
    json: String,
    expected: String?,
    cell: String?
) {
    let (harness, rows) = land(["{\"f\":\(json),\"n\":1}"], .structs)
    #expect(type(harness, "f") == expected)
    #expect(rows.map { $0["f"] } == [cell])
    #expect(rows.map { $0["n"] } == ["1"])
}

@Test(arguments: [
    (#"{"u":5}"#, "wrong-type", "u"), (#"{"u":[]}"#, "wrong-type", "u"),
    (#"{"l":{}}"#, "wrong-type", "l"), (#"{"u":{"id":"x"}}"#, "wrong-type", "u.id"),
    (#"{"u":{"p":{"q":true}}}"#, "wrong-type", "u.p.q"), (#"{"l":[1,2,"x"]}"#, "wrong-type", "l"),
    (#"{"u":{"id":1,"id":2}}"#, "duplicate-field", "u.id"),
    (#"{"u":{"new":1,"new":2}}"#, "duplicate-field", "u.new"),
    (#"{"u":{"id":1"#, "truncated", "u.id"),
    (#"{"u":{"p":{"q":1}},"u":{}}"#, "duplicate-field", "u"), (#"{"l":[1,2}"#, "syntax", "l"),
    (#"{"m":{"a":1,"b":2,"a":3}}"#, "duplicate-field", "m"),
    (#"{"m":{"a":"x"}}"#, "wrong-type", "m"),
    (#"{"v":[{"a":1},{"a":2,"a":3}]}"#, "duplicate-field", "v"),
])
func `a nested value that does not fit is a dead letter with the way to it`(
    record: String,
    reason: String,
    field: String
) {
    let map = IcebergType.map(
        MapType(keyID: 0, key: .string, valueID: 0, valueRequired: false, value: .long)
    )
    let good = #"{"u":{"id":1,"p":{"q":1}},"l":[1],"m":{"a":1,"b":null},"n":1}"#
    let (harness, rows) = land([good, record, good], .structs, columns: [NewColumn("m", map)])
    let expected = ["u": "{id:1,p:{q:1}}", "l": "[1]", "m": "<a=1,b=null>", "n": "1"]
    #expect(rows == [expected, expected])
    let letters = harness.rows("t__dead_letters")
    #expect(letters.map { $0.cells["reason"] } == [reason])
    #expect(letters.map { $0.cells["field"] } == [field])
}

@Test func `flattened fields are columns named after the way to them`() throws {
    let (harness, rows) = land(
        [
            #"{"u":{"id":1,"p":{"x":2.5,"tags":[1,{"a":2}]}},"n":1}"#,
            #"{"n":2,"u":{"id":2,"name":"ann"}}"#, #"{"u":{},"n":3}"#, #"{"u":null}"#,
            #"{"u":{"p":{"x":3},"id":null}}"#,
        ],
        .flatten
    )
    #expect(
        rows == [
            ["u_id": "1", "u_p_x": "2.5", "u_p_tags": #"[1,{"a":2}]"#, "n": "1"],
            ["n": "2", "u_id": "2", "u_name": "ann"], ["n": "3"], [:], ["u_p_x": "3.0"],
        ]
    )
    #expect(harness.tables.table("t")?.schema.column(named: "u") == nil)
    #expect(type(harness, "u_p_tags") == "string")
}

@Test func `a field that is now an object and now a value goes both ways`() throws {
    let (_, rows) = land(
        [#"{"a":5}"#, #"{"a":{"b":1}}"#, #"{"a":6}"#, #"{"a":{"b":{"c":2}}}"#, #"{"a":{"b":3}}"#],
        .flatten
    )
    #expect(rows == [["a": "5"], ["a_b": "1"], ["a": "6"], ["a_b_c": "2"], ["a_b": "3"]])
}

@Test(arguments: [
    ([#"{"a":{"b":1}}"#, #"{"a_b":2}"#], "colliding-field", "a_b"),
    ([#"{"a_b":1}"#, #"{"a":{"b":2},"a_b":3}"#], "duplicate-field", "a_b"),
    ([#"{"a":{"b_c":1}}"#, #"{"a":{"b":{"c":2}}}"#], "colliding-field", "a.b.c"),
    ([#"{"a":{"b":1}}"#, #"{"a":{"b":2,"b":3}}"#], "duplicate-field", "a.b"),
])
func `fields that would share a column are kept apart`(
    values: [String],
    reason: String,
    field: String
) {
    let (harness, rows) = land(values, .flatten)
    #expect(rows.count == 1)
    let letters = harness.rows("t__dead_letters")
    #expect(letters.map { $0.cells["reason"] } == [reason])
    #expect(letters.map { $0.cells["field"] } == [field])
    // A restart knows whose column it is.
    harness.log.append([values[1], values[0]], to: "events")
    harness.run(harness.lane(decoding: plan(.flatten)), until: harness.isCaughtUp)
    #expect(harness.rows().map(\.offset) == [0, 3])
}

@Test func `flattened fields can be renamed and declared`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":{"b":1,"c":2},"x":{"y":"7"}}"#], to: "events")
    var renamed = plan(.flatten)
    renamed.columnsByField = ["a.b": "first"]
    renamed.castColumns = ["x_y"]
    let lane = harness.lane(columns: [NewColumn("x_y", .long)], decoding: renamed)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(harness.rows().map(\.cells) == [["first": "1", "a_c": "2", "x_y": "7"]])
}
