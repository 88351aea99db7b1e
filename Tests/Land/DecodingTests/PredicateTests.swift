import Decoding
import Testing

private func verdict(_ predicate: String, _ record: String) throws -> RecordFilter.Verdict {
    var filter = RecordFilter(try Predicate(parsing: predicate))
    let bytes = Array(record.utf8)
    // SAFETY: the span lives during the call.
    return unsafe filter.judge(bytes.span.bytes)
}

private let record = #"""
    {"event_type":"purchase_sword","strength":7,"weight":2.5,"legal":true,"owner":null,
    "user-agent":"ab\u0063 \u00e9","nested":{"a":1},"tags":["x"],
    "Order":"o","empty":"","big":9007199254740993}
    """#

private let truths: [(String, Bool)] = [
    ("event_type like 'purchase%'", true), ("event_type like 'PURCHASE%'", false),
    ("event_type like '%sword' and strength is not null", true),
    ("event_type like 'purchase_sword'", true), ("event_type like 'purchaseXsword'", false),
    (#"event_type like 'purchase\_%' escape '\'"#, true),
    (#"event_type like '%\%%' escape '\'"#, false),
    ("event_type not like '%axe%'", true), ("event_type like '%'", true),
    ("event_type like ''", false),
    ("empty like ''", true), ("empty = ''", true), ("event_type like '%a%e%o%d'", true),
    ("event_type like '%ss%ss%'", false), (#""user-agent" like 'abc _'"#, true),
    ("strength = 7", true), ("strength = 7.0", true), ("7 = strength", true),
    ("strength != 7", false),
    ("strength <> 8", true), ("strength > 6 and strength < 8", true), ("strength >= 8", false),
    ("strength <= 6 or strength = 7", true), ("8 > strength", true), ("-1 < strength", true),
    ("weight > 2", true), ("weight = 2.5", true), ("weight = 25e-1", true),
    ("weight > strength", false),
    ("big = 9007199254740993", true), ("big = 9007199254740992", false),
    ("legal", true), ("not legal", false), ("legal = true", true), ("legal != false", true),
    ("legal > false", true),
    ("owner is null", true), ("owner is not null", false), ("missing is null", true),
    ("missing is not null", false), ("nested is not null", true), ("tags is null", false),
    ("event_type in ('a', 'purchase_sword')", true), ("event_type in ('a', 'b')", false),
    ("event_type not in ('a', 'b')", true), ("strength in (1, 7)", true),
    ("not (strength in (1, 2))", true),
    ("event_type > 'purchase'", true), ("event_type < 'purchase'", false),
    ("event_type < 'purchase_z'", true),
    (#""user-agent" = 'abc é'"#, true), (#""Order" = 'o'"#, true), (#""order" is null"#, true),
    ("true", true),
    ("false or true and legal", true), ("(false or true) and not legal", false),
    ("event_type = event_type", true),
    // Unknown: neither the comparison nor its negation passes.
    ("owner = 'x'", false), ("not (owner = 'x')", false), ("owner != 'x'", false),
    ("missing = 1", false),
    ("missing like '%'", false), ("not missing like '%'", false), ("strength = '7'", false),
    ("strength != '7'", false),
    ("event_type > 1", false), ("nested = 'x'", false), ("not (nested = 'x')", false),
    ("owner in (1)", false),
    ("not (owner in (1))", false), ("not (strength in (1, 'x'))", false),
    ("strength in (7, 'x')", true),
    ("missing = 1 or strength = 7", true), ("missing = 1 and strength = 8", false),
    ("not (missing = 1 and strength = 8)", true), ("not (missing = 1 and strength = 7)", false),
    ("not (missing = 1 or strength = 8)", false), ("event_type", false), ("not event_type", false),
    ("NOT missing IS NULL Or Event_type Is Null", true), ("'it''s' = 'it''s'", true),
    ("1 < 2", true), ("'a' = 1", false),
]

@Test(arguments: truths.indices)
func `a predicate is true or not as in SQL`(_ index: Int) throws {
    let (predicate, passes) = truths[index]
    let expected: RecordFilter.Verdict = passes ? .passes : .filtered
    #expect(try verdict(predicate, record) == expected, "\(predicate)")
}

private let mistakes: [(String, Int, String)] = [
    ("", 1, "expected a field, a value, not or (, found the end"),
    ("a =", 4, "expected a value or a field"),
    ("a = 'x", 5, "no closing '"), ("\"a = 1", 1, "no closing \""),
    ("a == 1", 4, "expected a value or a field, found ="),
    ("a = 1 b", 7, "expected and, or, or the end, found b"),
    ("(a = 1", 7, "expected and, or, or ), found the end"),
    ("a = 1)", 6, "expected and, or, or the end, found )"), ("a in 1", 6, "expected ( and values"),
    ("a in ()", 7, "expected a value, found )"), ("a in (1, b)", 10, "texts go into '…'"),
    ("a in (1", 8, "expected , or )"),
    ("a like 5", 8, "expected a pattern in '…', found 5"),
    ("a like 'x' escape 'ab'", 19, "expected one character"),
    ("a is 5", 6, "expected null or not"), ("a is not 5", 10, "expected null"),
    ("a not 5", 7, "expected in or like"),
    ("a = null", 5, "write is null"), ("user-agent = 'x'", 1, "double quotation marks"),
    ("a.b = 1", 1, "double quotation marks"),
    ("'x'", 1, "a value alone is no condition"),
    ("and a = 1", 1, "expected a field, a value, not or (, found and"),
    ("a = 1 and", 10, "found the end"), ("a ! 1", 3, "expected !="),
    ("a = 1.2.3", 5, "is not a number"),
    ("a = -", 5, "is not a number"), ("a = ;", 5, "cannot stand here"),
    ("a = 1e999", 5, "is not a number"),
]

@Test(arguments: mistakes.indices)
func `a mistake is reported with its place and what was expected`(_ index: Int) throws {
    let (text, column, message) = mistakes[index]
    do throws(PredicateError) {
        _ = try Predicate(parsing: text)
        Issue.record("\(text) was parsed")
    } catch {
        #expect(error.column == column, "\(text): \(error)")
        #expect(error.message.contains(message), "\(text): \(error)")
    }
}

@Test func `the fields of a predicate are named once, in order`() throws {
    let predicate = try Predicate(parsing: #"b = 1 and "a b" like 'x' or b is null and c"#)
    #expect(predicate.fields == ["b", "a b", "c"])
    #expect(predicate.description.hasPrefix("b = 1"))
}

@Test func `nesting of a predicate is bounded`() throws {
    let fits = String(repeating: "(", count: 99) + "a" + String(repeating: ")", count: 99)
    #expect(throws: Never.self) { try Predicate(parsing: fits) }
    let deep = String(repeating: "(", count: 100_000)
    #expect(throws: PredicateError.self) { try Predicate(parsing: deep) }
    let negated = String(repeating: "not ", count: 100_000)
    #expect(throws: PredicateError.self) { try Predicate(parsing: negated) }
}

@Test func `bytes that are no object are rejected, as far as they are looked at`() throws {
    for (text, reason) in [
        ("", DecodeIssue.Reason.empty), ("[]", .notAnObject), ("{\"b\":1", .truncated),
        ("{\"b\":1,}", .syntax),
        ("{\"a\":\"\\x\"}", .invalidEscape),
    ] {
        guard case .rejected(let issue) = try verdict("a = 1", text) else {
            Issue.record("\(text) was judged")
            continue
        }
        #expect(issue.reason == reason, "\(text)")
    }
    // What stands behind the last field that matters is the decoder's to judge.
    #expect(try verdict("a = 1", #"{"a":1,"b":"#) == .passes)
    #expect(try verdict("a = 1", #"{"a":2,"b":"#) == .filtered)
    #expect(try verdict("a = 1", #"{"a":1,"a":2}"#) == .passes)
}

@Test func `one filter judges records of changing shape`() throws {
    var filter = RecordFilter(try Predicate(parsing: "kind = 'a' and n > 5"))
    var random = SplitMix(seed: 9)
    for _ in 0..<2000 {
        let kind = ["a", "b"][Int(random.next() & 1)]
        let number = Int(random.next() % 10)
        var members = ["\"kind\":\"\(kind)\"", "\"n\": \(number)"]
        for extra in 0..<(random.next() % 4) { members.append(" \"x\(extra)\" : [\(number)]") }
        members.shuffle(using: &random)
        let bytes = Array("{\(members.joined(separator: ","))}".utf8)
        // SAFETY: the span lives during the call.
        let verdict = unsafe filter.judge(bytes.span.bytes)
        #expect(verdict == (kind == "a" && number > 5 ? .passes : .filtered))
    }
}
