import Arguments
import Clocks
import Glibc
import JSONText

/// `millrace tables clean [TABLE]`
extension TablesCommand {
    /// Cleans one table, or each of them; a table that must not be cleaned does not keep the others
    /// from it.
    func clean(
        _ desk: TableDesk,
        _ table: String?,
        _ arguments: ParsedArguments
    ) throws -> ExitCode {
        let body = try Self.cleaning(arguments)
        guard Self.isSure(body, arguments) else {
            Terminal.writeError("Nothing was removed; --yes says that nobody else writes.\n")
            return .failure
        }
        let names = try table.map { [$0] } ?? Self.names(desk)
        var answers: [JSONValue] = []
        var refusals: [CommandError] = []
        for name in names {
            var progress = ProgressLine(isShown: !arguments.has("json"))
            defer { progress.end() }
            do throws(CommandError) {
                let answer = try desk.clean(name, body) { looked, removed in
                    progress.show(
                        "\(name): \(grouped(looked)) files looked at, \(grouped(removed)) removed"
                    )
                }
                answers.append(answer)
            } catch {
                if table != nil { throw error }
                refusals.append(error)
            }
        }
        for refusal in refusals { Terminal.writeError("\(refusal)\n") }
        if arguments.has("json") {
            let answer: JSONValue = table == nil ? ["tables": .array(answers)] : answers[0]
            Terminal.write(answer.text(.pretty) + "\n")
        } else {
            let isDry = arguments.has("dry-run")
            for answer in answers { Terminal.write(TableText.cleaned(answer, isDry: isDry)) }
        }
        return refusals.isEmpty ? .success : .failure
    }

    private static func names(_ desk: TableDesk) throws -> [String] {
        (try desk.list()["tables"]?.arrayValue ?? []).compactMap { entry in
            guard let namespace = entry["namespace"]?.stringValue,
                let name = entry["name"]?.stringValue
            else { return nil }
            return "\(namespace).\(name)"
        }
    }

    private static func cleaning(_ arguments: ParsedArguments) throws -> JSONValue {
        var body = JSONObject([("dry_run", .bool(arguments.has("dry-run")))])
        if let text = arguments.value("older-than") {
            guard let age = Duration(text: text), age >= .zero else {
                throw CommandError(
                    "--older-than \(text): write an age such as 12h or 7d",
                    code: .usage
                )
            }
            body["older_than_ms"] = .integer(age.components.seconds * 1000)
        }
        // Who was asked has said so.
        body["yes"] = true
        return .object(body)
    }

    /// Files younger than a day may be those of a writer that is still at it.
    private static func isSure(_ body: JSONValue, _ arguments: ParsedArguments) -> Bool {
        let age = body["older_than_ms"]?.integerValue ?? TableUpkeep.cleanAge
        if age >= TableUpkeep.carelessAge || arguments.has("dry-run") || arguments.has("yes") {
            return true
        }
        Terminal.writeError(
            """
            Files as young as that may belong to a commit that another process or engine is about
            to make: it would lose them, and its commit would break the table.

            """
        )
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("Is nobody else writing to the table? [y/N] ")
        return readLine().map { $0.lowercased().hasPrefix("y") } ?? false
    }
}
