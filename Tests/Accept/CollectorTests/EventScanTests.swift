import Bytes
import JSONText
import Testing

@testable import Collector

private func scan(
    _ text: String,
    _ form: BodyForm = .sniffed,
    key: String? = nil,
    options: CollectorOptions = CollectorOptions()
) throws(CollectorError) -> [String] {
    var buffer = ByteBuffer()
    buffer.append(utf8: text)
    let slab = Slab(buffer)
    let events = try EventScan.events(
        of: slab.bytes,
        form: form,
        keyField: key,
        options: options
    )
    return events.map { event in
        let value = String(repairingUTF8: slab.bytes.extracting(event.value))
        guard event.keyKind != .none else { return value }
        let key = String(repairingUTF8: slab.bytes.extracting(event.key))
        return "\(key)\(event.keyKind == .escaped ? "~" : "")=\(value)"
    }
}

private func error(
    _ text: String,
    _ form: BodyForm = .sniffed,
    key: String? = nil,
    options: CollectorOptions = CollectorOptions()
) -> CollectorError? {
    do throws(CollectorError) {
        let events = try scan(text, form, key: key, options: options)
        Issue.record("accepted as \(events)")
        return nil
    } catch {
        return error
    }
}

@Suite struct `Cutting a body into events` {
    @Test(arguments: [
        (#"{"a":1}"#, BodyForm.json, [#"{"a":1}"#]),
        (" \n{\n  \"a\": [1, 2]\n}\n", .json, ["{\n  \"a\": [1, 2]\n}"]),
        (#"[{"a":1}, {"b":{"c":[]}} ]"#, .json, [#"{"a":1}"#, #"{"b":{"c":[]}}"#]),
        ("{\"a\":1}\n{\"b\":2}\n", .lines, ["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":1}\r\n\r\n  {\"b\":2}  \r\n\n", .lines, ["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":1}\n{\"b\":2}", .sniffed, ["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":1}{\"b\":2}", .sniffed, ["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":\n1}", .sniffed, ["{\"a\":\n1}"]),
        ("[{\"a\":1}]", .sniffed, ["{\"a\":1}"]),
        ("\u{FEFF}{\"a\":1}", .sniffed, ["{\"a\":1}"]),
        ("{}", .json, ["{}"]),
    ])
    func `the bytes of every event stay as they came`(
        text: String,
        form: BodyForm,
        events: [String]
    ) throws {
        #expect(try scan(text, form) == events)
    }

    @Test func `a key is the value of its field, whatever simple kind it has`() throws {
        let text = """
            {"id":"x","n":{"id":"inner"}}
            {"n":1,"id":17.5e1}
            {"id":true}
            {"id":"a\\u0062c"}
            {"\\u0069d":"escaped name"}
            {"id":"first","id":"last"}
            """
        let keys = try scan(text, .lines, key: "id").map { $0.prefix { $0 != "=" } }
        #expect(keys == ["x", "17.5e1", "true", "a\\u0062c~", "escaped name", "last"])
    }

    @Test func `a broken event names itself, its line and its column`() {
        let text = "{\"a\":1}\n{\"b\":2}\n{\"c\":tru}\n{\"d\":4}\n"
        for form in [BodyForm.lines, .sniffed] {
            #expect(
                error(text, form)
                    == .invalidJSON("expected a value", .init(event: 3, line: 3, column: 6))
            )
        }
        #expect(
            error("[{\"a\":1},\n {\"b\":01}]")
                == .invalidJSON(
                    "a number is not written as JSON wants it",
                    .init(event: 2, line: 2, column: 7)
                )
        )
    }

    @Test func `a line that is cut short is an error on that line`() {
        #expect(
            error("{\"a\":1}\n{\"b\":\n{\"c\":3}\n", .lines)
                == .invalidJSON(
                    "the text ends inside a value",
                    .init(event: 2, line: 2, column: 6)
                )
        )
    }

    @Test func `what is JSON but no object is an error`() {
        for text in ["1", "\"text\"", "null", "[1]", "[[{}]]"] {
            guard case .notAnObject(let place) = error(text) else {
                Issue.record("\(text) gave another error")
                continue
            }
            #expect(place.event == 1 && place.line == 1)
        }
        #expect(
            error("{\"a\":1}\n17\n", .lines)
                == .notAnObject(.init(event: 2, line: 2, column: 1))
        )
    }

    @Test func `no events at all is an error`() {
        for text in ["", " \n ", "[]", "[ ]\n", "\u{FEFF}"] {
            #expect(error(text) == .noEvents)
        }
        #expect(error("\n\n", .lines) == .noEvents)
    }

    @Test func `application json is one text`() {
        #expect(
            error("{\"a\":1}\n{\"b\":2}", .json)
                == .severalTexts(.init(event: 1, line: 2, column: 1))
        )
        guard case .invalidJSON = error("[{}] {}", .json) else {
            Issue.record("what follows an array was accepted")
            return
        }
    }

    @Test func `an event without its key is an error`() {
        #expect(
            error("{\"id\":1}\n{\"a\":2}", .lines, key: "id")
                == .missingKey(field: "id", .init(event: 2, line: 2, column: 1))
        )
        #expect(
            error("{\"id\":null}", key: "id")
                == .missingKey(field: "id", .init(event: 1, line: 1, column: 7))
        )
        #expect(
            error("{\"id\":[1]}", key: "id")
                == .keyNotScalar(field: "id", .init(event: 1, line: 1, column: 7))
        )
    }

    @Test func `events are limited in number and size`() {
        var options = CollectorOptions()
        options.eventsMax = 2
        options.eventBytesMax = 10
        #expect(error("{}{}{}", options: options) == .tooManyEvents(limit: 2))
        #expect(
            error("{}\n{\"a\":\"12345\"}", options: options)
                == .eventTooLarge(bytes: 13, limit: 10, .init(event: 2, line: 2, column: 1))
        )
    }

    @Test func `every truncation and every changed byte is refused or still JSON`() throws {
        let text = Array(#"[{"id":"a\u00e9","v":[1.5,{"x":null}]},{"id":2}]"#.utf8)
        for length in 0..<text.count {
            #expect(throws: CollectorError.self) {
                try scan(String(decoding: text[..<length], as: UTF8.self), key: "id")
            }
        }
        for index in text.indices {
            var changed = text
            changed[index] ^= 0x15
            let body = String(decoding: changed, as: UTF8.self)
            guard let events = try? scan(body) else { continue }
            for event in events { _ = try JSONValueCheck.isObject(event) }
        }
    }
}

private enum JSONValueCheck {
    /// Reads an accepted event with the scanner's own other half; duplicates are allowed in events.
    static func isObject(_ text: String) throws -> Bool {
        do throws(JSONError) {
            return try JSONValue.parse(text).objectValue != nil
        } catch {
            if case .duplicateKey = error.reason { return true }
            throw error
        }
    }
}

@Suite struct `The form of a body` {
    @Test(arguments: [
        (nil, BodyForm.sniffed), ("", .sniffed), ("application/json", .json),
        ("Application/JSON; charset=utf-8", .json), ("application/x-ndjson", .lines),
        ("application/x-www-form-urlencoded", .sniffed), ("text/plain;charset=UTF-8", .sniffed),
        ("application/cloudevents+json", .json), ("application/octet-stream", .sniffed),
    ])
    func `the content type decides it`(type: String?, form: BodyForm) throws {
        #expect(try BodyForm(contentType: type) == form)
    }

    @Test(arguments: [
        "text/csv", "multipart/form-data; boundary=x", "application/xml", "image/png",
    ])
    func `types that are something else are refused`(type: String) {
        #expect(throws: CollectorError.unsupportedMediaType(String(type.prefix { $0 != ";" }))) {
            try BodyForm(contentType: type)
        }
    }
}
