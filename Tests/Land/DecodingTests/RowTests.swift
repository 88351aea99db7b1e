import ArrowData
import Columns
import Decoding
import IcebergModel
import Testing

@Test func `an object becomes a row, whatever the order of its fields`() throws {
    var table = try Table([
        .optional(1, "name", .string), .optional(2, "n", .long), .optional(3, "x", .double),
        .optional(4, "ok", .boolean), LogColumn.field(id: 5),
    ])
    #expect(table.decode(#"{"name":"axe","n":7,"x":1.5,"ok":true}"#) == .row)
    #expect(table.decode(#" { "ok" : false , "name":"sword" , "n" : -3 } "#) == .row)
    #expect(table.decode("{\n\t\"x\":\r\n2\n}\n") == .row)
    #expect(table.decode("{}") == .row)
    #expect(table.decode(#"{"n":null,"name":""}"#) == .row)
    let batch = table.set.takeBatch()
    #expect(batch.column(4).child(1).int64(2) == 3)
    table.offset = 0
    for text in [#"{"name":"axe","n":7,"x":1.5,"ok":true}"#, #"{"ok":false,"n":-3}"#] {
        #expect(table.decode(text) == .row)
    }
    let expected: [[String: Cell]] = [
        ["name": .text("axe"), "n": .integer(7), "x": .double(1.5), "ok": .boolean(true)],
        ["name": .null, "n": .integer(-3), "x": .null, "ok": .boolean(false)],
    ]
    #expect(table.rows() == expected)
}

@Test func `records of changing shape keep their fields apart`() throws {
    var table = try Table([
        .optional(1, "a", .long), .optional(2, "aa", .long), .optional(3, "aaaaaaaaaaaa", .long),
        .optional(4, "b", .long), .optional(5, "\u{e9}", .long), .optional(6, "", .long),
    ])
    var random = SplitMix(seed: 11)
    let names = ["a", "aa", "aaaaaaaaaaaa", "b", "\u{e9}", ""]
    var expected: [[String: Cell]] = []
    for row in 0..<2000 {
        let chosen = names.shuffled(using: &random).prefix(Int(random.next() % 7))
        let space = random.next() % 4 == 0 ? " " : ""
        let members = chosen.map { "\(space)\"\($0)\"\(space):\(space)\(row)\(space)" }
        #expect(table.decode("{\(members.joined(separator: ","))}") == .row)
        var cells = Dictionary(uniqueKeysWithValues: names.map { ($0, Cell.null) })
        for name in chosen { cells[name] = .integer(Int64(row)) }
        expected.append(cells)
    }
    #expect(table.rows() == expected)
}

@Test func `new fields are reported in order with the type that the rule gives`() throws {
    var table = try Table([.optional(1, "known", .long)])
    let text = #"""
        {"t":"x","known":1,"i":5,"f":5.0,"e":5e1,"big":9223372036854775808,"b":true,"n":null,
        "o":{"a":[1]},"l":[1,2],"min":-9223372036854775808}
        """#
    let expected: [InferredField] = [
        InferredField(name: "t", type: .string), InferredField(name: "i", type: .long),
        InferredField(name: "f", type: .double), InferredField(name: "e", type: .double),
        InferredField(name: "big", type: .double), InferredField(name: "b", type: .boolean),
        InferredField(name: "o", type: .string), InferredField(name: "l", type: .string),
        InferredField(name: "min", type: .long),
    ]
    #expect(table.decode(text) == .needsColumns(expected))
    #expect(try table.land(text) == .row)
    let row = table.rows()
    #expect(row.count == 1)
    #expect(row[0]["n"] == nil)
    #expect(row[0]["o"] == .text(#"{"a":[1]}"#))
    #expect(row[0]["big"] == .double(9_223_372_036_854_775_808))
    #expect(row[0]["min"] == .integer(.min))
}

@Test func `columns that come in mid-batch leave earlier rows as they are`() throws {
    var table = try Table([])
    #expect(try table.land(#"{"a":1}"#) == .row)
    #expect(try table.land(#"{"a":2,"b":"x"}"#) == .row)
    #expect(try table.land(#"{"c":true,"a":3}"#) == .row)
    let expected: [[String: Cell]] = [
        ["a": .integer(1), "b": .null, "c": .null],
        ["a": .integer(2), "b": .text("x"), "c": .null],
        ["a": .integer(3), "b": .null, "c": .boolean(true)],
    ]
    #expect(table.rows() == expected)
}

@Test func `unknown fields are dropped or reject the record when the pipeline says so`() throws {
    var ignoring = try Table([.optional(1, "a", .long)], unknown: .ignore)
    for _ in 0..<3 { #expect(ignoring.decode(#"{"x":{"y":[1,"2"]},"a":1,"z":null}"#) == .row) }
    #expect(ignoring.rows().count == 3)
    var rejecting = try Table([.optional(1, "a", .long)], unknown: .reject)
    let outcome = rejecting.decode(#"{"a":1,"x":2}"#)
    #expect(outcome == .rejected(DecodeIssue(.unknownField, field: "x", offset: 11)))
    #expect(rejecting.decode(#"{"a":1}"#) == .row)
}

@Test func `one decoder serves column sets of one layout in turn`() throws {
    let layout = try ColumnLayout(Schema(fields: [.optional(1, "a", .long)]))
    let pool = BlockPool()
    var first = ColumnSet(layout: layout, pool: pool)
    var second = ColumnSet(layout: layout, pool: pool)
    var decoder = JSONRowDecoder()
    let position = LogPosition(partition: 0, offset: 0, timestampMicros: 0)
    let bytes = Array(#"{"a":1}"#.utf8)
    for row in 0..<10 {
        // SAFETY: the span lives during the call.
        let outcome =
            row % 2 == 0
            ? unsafe decoder.decode(bytes.span.bytes, at: position, into: &first)
            : unsafe decoder.decode(bytes.span.bytes, at: position, into: &second)
        #expect(outcome == .row)
    }
    #expect(first.takeBatch().rowCount == 5)
    #expect(second.takeBatch().rowCount == 5)
}

@Test func `escapes become the characters they stand for`() throws {
    let cases: [(String, String)] = [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "A\u{e9}\u{20AC}"),
        (#""\ud83d\ude00 and \uD834\uDD1E.""#, "\u{1F600} and \u{1D11E}."),
        (#""\u0000""#, "\u{0}"),
        (#""plain text of more than eight bytes""#, "plain text of more than eight bytes"),
        ("\"\u{1F600}\u{e9}\u{FFFF}\u{10FFFF}\"", "\u{1F600}\u{e9}\u{FFFF}\u{10FFFF}"),
        (#""tail\n""#, "tail\n"), (#""""#, ""), (#""\\""#, "\\"),
    ]
    for (json, text) in cases { #expect(try decoded(json, as: .string) == .text(text)) }
    // An escaped key is the same key.
    var table = try Table([.optional(1, "user-agent", .long)])
    #expect(table.decode(#"{"user\u002dagent":1}"#) == .row)
    #expect(table.decode(#"{"user-agent":2}"#) == .row)
    #expect(table.rows() == [["user-agent": .integer(1)], ["user-agent": .integer(2)]])
}

@Test func `any value goes into a text column as its JSON`() throws {
    for json in ["12.50", "-0", "true", "false", #"{"a": [1, "\u0041"] }"#, "[]", "1e400"] {
        #expect(try decoded(json, as: .string) == .text(json))
    }
    #expect(try decoded("null", as: .string) == .null)
}

@Test func `numbers go into number columns when they fit`() throws {
    #expect(try decoded("9223372036854775807", as: .long) == .integer(.max))
    #expect(try decoded("-9223372036854775808", as: .long) == .integer(.min))
    #expect(try decoded("-0", as: .long) == .integer(0))
    #expect(try decoded("2147483647", as: .int) == .integer(2_147_483_647))
    #expect(try decoded("5", as: .double) == .double(5))
    #expect(try decoded("-0", as: .double) == .double(-0.0))
    #expect(try decoded("0.1", as: .float) == .double(Double(Float(0.1))))
    for json in ["9223372036854775808", "-9223372036854775809", "100000000000000000000"] {
        #expect(try issue(json, as: .long) == .outOfRange)
    }
    for json in ["1.0", "1e2", "true", "\"1\"", "{}", "[]"] {
        #expect(try issue(json, as: .long) == .wrongType)
    }
    #expect(try issue("2147483648", as: .int) == .outOfRange)
    #expect(try issue("-2147483649", as: .int) == .outOfRange)
    #expect(try issue("1.5", as: .int) == .wrongType)
    for json in ["1e309", "-1e400", "1e999999999999999999"] {
        #expect(try issue(json, as: .double) == .outOfRange)
    }
    #expect(try issue("1e39", as: .float) == .outOfRange)
    for type in [IcebergType.double, .float, .int, .boolean] {
        #expect(try issue("\"x\"", as: type) == .wrongType)
    }
    #expect(try issue("1", as: .boolean) == .wrongType)
}

@Test func `dates and times are read from ISO 8601, and instants from milliseconds`() throws {
    #expect(try decoded("\"1970-01-01\"", as: .date) == .integer(0))
    #expect(try decoded("\"2024-02-29\"", as: .date) == .integer(19_782))
    #expect(try decoded("\"1969-12-31\"", as: .date) == .integer(-1))
    let instants: [(String, Int64)] = [
        ("\"1970-01-01T00:00:00Z\"", 0), ("\"2017-11-16T22:31:08.000001Z\"", 1_510_871_468_000_001),
        ("\"2017-11-16T14:31:08-08:00\"", 1_510_871_468_000_000),
        ("1510871468123", 1_510_871_468_123_000),
        ("\"2017-11-16 22:31:08.5+0000\"", 1_510_871_468_500_000), ("-1", -1000),
        ("\"2017-11-16T22:31:08.123456789Z\"", 1_510_871_468_123_456),
        ("\"2017-11-16T22:31Z\"", 1_510_871_460_000_000),
        ("\"0001-01-01T00:00:00Z\"", -62_135_596_800_000_000),
    ]
    for (json, micros) in instants {
        #expect(try decoded(json, as: .timestamptz) == .integer(micros), "\(json)")
    }
    #expect(try decoded("\"1970-01-02T00:00:01\"", as: .timestamp) == .integer(86_401_000_000))
    let wrong: [(String, IcebergType)] = [
        ("\"2023-02-29\"", .date), ("\"2023-13-01\"", .date), ("\"2023-1-01\"", .date),
        ("\"2023-01-01T00:00:00Z\"", .date), ("\"\"", .date), ("\"2023-01-32\"", .date),
        ("\"2023-01-01T24:00:00Z\"", .timestamptz), ("\"2023-01-01T23:60:00Z\"", .timestamptz),
        ("\"2023-01-01T23:00:60Z\"", .timestamptz), ("\"2023-01-01T23:00:00\"", .timestamptz),
        ("\"2023-01-01T23:00:00.Z\"", .timestamptz),
        ("\"2023-01-01T23:00:00.1234567890Z\"", .timestamptz),
        ("\"2023-01-01\"", .timestamptz), ("\"2023-01-01T00:00:00Z \"", .timestamptz),
        ("\"2023-01-01T00:00:00Z\"", .timestamp), ("\"2023-01-01T00:00:00+24:00\"", .timestamptz),
    ]
    for (json, type) in wrong { #expect(try issue(json, as: type) == .invalidTime, "\(json)") }
    #expect(try issue("9223372036854775807", as: .timestamptz) == .outOfRange)
    #expect(try issue("1.5", as: .timestamptz) == .wrongType)
    #expect(try issue("12", as: .timestamp) == .wrongType)
    #expect(try issue("12", as: .date) == .wrongType)
}

@Test func `binary columns take base64`() throws {
    let cases = [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
    for (json, text) in cases {
        #expect(try decoded("\"\(json)\"", as: .binary) == .text(text))
    }
    for json in ["Z", "Zg=", "Zg", "Zh==", "Zm9=", "Zg==Zg==", "Z g=", "=AAA", "===="] {
        #expect(try issue("\"\(json)\"", as: .binary) == .invalidBase64, "\(json)")
    }
    #expect(try issue("12", as: .binary) == .wrongType)
}
