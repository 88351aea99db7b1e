import Arguments
import Configuration
import Glibc
import JSONText
import Pipelines

/// `millrace pipelines state`: what a pipeline has accounted for, and moving it.
enum PipelineState {
    static let discussion = """
        'state' is about the checkpoint that each table keeps: which offsets of a partition are
        accounted for, and where landing goes on. 'state show' prints it. 'state seek' goes on at
        another place: at a later one without landing what lies before it; those offsets stay in the
        log as a hole that 'millrace run --from … --to …' lands when it is wanted. At an earlier one
        by taking out what was landed from there on, rows and dead letters, in one commit with the
        checkpoint; then it is landed anew. 'state reset' goes back only: to the log's beginning, or
        to --to. Mended dead letters stay. What the log does not have any more is never taken out.
        """

    static let options = [
        OptionDescription("table", .one("TABLE"), help: "state: only of this table"),
        OptionDescription("topic", .one("TOPIC"), help: "state: only in this topic"),
        OptionDescription("partition", .one("N"), help: "state: only in this partition"),
        OptionDescription(
            "to",
            .one("PLACE"),
            help: "seek, reset: an offset, a moment in ISO 8601, earliest or latest"
        ),
        OptionDescription("dry-run", help: "state: say what would change, and change nothing"),
        OptionDescription("yes", help: "seek, reset: take rows out without asking"),
    ]

    static let examples: [(line: String, meaning: String)] = [
        ("millrace pipelines state show purchases", "every partition of every table"),
        ("millrace pipelines state seek purchases --to latest --dry-run", "what would be left out"),
        (
            "millrace pipelines state seek purchases --topic events --partition 2 --to 4711",
            "one partition"
        ),
        (
            "millrace pipelines state reset purchases --to 2026-11-20T00:00:00Z --dry-run",
            "what landing since then anew would take out"
        ), ("millrace pipelines state reset purchases --yes", "land everything anew"),
    ]

    static func run(_ arguments: ParsedArguments) throws -> ExitCode {
        let words = arguments.positionals.dropFirst()
        guard let verb = words.first, let name = words.last, words.count == 2,
            ["show", "seek", "reset"].contains(verb)
        else {
            throw CommandError(
                "write 'millrace pipelines state show PIPELINE', 'millrace pipelines state seek "
                    + "PIPELINE --to …' or 'millrace pipelines state reset PIPELINE'",
                code: .usage
            )
        }
        let configuration = try CommandConfiguration(arguments)
        if verb == "seek", !arguments.has("to") {
            throw CommandError("say where to go on with --to", code: .usage)
        }
        let runner: any PipelineRunner =
            configuration.server.isRunning
            ? RemoteRunner(server: configuration.server)
            : try LocalRunner(configuration.settings, pipeline: name)
        defer { runner.close() }
        let body = try PipelineRequest.body(arguments)
        if verb == "show" {
            report(try runner.state(name, body), arguments)
            return .success
        }
        return try move(runner, name, verb, body, arguments)
    }

    /// Says what would change; does it when no rows go, or the person says yes.
    private static func move(
        _ runner: any PipelineRunner,
        _ name: String,
        _ verb: String,
        _ body: JSONValue,
        _ arguments: ParsedArguments
    ) throws -> ExitCode {
        let plan = try runner.move(name, verb, body, isDry: true)
        if arguments.has("dry-run") {
            report(plan, arguments)
            return .success
        }
        if sum("rows", plan) + sum("letters", plan) > 0, !arguments.has("yes") {
            report(plan, arguments)
            guard isConfirmed() else {
                Terminal.writeError("Nothing was changed; --yes takes the rows out.\n")
                return .failure
            }
        }
        report(try runner.move(name, verb, body, isDry: false), arguments)
        return .success
    }

    private static func isConfirmed() -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("Take these rows out and land their records anew? [y/N] ")
        return readLine().map { $0.lowercased().hasPrefix("y") } ?? false
    }

    private static func sum(_ key: String, _ answer: JSONValue) -> Int64 {
        (answer["tables"]?.arrayValue ?? []).reduce(0) { $0 + ($1[key]?.integerValue ?? 0) }
    }

    private static func report(_ answer: JSONValue, _ arguments: ParsedArguments) {
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
        } else {
            show(answer)
            showRows(answer)
        }
    }

    private static func showRows(_ answer: JSONValue) {
        let isDone = answer["changed"]?.boolValue ?? false
        for table in answer["tables"]?.arrayValue ?? [] {
            func count(_ key: String) -> String { grouped(table[key]?.integerValue ?? 0) }
            Terminal.write(
                "\(table["table"]?.stringValue ?? ""): \(count("rows")) rows and "
                    + "\(count("letters")) dead letters \(isDone ? "went" : "would go"): "
                    + "\(count("files_dropped")) files whole, \(count("files_rewritten")) written "
                    + "anew\n"
            )
        }
        let kept = (answer["partitions"]?.arrayValue ?? []).reduce(0) {
            $0 + ($1["mended_kept"]?.integerValue ?? 0)
        }
        if kept > 0 { Terminal.write("\(grouped(kept)) mended dead letters stay as they are\n") }
    }

    private static func show(_ answer: JSONValue) {
        let isMove = answer["partitions"]?.arrayValue?.contains { $0["target"] != nil } ?? false
        var table = TextTable(
            [
                ("table", .left), ("topic", .left), ("partition", .right), ("next", .right),
            ]
                + (isMove
                    ? [("goes on at", .right), ("left out", .right), ("landed anew", .right)]
                    : [("end of log", .right), ("behind", .right), ("accounted for", .left)])
        )
        for entry in answer["partitions"]?.arrayValue ?? [] {
            func number(_ key: String) -> String { entry[key]?.integerValue.map(grouped) ?? "" }
            let ranges = (entry["covered"]?.arrayValue ?? []).map { range in
                let bounds = (range.arrayValue ?? []).compactMap(\.integerValue)
                return bounds.count == 2 ? "\(bounds[0]) to \(bounds[1] - 1)" : ""
            }
            table.append(
                [
                    entry["table"]?.stringValue ?? "", entry["topic"]?.stringValue ?? "",
                    number("partition"), number("next"),
                ]
                    + (isMove
                        ? [
                            number("target"), number("left_out"),
                            entry["elsewhere"]?.boolValue ?? false
                                ? "by another process" : number("landed_anew"),
                        ]
                        : [number("end"), number("lag"), ranges.joined(separator: ", ")])
            )
        }
        Terminal.write(table.text)
        if let files = answer["files"], files != .null {
            let pipeline = answer["pipeline"]?.stringValue ?? ""
            Terminal.write("\n" + FilesText.lines(files, of: pipeline))
        }
    }
}
