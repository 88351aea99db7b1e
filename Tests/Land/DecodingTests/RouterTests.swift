import Bytes
import Decoding
import Testing

private let conditions: [String?] = [
    nil, "kind = 'a'", "kind = 'b'", "'a' = kind", "kind in ('a', 'b', 'ä')",
    "kind = 'a' and n > 3",
    "n > 3 and kind = 'b'", "kind != 'a'", "n is null", "kind in ('a', 3)", "kind = 3",
    "other = 'a'", "other = 'a' and kind = 'b'", "kind = 'a' or other = 'a'", "not kind = 'a'",
    "kind = 'a' and kind = 'b'", "flag", "kind like 'a%' and flag",
]

/// Records of few words, so that conditions are met often; some of them torn or not JSON at all.
private func record(_ random: inout some RandomNumberGenerator) -> String {
    let fields = [
        "\"kind\":\"a\"", "\"kind\": \"b\"", "\"kind\":\"\\u0061\"", "\"kind\":3",
        "\"kind\":null", "\"n\":4", "\"n\":2.5", "\"n\":\"4\"", "\"other\":\"a\"",
        "\"other\":\"b\"", "\"flag\":true", "\"flag\":false", "\"x\":{\"kind\":\"a\"}",
        "\"kind\":\"ä\"", "\"y\":[1,2", "\"z\":", "kind:a", "\"n\":04",
    ]
    let healthy = fields.count - 4
    let count = Int.random(in: 0...5, using: &random)
    let isHealthy = Bool.random(using: &random)
    let parts = (0..<count).map { _ in
        fields[Int.random(in: 0..<(isHealthy ? healthy : fields.count), using: &random)]
    }
    var text = "{\(parts.joined(separator: ","))}"
    if Int.random(in: 0..<12, using: &random) == 0 {
        text = String(text.prefix(Int.random(in: 0...text.count, using: &random)))
    }
    return text
}

@Suite struct RouterTests {
    @Test func `a router says of every record what each filter says by itself`() throws {
        let predicates = try conditions.map { try $0.map { try Predicate(parsing: $0) } }
        var random = SystemRandomNumberGenerator()
        var selected = 0
        for _ in 0..<3000 {
            let text = record(&random)
            let bytes = Array(text.utf8)
            var router = RecordRouter(predicates)
            var routed: [Int] = []
            unsafe router.route(bytes.span.bytes) { routed.append($0) }
            var judged: [Int] = []
            for (index, predicate) in predicates.enumerated() {
                guard let predicate else {
                    judged.append(index)
                    continue
                }
                var filter = RecordFilter(predicate)
                if unsafe filter.judge(bytes.span.bytes) != .filtered { judged.append(index) }
            }
            #expect(routed.sorted() == judged, "\(text)")
            selected += judged.count
        }
        #expect(selected > 6_000)
    }

    @Test func `a router remembers what it has learned of one record and is not misled by it`()
        throws
    {
        let predicates = try conditions.map { try $0.map { try Predicate(parsing: $0) } }
        var random = SystemRandomNumberGenerator()
        var router = RecordRouter(predicates)
        for _ in 0..<2000 {
            let bytes = Array(record(&random).utf8)
            var (kept, fresh): ([Int], [Int]) = ([], [])
            unsafe router.route(bytes.span.bytes) { kept.append($0) }
            var other = RecordRouter(predicates)
            unsafe other.route(bytes.span.bytes) { fresh.append($0) }
            #expect(kept == fresh)
        }
    }

    @Test func `what decides ends the look at a record`() throws {
        // Behind the kind that is not wanted nothing is looked at, whatever else the condition
        // names.
        var filter = RecordFilter(try Predicate(parsing: "n > 3 and kind = 'a'"))
        unsafe #expect(
            filter.judge(Array("{\"kind\":\"b\",\"n\":04}".utf8).span.bytes) == .filtered
        )
        guard
            case .rejected = unsafe filter.judge(
                Array("{\"kind\":\"a\",\"n\":04}".utf8).span.bytes
            )
        else {
            Issue.record("a wanted record that cannot be read must be selected")
            return
        }
    }
}
