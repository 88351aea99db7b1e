import Bytes
import Columns
import Decoding
import IcebergModel
import JSONText
import Testing

/// Random documents, and what a table of them must say by the rule in README.md.
private struct Documents {
    var random: SplitMix

    mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    mutating func space() -> String { ["", "", "", " ", "\n", "\t "][below(6)] }

    mutating func text() -> String {
        let pieces = [
            "a", "longer than eight bytes", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude00", "\u{e9}",
            "\u{20AC}", "\u{1F600}", "\\\\", "/", "\\/", " ", "}", ",", ":", "{",
        ]
        return "\"" + (0..<below(5)).map { _ in pieces[below(pieces.count)] }.joined() + "\""
    }

    mutating func number() -> String {
        switch below(6) {
        case 0: return "\(Int64(bitPattern: random.next()))"
        case 1: return "\(below(1000))"
        case 2: return "-\(below(100)).\(below(1_000_000))"
        case 3: return "\(Double(bitPattern: random.next() & ~(0x7FF << 52) | 0x3F0 << 52))"
        case 4: return "\(below(100))e\(below(60) - 30)"
        default: return "\(random.next())\(random.next())"
        }
    }

    mutating func value(_ depth: Int) -> String {
        switch below(depth > 3 ? 6 : 8) {
        case 0: return "null"
        case 1: return "true"
        case 2: return "false"
        case 3, 4: return number()
        case 5: return text()
        case 6:
            let elements = (0..<below(4)).map { _ in "\(space())\(value(depth + 1))\(space())" }
            return elements.isEmpty ? "[ ]" : "[\(elements.joined(separator: ","))]"
        default:
            let members = (0..<below(4)).map {
                "\(space())\"m\($0)\"\(space()):\(value(depth + 1))"
            }
            return "{\(members.joined(separator: ","))\(space())}"
        }
    }

    mutating func document() -> String {
        let names = ["a", "b", "c\\u0064", "event_type", "user-agent", "\u{e9}"]
        let chosen = names.shuffled(using: &random).prefix(below(names.count + 1))
        let members = chosen.map { name in
            "\(space())\"\(name)\"\(space()):\(space())\(value(1))\(space())"
        }
        let end = below(2) == 0 ? "" : farEnd
        return "\(space()){\(members.joined(separator: ",")) }\(space())\(end)"
    }
}

/// What JSONText says a text column holds of `value`, except that nested values keep their
/// spelling.
private func agrees(_ cell: Cell?, with value: JSONValue) -> Bool {
    switch (cell ?? .null, value) {
    case (.null, .null): true
    case (.text(let text), .string(let string)): text == string
    case (.text(let text), .bool(let truth)): text == "\(truth)"
    case (.text(let text), .integer), (.text(let text), .double), (.text(let text), .decimal),
        (.text(let text), .array), (.text(let text), .object):
        (try? JSONValue.parse(text)) == value
    default: false
    }
}

@Test func `text columns agree with JSONText on random documents`() throws {
    var documents = Documents(random: SplitMix(seed: 2))
    var table = try Table(
        ["a", "b", "cd", "event_type", "user-agent", "\u{e9}"].enumerated().map {
            .optional($0.offset + 1, $0.element, .string)
        }
    )
    for _ in 0..<3000 {
        let text = documents.document()
        let value = try JSONValue.parse(text)
        #expect(table.decode(text) == .row, "\(text)")
        let row = try #require(table.rows().first)
        for (name, cell) in row {
            #expect(agrees(cell, with: value[name] ?? .null), "\(name) of \(text)")
        }
    }
}

@Test func `inferred columns agree with JSONText on random documents`() throws {
    var documents = Documents(random: SplitMix(seed: 3))
    for _ in 0..<1500 {
        let text = documents.document()
        let value = try JSONValue.parse(text)
        var table = try Table([])
        #expect(try table.land(text) == .row, "\(text)")
        let row = try #require(table.rows().first)
        let object = try #require(value.objectValue)
        #expect(row.count == object.members.filter { !$0.value.isNull }.count)
        for member in object.members where !member.value.isNull {
            let cell = row[member.key]
            switch member.value {
            case .bool(let truth): #expect(cell == .boolean(truth), "\(text)")
            case .integer(let number): #expect(cell == .integer(number), "\(text)")
            case .double(let number): #expect(cell == .double(number), "\(text)")
            case .decimal(let digits):
                #expect(cell == Double(digits).map { .double($0) }, "\(text)")
            default: #expect(agrees(cell, with: member.value), "\(text)")
            }
        }
    }
}

@Test func `doubles are the nearest ones, as the standard library reads them`() throws {
    var random = SplitMix(seed: 4)
    var texts = [
        "0.1", "1e23", "9007199254740993", "9007199254740992.5", "1.7976931348623157e308",
        "2.2250738585072014e-308", "2.2250738585072011e-308", "4.9e-324", "2e-324", "5e-324",
        "0.000000000000000000000000000000000000001", "123456789012345678901234567890",
        "0.30000000000000004", "1.00000000000000011102230246251565", "8.41e21", "9.5e-27", "1e-27",
        "1e-28", "7.2057594037927933e16", "1e22", "1e-22", "1.0", "0e999", "0.0", "1e-400",
        "10000000000000000000", "100000000000000000000000", "0.1e-0", "6.02214076E+23",
        "9223372036854775807.5", "1.4e-45", "179769313486231580793728971405301e276",
    ]
    for _ in 0..<20_000 {
        switch random.next() % 4 {
        case 0:
            let value = Double(bitPattern: random.next())
            if value.isFinite { texts.append("\(value)") }
        case 1: texts.append("\(random.next() % 1_000_000_000).\(random.next() % 1_000_000_000)")
        case 2: texts.append("\(random.next())e\(Int(random.next() % 600) - 320)")
        default:
            texts.append("0.\(random.next())\(random.next())e\(Int(random.next() % 40) - 20)")
        }
    }
    var table = try Table([.optional(1, "a", .double)])
    var expected: [Cell] = []
    for text in texts {
        let value = try #require(Double(text))
        if value.isFinite {
            for padding in ["", farEnd] {
                #expect(table.decode("{\"a\":\(text)}\(padding)") == .row, "\(text)")
                expected.append(.double(value))
            }
        } else {
            guard case .rejected(let issue) = table.decode("{\"a\":\(text)}") else {
                Issue.record("\(text) was taken")
                continue
            }
            #expect(issue.reason == .outOfRange)
        }
    }
    let rows = table.rows()
    #expect(rows.count == expected.count)
    let wrong = zip(rows, expected).filter { $0["a"] != $1 }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
}

@Test func `integers of every length are what they say, or out of range`() throws {
    var table = try Table([.optional(1, "a", .long)])
    var random = SplitMix(seed: 8)
    for length in 1...22 {
        for _ in 0..<50 {
            var digits = String(1 + random.next() % 9)
            for _ in 1..<length { digits += String(random.next() % 10) }
            if random.next() & 1 == 0 { digits = "-" + digits }
            for padding in ["", farEnd] {
                let outcome = table.decode("{\"a\":\(digits)}\(padding)")
                if let number = Int64(digits) {
                    #expect(outcome == .row, "\(digits)")
                    #expect(table.rows() == [["a": .integer(number)]], "\(digits)")
                } else {
                    guard case .rejected(let issue) = outcome else {
                        Issue.record("\(digits) was taken")
                        continue
                    }
                    #expect(issue.reason == .outOfRange)
                }
            }
        }
    }
}

@Test func `strings of every length, with anything anywhere, are copied whole`() throws {
    var table = try Table([.optional(1, "a", .string)])
    let specials = ["", "\\n", "\\u0041", "\u{e9}", "\u{20AC}", "\u{1F600}", "\u{7F}"]
    for length in 0..<70 {
        for place in Set([0, length / 2, length]) {
            for special in specials {
                let before = String(repeating: "x", count: place)
                let json = "\"\(before)\(special)\(String(repeating: "y", count: length - place))\""
                let text = try #require(JSONValue.parse(json).stringValue)
                for padding in ["", " ", farEnd] {
                    #expect(table.decode("{\"a\":\(json)}\(padding)") == .row, "\(json)")
                    #expect(table.rows() == [["a": .text(text)]], "\(json)")
                }
            }
        }
    }
}

@Test func `no mutation of a record traps, and what is taken is what JSONText takes`() throws {
    var documents = Documents(random: SplitMix(seed: 5))
    var random = SplitMix(seed: 6)
    var table = try Table(
        ["a", "b", "cd", "event_type"].enumerated().map {
            .optional(
                $0.offset + 1,
                $0.element,
                [.string, .long, .double, .timestamptz][$0.offset]
            )
        },
        unknown: .ignore
    )
    let interesting: [UInt8] = Array("{}[]\",:\\u0e-+.tfn \u{0}\u{1F}".utf8) + [0x80, 0xC3, 0xFF]
    var taken = 0
    for _ in 0..<30_000 {
        var bytes = Array(documents.document().utf8)
        for _ in 0..<(random.next() % 4) where !bytes.isEmpty {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 4 {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(interesting[Int(random.next() & 15)], at: place)
            case 2: bytes[place] = interesting[Int(random.next() % UInt64(interesting.count))]
            default: bytes.removeLast(bytes.count - place)
            }
        }
        let outcome = table.decode(bytes)
        // SAFETY: the span lives during the call.
        let value = try? unsafe JSONValue.parse(bytes.span.bytes)
        let isObject = value?.objectValue != nil
        switch outcome {
        case .row:
            taken += 1
            #expect(isObject, "\(String(decoding: bytes, as: UTF8.self))")
        case .rejected(let issue):
            let isAboutValues: Set<DecodeIssue.Reason> = [
                .wrongType, .outOfRange, .invalidTime, .duplicateField, .reservedField,
            ]
            if !isAboutValues.contains(issue.reason) {
                #expect(!isObject, "\(issue): \(String(decoding: bytes, as: UTF8.self))")
            }
        case .needsColumns, .full:
            Issue.record("unexpected \(outcome)")
        }
        if table.set.rowCount > 1000 { _ = table.rows() }
    }
    #expect(taken > 1000)
}
