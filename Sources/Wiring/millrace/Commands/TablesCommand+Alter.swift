import Arguments
import IcebergModel
import JSONText

/// `millrace tables alter|branch|tag TABLE`
extension TablesCommand {
    /// Options by which `alter` is told what to change; they may be given often, and their order
    /// counts.
    static let alterations: [OptionDescription] = [
        ("add", "COLUMN", "alter: \"name type [first|after x|before x]\", also a.b in a struct"),
        ("drop", "NAME", "alter: takes a column out"),
        ("rename", "OLD=NEW", "alter: gives a column another name"),
        ("move", "WHERE", "alter: \"name first\", \"name after other\", \"name before other\""),
        ("type", "COLUMN", "alter: \"name type\": int to long, float to double, more digits"),
        ("optional", "NAME", "alter: lets a column be null"),
        ("comment", "TEXT", "alter: \"name what it means\""),
        ("partition-by", "TERMS", "alter: \"day(ts), bucket(16, user)\"; \"\": not at all"),
        ("sort-by", "TERMS", "alter: \"user, ts desc nulls last\"; \"\": not at all"),
        ("set", "KEY=VALUE", "alter: sets a property"),
        ("unset", "KEY", "alter: takes a property out"),
    ].map { OptionDescription($0.0, .many($0.1), help: $0.2) }

    static let referenceOptions = [
        OptionDescription("delete", help: "branch, tag: takes the name away")
    ]

    static func altering(_ arguments: ParsedArguments) throws -> JSONValue {
        guard !arguments.repeated.isEmpty else {
            throw CommandError(
                "say what is to change: "
                    + alterations.map { "--\($0.name)" }.joined(separator: ", "),
                code: .usage
            )
        }
        for (name, value) in arguments.repeated {
            do throws(AlterationError) { _ = try Alteration(name, value) } catch {
                throw CommandError("--\(name): \(error)", code: .usage)
            }
        }
        let changes: [JSONValue] = arguments.repeated.map { name, value in
            .object(JSONObject([(name, .string(value))]))
        }
        return ["changes": .array(changes), "dry_run": .bool(arguments.has("dry-run"))]
    }

    static func referring(_ name: String, _ arguments: ParsedArguments) -> JSONValue {
        var body = JSONObject([
            ("name", .string(name)), ("delete", .bool(arguments.has("delete"))),
            ("dry_run", .bool(arguments.has("dry-run"))),
        ])
        if let at = arguments.value("at") { body["at"] = .string(at) }
        return .object(body)
    }
}

extension TableText {
    @Sendable static func altered(_ answer: JSONValue) -> String {
        let changes = answer["changes"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let table = answer["table"]?.stringValue ?? ""
        if changes.isEmpty { return "\(table) is so already\n" }
        let isDone = answer["changed"]?.boolValue ?? false
        return "\(table) \(isDone ? "is changed" : "would be changed"):\n"
            + changes.map { "  \($0)\n" }.joined()
    }

    @Sendable static func referred(_ answer: JSONValue) -> String {
        func text(_ key: String) -> String { answer[key]?.stringValue ?? "-" }
        let isDone = answer["changed"]?.boolValue ?? false
        let name = "\(text("table")): \(text("kind")) \(text("name"))"
        if answer["deleted"]?.boolValue ?? false {
            return "\(name) \(isDone ? "is" : "would be") deleted\n"
        }
        return "\(name) \(isDone ? "is now" : "is or would be") at \(text("snapshot_id"))\n"
    }
}
