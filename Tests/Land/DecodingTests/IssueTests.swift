import Columns
import Decoding
import IcebergModel
import Testing

private let fields: [NestedField] = [
    .optional(1, "s", .string), .optional(2, "n", .long), .required(3, "r", .boolean),
    LogColumn.field(id: 4),
]

/// Records that cannot be rows of `fields`, with the reason, the field and the byte.
private let broken: [(String, DecodeIssue.Reason, String?, Int)] = [
    ("", .empty, nil, 0), (" \n", .empty, nil, 2), ("7", .notAnObject, nil, 0),
    ("[1]", .notAnObject, nil, 0), ("\"x\"", .notAnObject, nil, 0), ("null", .notAnObject, nil, 0),
    ("{", .truncated, nil, 1), ("{\"s\"", .truncated, nil, 4), ("{\"s\":", .truncated, "s", 5),
    ("{\"s\":\"x", .truncated, "s", 7), ("{\"s\":\"x\"", .truncated, "s", 8),
    ("{\"s\":tru", .truncated, "s", 8), ("{\"n\":-", .truncated, "n", 6),
    ("{\"s\":\"\\", .truncated, "s", 7), ("{\"s\":[1,", .truncated, "s", 8),
    ("{\"s\":{\"a\":1", .truncated, "s", 11), ("{\"n\":1e", .truncated, "n", 7),
    ("{\"s\" \"x\"}", .syntax, nil, 5), ("{s:1}", .syntax, nil, 1), ("{\"s\":}", .syntax, "s", 5),
    ("{\"s\":\"x\",}", .syntax, "s", 9), ("{,\"s\":1}", .syntax, nil, 1),
    ("{\"s\":nul}", .syntax, "s", 5), ("{\"s\":True}", .syntax, "s", 5),
    ("{\"s\":'x'}", .syntax, "s", 5), ("{\"s\":[1 2]}", .syntax, "s", 8),
    ("{\"s\":{1:2}}", .syntax, "s", 6), ("{\"n\":+1}", .syntax, "n", 5),
    ("{\"s\":\"a\tb\"}", .controlCharacter, "s", 7), ("{\"s\":\"\\x\"}", .invalidEscape, "s", 6),
    ("{\"s\":\"\\u12G4\"}", .invalidEscape, "s", 6),
    ("{\"s\":\"\\ud800\"}", .invalidEscape, "s", 6),
    ("{\"s\":\"\\udc00\\ud800\"}", .invalidEscape, "s", 6),
    ("{\"n\":01}", .invalidNumber, "n", 5), ("{\"n\":1.}", .invalidNumber, "n", 5),
    ("{\"n\":-}", .invalidNumber, "n", 5), ("{\"s\":00}", .invalidNumber, "s", 5),
    ("{\"n\":1e}", .invalidNumber, "n", 7), ("{\"n\":.5}", .syntax, "n", 5),
    ("{\"r\":true} x", .trailingBytes, nil, 11), ("{\"r\":true}{}", .trailingBytes, nil, 10),
    ("{\"n\":1,\"n\":1}", .duplicateField, "n", 11),
    ("{\"n\":null,\"n\":1}", .duplicateField, "n", 14),
    ("{\"u\":null,\"u\":null}", .duplicateField, "u", 14),
    ("{\"u\":1,\"u\":2}", .duplicateField, "u", 11),
    ("{\"_log\":1}", .reservedField, "_log", 8), ("{\"\":1}", .unusableFieldName, "", 4),
    ("{\"a\\u0000b\":1}", .unusableFieldName, "a\u{0}b", 12),
    ("{\"n\":\"1\"}", .wrongType, "n", 5), ("{\"n\":9223372036854775808}", .outOfRange, "n", 5),
    ("{\"n\":1}", .missingField, "r", 0), ("{\"r\":null}", .missingField, "r", 5),
]

@Test(arguments: broken.indices)
func `a broken record is rejected with reason, field and byte`(_ index: Int) throws {
    let (text, reason, field, offset) = broken[index]
    var table = try Table(fields)
    guard case .rejected(let issue) = table.decode(text) else {
        Issue.record("\(text) was not rejected")
        return
    }
    #expect(issue.reason == reason, "\(text): \(issue)")
    #expect(issue.field == field, "\(text): \(issue)")
    #expect(issue.offset == offset, "\(text): \(issue)")
    // Nothing of it is left, and the next record is as good as ever.
    #expect(table.decode(#"{"s":"next","n":1,"r":true}"#) == .row)
    let rows: [[String: Cell]] = [["s": .text("next"), "n": .integer(1), "r": .boolean(true)]]
    #expect(table.rows() == rows)
}

@Test func `bytes that are no UTF-8 are rejected wherever they are`() throws {
    let sequences: [[UInt8]] = [
        [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE0, 0xA0],
        [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80],
        [0xFF], [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1], [0xF0, 0x28, 0x8C, 0xBC],
    ]
    for sequence in sequences {
        for (before, after) in [
            ("{\"s\":\"", "\"}"), ("{\"s\":[\"eight bytes ", "\"]}"), ("{\"", "\":1}"),
        ] {
            var table = try Table([.optional(1, "s", .string)])
            guard
                case .rejected(let issue) = table.decode(
                    Array(before.utf8) + sequence + Array(after.utf8)
                )
            else {
                Issue.record("\(sequence) was taken")
                continue
            }
            #expect(issue.reason == .invalidUTF8, "\(sequence) in \(before)")
            #expect(issue.offset == before.utf8.count)
        }
    }
}

@Test func `nesting is bounded`() throws {
    var table = try Table([.optional(1, "s", .string)])
    let fits = String(repeating: "[", count: 127) + String(repeating: "]", count: 127)
    #expect(table.decode("{\"s\":\(fits)}") == .row)
    let deep = String(repeating: "{\"a\":", count: 100_000)
    guard case .rejected(let issue) = table.decode("{\"s\":[\(fits)]}") else {
        Issue.record("129 levels were taken")
        return
    }
    #expect(issue.reason == .tooDeep)
    guard case .rejected(let deeper) = table.decode("{\"s\":\(deep)") else {
        Issue.record("100,000 levels were taken")
        return
    }
    #expect(deeper.reason == .tooDeep)
}

@Test func `a table's columns and a record's fields are bounded`() throws {
    var table = try Table([.optional(1, "a", .long), LogColumn.field(id: 2)], columnsMax: 3)
    #expect(try table.land(#"{"a":1,"b":2,"c":3,"null":null}"#) == .row)
    let outcome = table.decode(#"{"a":1,"d":4}"#)
    #expect(outcome == .rejected(DecodeIssue(.tooManyColumns, field: "d", offset: 11)))
    var ignoring = try Table([.optional(1, "a", .long)], unknown: .ignore)
    let many = (0..<10_001).map { "\"k\($0)\":1" }.joined(separator: ",")
    guard case .rejected(let issue) = ignoring.decode("{\(many)}") else {
        Issue.record("10,001 unknown fields were taken")
        return
    }
    #expect(issue.reason == .tooManyFields)
    #expect(ignoring.decode(#"{"a":1,"k1":2}"#) == .row)
    let long = String(repeating: "n", count: 1025)
    guard case .rejected(let tooLong) = table.decode("{\"\(long)\":1}") else {
        Issue.record("a name of 1025 bytes was taken")
        return
    }
    #expect(tooLong.reason == .unusableFieldName)
}

@Test func `names that come and go do not fill the memory`() throws {
    var table = try Table([.optional(1, "a", .long)], unknown: .ignore)
    for round in 0..<200 {
        let members = (0..<100).map { "\"k\(round)-\($0)\":1" }.joined(separator: ",")
        #expect(table.decode("{\(members),\"a\":\(round)}") == .row)
    }
    #expect(table.rows().last == ["a": .integer(199)])
}

@Test func `a tombstone is rejected, and every reason has a text of its own`() {
    #expect(JSONRowDecoder.tombstone == .rejected(DecodeIssue(.tombstone)))
    let messages = Set(DecodeIssue.Reason.allCases.map { DecodeIssue($0).message })
    #expect(messages.count == DecodeIssue.Reason.allCases.count)
    #expect(
        DecodeIssue(.wrongType, field: "n", offset: 5, columnType: "long").description
            == "field \"n\", byte 5: the value does not fit the column, which is long"
    )
}
