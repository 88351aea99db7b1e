import Arguments
import JSONText
import Pipelines

/// `millrace dead-letters`
struct DeadLettersCommand: Command {
    let description = CommandDescription(
        "dead-letters",
        summary: "Look at records that could not become rows, mend them, land them again",
        discussion: """
            list    counts by table, reason and field, and the newest letters
            show    everything of one letter: key, value, headers, what is wrong
            edit    opens the value in $VISUAL or $EDITOR, checks it, lands it
            replay  decodes letters again, with the configuration as it is now or with a mended
                    value, and lands those that can be: once, at their own place in the log; a
                    letter leaves its table in the same commit

            A PLACE is topic/partition/offset. Without places, replay takes all letters of the
            table, or those of --reason and --where. Letters that still fail stay and are listed,
            and the command ends with exit code 5. Asks the running server, or works on the data
            directory when none runs.
            """,
        positionals: ["list|show|edit|replay", "[TABLE]", "[PLACE…]"],
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription("reason", .one("REASON"), help: "only letters of this reason"),
            OptionDescription("limit", .one("N"), help: "letters that list shows (default 20)"),
            OptionDescription(
                "where",
                .one("SQL"),
                help: "only letters for which this condition holds"
            ),
            OptionDescription("value", .one("FILE"), help: "land the file's bytes as the value"),
            OptionDescription("dry-run", help: "say what would happen and change nothing"),
        ],
        examples: [
            ("millrace dead-letters list", "what went wrong, and how often"),
            ("millrace dead-letters show purchases events/0/1234", "one letter"),
            ("millrace dead-letters edit purchases events/0/1234", "mend it by hand"),
            (
                "millrace dead-letters replay purchases --reason wrong-type --dry-run",
                "whether a mended configuration helps"
            ),
            (
                "millrace dead-letters replay purchases --where \"field = 'price'\"",
                "land them again"
            ),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let words = arguments.positionals
        let settings = try CommandConfiguration(arguments)
        let desk = try DeadLetterDesk.open(settings)
        switch words.first {
        case "list" where words.count <= 2:
            return try list(desk, words.dropFirst().first, arguments)
        case "show" where words.count == 3:
            let letter = try desk.show(words[1], try place(words[2]))
            Terminal.write(
                arguments.has("json") ? letter.text(.pretty) + "\n" : DeadLetterText.letter(letter)
            )
            return .success
        case "edit" where words.count == 3:
            return try DeadLetterEdit(desk: desk, table: words[1], place: try place(words[2])).run()
        case "replay" where words.count >= 2:
            return try replay(desk, words[1], Array(words.dropFirst(2)), arguments)
        default:
            throw ArgumentError(
                "say list [PIPELINE|TABLE], show TABLE PLACE, edit TABLE PLACE or replay TABLE "
                    + "[PLACE…]; see 'millrace dead-letters --help'"
            )
        }
    }

    private func place(_ text: String) throws(ArgumentError) -> RecordPlace {
        guard let place = RecordPlace(text: text) else {
            throw ArgumentError("'\(text)' is no place: say topic/partition/offset")
        }
        return place
    }

    private func list(
        _ desk: DeadLetterDesk,
        _ name: String?,
        _ arguments: ParsedArguments
    ) throws -> ExitCode {
        var query = DeadLetterQuery()
        query.name = name
        query.reason = arguments.value("reason")
        if let limit = try arguments.number("limit") {
            query.limit = min(limit, DeadLetterQuery.limitMax)
        }
        let report = try desk.list(query)
        Terminal.write(
            arguments.has("json") ? report.text(.pretty) + "\n" : DeadLetterText.list(report)
        )
        return .success
    }

    private func replay(
        _ desk: DeadLetterDesk,
        _ table: String,
        _ places: [String],
        _ arguments: ParsedArguments
    ) throws -> ExitCode {
        var request = ReplayRequest()
        for text in places { request.places.append(try place(text)) }
        request.reason = arguments.value("reason")
        request.condition = arguments.value("where")
        request.isRehearsal = arguments.has("dry-run")
        if let path = arguments.value("value") {
            guard places.count == 1 else {
                throw ArgumentError("--value goes with exactly one place")
            }
            request.value = try DeadLetterEdit.contents(of: path)
        }
        let report = try desk.replayAll(table, request)
        Terminal.write(
            arguments.has("json") ? report.text(.pretty) + "\n" : DeadLetterText.replay(report)
        )
        return DeadLetterText.isComplete(report) ? .success : .incomplete
    }
}
