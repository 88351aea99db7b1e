import Columns
import Decoding
import IcebergModel
import Testing

// Records like the ones before take a short way through the decoder. Whatever they are like, the
// outcome must be that of a decoder which has never seen one.

private let fieldsOfEvents: [NestedField] = [
    .optional(1, "id", .string), .optional(2, "kind", .string), .optional(3, "count", .long),
    .optional(4, "price", .double), .optional(5, "is_new", .boolean),
    .optional(6, "sent_at", .timestamptz),
    .optional(7, "a name that has more than sixteen", .string),
    .optional(8, "small", .int), .optional(9, "n", .long),
]

/// One event: mostly of the usual form, now and then with something else in it.
private struct Events {
    var random: SplitMix
    let hasUnknown: Bool

    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    mutating func text() -> String {
        let pieces = [
            "", "a", "seven b", "exactly eight", "sixteen bytes it", "\\n", "\u{e9}", "{",
        ]
        switch below(12) {
        case 0: return "null"
        case 1: return "{\"inner\":[1,2]}"
        default: return "\"\((0..<below(4)).map { _ in pieces[below(pieces.count)] }.joined())\""
        }
    }

    mutating func number() -> String {
        let forms = ["null", "\"7\"", "1e3", "-0", "007", "18446744073709551616", "2.5"]
        switch below(10) {
        case 0: return forms[below(forms.count)]
        case 1: return "\(Int64(bitPattern: random.next()))"
        default: return "\(below(100_000))"
        }
    }

    mutating func decimal() -> String {
        below(8) == 0 ? number() : "\(below(1000)).\(below(90) + 10)"
    }

    mutating func value(_ field: Int) -> String {
        switch field {
        case 2, 7, 8: return number()
        case 3: return decimal()
        case 4: return ["true", "false", "null", "1"][below(20) == 0 ? 3 : below(3)]
        case 5: return below(9) == 0 ? "\"soon\"" : "\"2026-11-21T10:00:0\(below(10)).5Z\""
        default: return text()
        }
    }

    mutating func event() -> String {
        var fields = Array(fieldsOfEvents.indices)
        switch below(40) {
        case 0: fields.shuffle(using: &random)
        case 1: fields.remove(at: below(fields.count))
        case 2: fields.append(below(fields.count))
        default: break
        }
        var members = fields.map { "\"\(fieldsOfEvents[$0].name)\":\(value($0))" }
        if hasUnknown {
            members.insert("\"unknown\":\(below(30) == 0 ? "1e999" : text())", at: 4)
        }
        var event = "{\(members.joined(separator: ","))}"
        switch below(60) {
        case 0: event.append(" ")
        case 1: event.append("}")
        case 2: event.removeLast(1 + below(event.count))
        case 3: event = event.replacing(":", with: ": ")
        default: break
        }
        return event
    }
}

@Test(arguments: 0..<16)
func `a decoder that knows the records says what one that knows none says`(seed: Int) throws {
    var events = Events(random: SplitMix(seed: UInt64(seed)), hasUnknown: seed % 4 == 3)
    let unknown: UnknownFields = seed % 4 == 3 ? .ignore : .report
    var trained = try Table(fieldsOfEvents, unknown: unknown)
    var rows: [[String: Cell]] = []
    var landed = 0
    for _ in 0..<600 {
        let event = events.event()
        var fresh = try Table(fieldsOfEvents, unknown: unknown)
        fresh.offset = trained.offset
        let expected = fresh.decode(event)
        #expect(trained.decode(event) == expected, "\(event)")
        if expected == .row { rows += fresh.rows() }
        landed += expected == .row ? 1 : 0
        #expect(trained.set.rowCount == rows.count, "\(event)")
        if rows.count >= 50 {
            #expect(trained.rows() == rows)
            rows = []
        }
    }
    #expect(trained.rows() == rows)
    #expect(landed > 100)
}

@Test func `columns that come in mid-batch and columns that must grow are filled all the same`()
    throws
{
    var table = try Table([])
    let long = String(repeating: "0123456789", count: 40)
    for row in 0..<3000 {
        let more = row >= 1000 ? ",\"late\":\"\(row)\(long)\"" : ""
        let text = "{\"number\":\(row),\"text\":\"\(row) \(row % 7 == 0 ? long : "short")\"\(more)}"
        #expect(try table.land(text) == .row)
    }
    let rows = table.rows()
    #expect(rows.count == 3000)
    for (row, cells) in rows.enumerated() {
        #expect(cells["number"] == .integer(Int64(row)))
        #expect(cells["text"] == .text("\(row) \(row % 7 == 0 ? long : "short")"))
        #expect(cells["late"] == (row >= 1000 ? .text("\(row)\(long)") : .null))
    }
}
