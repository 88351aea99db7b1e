import Bytes
import JSONText
import Testing

private func slab(_ bytes: some Sequence<UInt8>) -> Slab {
    var buffer = ByteBuffer()
    for byte in bytes { buffer.append(byte) }
    return Slab(buffer)
}

private func failure(_ text: String, depthMax: Int = 128) -> JSONError? {
    do throws(JSONError) {
        let value = try JSONValue.parse(text, depthMax: depthMax)
        Issue.record("accepted as \(value)")
        return nil
    } catch {
        return error
    }
}

@Suite struct `Parsing JSON` {
    @Test func `every kind of value is read`() throws {
        let value = try JSONValue.parse(
            #" {"a":[1,-2.5,1e3,true,false,null,"x"],"b":{},"c":[],"d":""} "#
        )
        #expect(
            value
                == [
                    "a": [1, -2.5, 1000.0, true, false, nil, "x"],
                    "b": [:], "c": [], "d": "",
                ]
        )
    }

    @Test func `members keep their order and are found by name, few or many`() throws {
        let names = (0..<40).map { "key\((7 * $0) % 40)" }
        let text = "{" + names.map { "\"\($0)\":\"\($0)!\"" }.joined(separator: ",") + "}"
        let object = try #require(JSONValue.parse(text).objectValue)
        #expect(object.keys == names)
        for name in names { #expect(object[name] == .string(name + "!")) }
        #expect(object["key40"] == nil)
    }

    @Test func `members can be changed, added and removed across the index's threshold`() {
        var object = JSONObject()
        for number in 0..<20 { object["k\(number)"] = .integer(Int64(number)) }
        object["k3"] = "three"
        object["k5"] = nil
        #expect(object.count == 19)
        #expect(object["k3"] == "three")
        #expect(object["k5"] == nil)
        #expect(object["k19"] == 19)
        for number in 6..<20 { object["k\(number)"] = nil }
        #expect(object.keys == ["k0", "k1", "k2", "k3", "k4"])
    }

    @Test func `integers are exact and other numbers lose nothing`() throws {
        #expect(try JSONValue.parse("9223372036854775807") == .integer(.max))
        #expect(try JSONValue.parse("-9223372036854775808") == .integer(.min))
        #expect(try JSONValue.parse("9223372036854775808") == .decimal("9223372036854775808"))
        #expect(try JSONValue.parse("0.1") == .double(0.1))
        #expect(try JSONValue.parse("1e400") == .decimal("1e400"))
        #expect(
            try JSONValue.parse("0.12345678901234567890") == .decimal("0.12345678901234567890")
        )
        #expect(try JSONValue.parse("-0").text() == "-0.0")
    }

    @Test func `escapes and surrogate pairs become text`() throws {
        let value = try JSONValue.parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\uDE00é😀""#)
        #expect(value == "\"\\/\u{8}\u{C}\n\r\té😀é😀")
    }

    @Test(arguments: [
        ("", JSONError.Reason.unexpectedEnd, 1, 1),
        ("{\"a\":1", .unexpectedEnd, 1, 7),
        ("[1,\n 2,\n x]", .expected("a value"), 3, 2),
        ("[1 2]", .expected("',' or ']' after an element"), 1, 4),
        ("[1,]", .expected("a value"), 1, 4),
        ("{\"é\" 1}", .expected("':' after the member name"), 1, 6),
        ("{a:1}", .expected("a member name in quotation marks"), 1, 2),
        ("{\"a\":1,}", .expected("a member name in quotation marks"), 1, 8),
        ("{\"a\":1 \"b\":2}", .expected("',' or '}' after a member"), 1, 8),
        ("{\"a\":1,\"a\":2}", .duplicateKey("a"), 1, 8),
        ("1 2", .trailingBytes, 1, 3),
        ("nul", .unexpectedEnd, 1, 4),
        ("nulx", .expected("a value"), 1, 1),
        ("NaN", .expected("a value"), 1, 1),
        ("\"a\nb\"", .controlCharacter(0x0A), 1, 3),
        ("\"\\x\"", .invalidEscape, 1, 2),
        ("\"\\u12g4\"", .invalidEscape, 1, 2),
        ("\"\\ud800\"", .loneSurrogate, 1, 2),
        ("\"\\ud800\\u0041\"", .loneSurrogate, 1, 2),
        ("\"\\udc00\"", .loneSurrogate, 1, 2),
        ("\"abcdefgh", .unexpectedEnd, 1, 10),
    ])
    func `a broken text is refused with its place`(
        text: String,
        reason: JSONError.Reason,
        line: Int,
        column: Int
    ) {
        let error = failure(text)
        #expect(error?.reason == reason)
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test(arguments: ["01", "-", "1.", ".5", "+1", "1e", "1e+", "-01", "0x10", "1.e2"])
    func `a number outside the grammar is refused`(text: String) {
        #expect(failure(text) != nil)
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xC3], [0xE2, 0x82], [0xC3, 0x28], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(inside: [UInt8]) {
        let text = [0x22] + inside + [0x22]
        #expect {
            try JSONValue.parse(slab(text).bytes)
        } throws: {
            ($0 as? JSONError)?.reason == .notUTF8
        }
    }

    @Test func `nesting is bounded in objects and arrays`() throws {
        #expect(failure(String(repeating: "[", count: 200))?.reason == .tooDeep(limit: 128))
        #expect(failure("{\"a\":{\"a\":{}}}", depthMax: 2)?.reason == .tooDeep(limit: 2))
        _ = try JSONValue.parse("{\"a\":{\"a\":3}}", depthMax: 2)
    }

    @Test func `every truncation of a good text is refused`() throws {
        let text = Array(#"{"a":[1.5e2,"\u00e9é😀",{"b":null}],"c":true}"#.utf8)
        _ = try JSONValue.parse(slab(text).bytes)
        for length in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue.parse(slab(text[..<length]).bytes) }
        }
    }
}

@Suite struct `Writing JSON` {
    @Test func `what was read is written again`() throws {
        let text =
            #"{"z":1,"a":[true,null,-2.5,"q\"\\\n\u0001é"],"e":{},"f":[],"#
            + #""d":18446744073709551616}"#
        #expect(try JSONValue.parse(text).text() == text)
        let pretty = try JSONValue.parse(text).text(.pretty)
        #expect(try JSONValue.parse(pretty).text() == text)
    }

    @Test func `the pretty layout puts one member on a line`() {
        let value: JSONValue = ["a": 1, "b": [1, 2], "c": [:]]
        #expect(
            value.text(.pretty) == """
                {
                  "a": 1,
                  "b": [
                    1,
                    2
                  ],
                  "c": {}
                }
                """
        )
    }

    @Test func `numbers that JSON lacks become null`() {
        #expect(JSONValue.array([.double(.nan), .double(.infinity)]).text() == "[null,null]")
    }
}

@Suite struct `Scanning JSON` {
    @Test func `a special byte is found at every distance from the start of a string`() throws {
        for special in ["\\n", "é", "\\\"", "😀"] {
            for before in 0..<20 {
                for after in 0..<10 {
                    let plain = String(repeating: "a", count: before) + special
                    let text = slab(
                        ("\"" + plain + String(repeating: "b", count: after) + "\"").utf8
                    )
                    var scanner = JSONScanner(text.bytes)
                    let token = try scanner.scanString()
                    #expect(token.range == 1..<(text.count - 1))
                    #expect(token.hasEscapes == special.hasPrefix("\\"))
                    let isAtEnd = scanner.isAtEnd
                    #expect(isAtEnd)
                }
            }
        }
    }

    @Test func `values are skipped one after the other`() throws {
        let text = slab("{\"a\":[1,{\"b\":2}]}\n\"x\" 17".utf8)
        var scanner = JSONScanner(text.bytes)
        var ends: [Int] = []
        while !scanner.isAtEnd {
            try scanner.skipValue()
            ends.append(scanner.offset)
            scanner.skipWhitespace()
        }
        #expect(ends == [17, 21, 24])
    }

    @Test func `an object is walked member by member`() throws {
        let text = slab(#"{ "a" : 1 , "k\u0065y" : "v" }"#.utf8)
        var scanner = JSONScanner(text.bytes)
        var found: [String: String] = [:]
        var more = try scanner.beginObject()
        while more {
            let key = try scanner.scanKey()
            let name = scanner.text(of: key)
            found[name] = try scanner.readValue().text()
            more = try scanner.endMember()
        }
        #expect(found == ["a": "1", "key": "\"v\""])
    }
}

@Suite struct `Scanning lines of JSON` {
    @Test func `a scanner that stays on its line takes a line end for the end`() throws {
        let text = slab("{\"a\": 1}\n{\"b\":\n2}".utf8)
        var scanner = JSONScanner(text.bytes, staysOnLine: true)
        try scanner.skipValue()
        scanner.skipWhitespace()
        let first = scanner.offset
        #expect(first == 8)
        let hasLineEnd = scanner.take(0x0A)
        #expect(hasLineEnd)
        do throws(JSONError) {
            try scanner.skipValue()
            Issue.record("a value over two lines was accepted")
        } catch {
            #expect(error.reason == .unexpectedEnd)
            #expect(error.line == 2 && error.column == 6)
        }
    }
}
