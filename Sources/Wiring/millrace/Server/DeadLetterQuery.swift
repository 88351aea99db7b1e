import Bytes
import HTTPClient
import HTTPServer
import JSONText
import Pipelines

/// Which dead letters are to be listed.
struct DeadLetterQuery {
    /// Letters listed when nobody says how many, and at most.
    static let limitDefault = 20
    static let limitMax = 10_000

    /// A pipeline, or a table; nil for all.
    var name: String?
    /// Only letters of this reason.
    var reason: String?
    /// How many of the newest are listed; the counts are over all.
    var limit = limitDefault

    /// The query as part of an address.
    var address: String {
        var items: [String] = ["limit=\(limit)"]
        if let name { items.append("of=\(percentEncoded(name))") }
        if let reason { items.append("reason=\(percentEncoded(reason))") }
        return "/v1/dead-letters?" + items.joined(separator: "&")
    }
}

/// Dead letters of one table that are to be landed again.
struct ReplayRequest {
    /// The letters; empty for all that the other conditions leave.
    var places: [RecordPlace] = []
    /// Only letters of this reason.
    var reason: String?
    /// Only letters for which this SQL condition holds, over the columns of the dead-letter table.
    var condition: String?
    /// The value to land in place of the one letter's own.
    var value: [UInt8]?
    /// True to find out what would happen and to change nothing.
    var isRehearsal = false
    /// Letters up to this place were dealt with by requests before.
    var after: RecordPlace?

    /// Every letter.
    init() {}

    /// The replay that a request's body asks for.
    init(_ body: JSONValue) throws(HTTPProblem) {
        for member in body.objectValue?.members ?? [] { try take(member.key, member.value) }
        if value != nil, places.count != 1 {
            throw Self.problem("value", "goes with exactly one place")
        }
    }

    private mutating func take(_ key: String, _ value: JSONValue) throws(HTTPProblem) {
        switch (key, value) {
        case ("places", .array(let texts)):
            for text in texts { places.append(try Self.place(key, text)) }
        case ("after", .string): after = try Self.place(key, value)
        case ("reason", .string(let text)): reason = text
        case ("where", .string(let text)): condition = text
        case ("value", .string(let text)): self.value = Array(text.utf8)
        case ("value_hex", .string(let text)):
            guard let bytes = HexText.decoded(text) else {
                throw Self.problem(key, "takes pairs of hexadecimal digits")
            }
            self.value = bytes
        case ("dry_run", .bool(let flag)): isRehearsal = flag
        default:
            throw Self.problem(
                key,
                "means nothing here, or not with this value; there are places (a list of texts), "
                    + "reason, where, value or value_hex and after (texts), and dry_run (true or "
                    + "false)"
            )
        }
    }

    private static func place(
        _ key: String,
        _ value: JSONValue
    ) throws(HTTPProblem) -> RecordPlace {
        guard let place = value.stringValue.flatMap({ RecordPlace(text: $0) }) else {
            throw problem(key, "takes places: topic, partition and offset, like \"events/0/1234\"")
        }
        return place
    }

    private static func problem(_ key: String, _ right: String) -> HTTPProblem {
        HTTPProblem(
            400,
            "The replay was not understood",
            "'\(key)' \(right).",
            members: ["field": .string(key)]
        )
    }

    /// The body of a request for it.
    var json: JSONValue {
        var object = JSONObject()
        if !places.isEmpty { object["places"] = .array(places.map { .string("\($0)") }) }
        if let reason { object["reason"] = .string(reason) }
        if let condition { object["where"] = .string(condition) }
        if let value {
            let (key, text) = bytesAsJSON(value, key: "value")
            object[key] = text
        }
        if isRehearsal { object["dry_run"] = true }
        if let after { object["after"] = .string("\(after)") }
        return .object(object)
    }
}

extension RecordPlace {
    /// The place that `topic/partition/offset` names; nil when it is no place.
    init?(text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let partition = Int32(parts[1]),
            let offset = Int64(parts[2]), partition >= 0, offset >= 0
        else { return nil }
        self.init(
            partition: SourcePartition(topic: String(parts[0]), index: partition),
            offset: offset
        )
    }
}

/// Bytes as a member of a JSON object: `key` with text, or `key_hex` with hexadecimal digits.
func bytesAsJSON(_ bytes: [UInt8], key: String) -> (key: String, value: JSONValue) {
    if let text = String(validatingUTF8: bytes.bytes) { return (key, .string(text)) }
    return ("\(key)_hex", .string(HexText.encoded(bytes.bytes)))
}
