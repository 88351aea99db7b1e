import Arguments
import Configuration
import JSONText
import Pipelines

/// `millrace pipelines state`: what a pipeline has accounted for, and moving it.
enum PipelineState {
    static let discussion = """
        'state' is about the checkpoint that each table keeps: which offsets of a partition are
        accounted for, and where landing goes on. 'state show' prints it. 'state seek' goes on at a
        later place without landing what lies before it; those offsets stay in the log as a hole
        that 'millrace run --from … --to …' lands when it is wanted.
        """

    static let options = [
        OptionDescription("table", .one("TABLE"), help: "state: only of this table"),
        OptionDescription("topic", .one("TOPIC"), help: "state: only in this topic"),
        OptionDescription("partition", .one("N"), help: "state: only in this partition"),
        OptionDescription(
            "to",
            .one("PLACE"),
            help: "state seek: an offset, a moment in ISO 8601 or latest"
        ),
        OptionDescription("dry-run", help: "state: say what would change, and change nothing"),
    ]

    static let examples: [(line: String, meaning: String)] = [
        ("millrace pipelines state show purchases", "every partition of every table"),
        ("millrace pipelines state seek purchases --to latest --dry-run", "what would be left out"),
        (
            "millrace pipelines state seek purchases --topic events --partition 2 --to 4711",
            "one partition"
        ),
    ]

    static func run(_ arguments: ParsedArguments) throws -> ExitCode {
        let words = arguments.positionals.dropFirst()
        guard let verb = words.first, let name = words.last, words.count == 2,
            ["show", "seek"].contains(verb)
        else {
            throw CommandError(
                "write 'millrace pipelines state show PIPELINE' or "
                    + "'millrace pipelines state seek PIPELINE --to …'",
                code: .usage
            )
        }
        let configuration = try CommandConfiguration(arguments)
        let runner: any PipelineRunner =
            configuration.server.isRunning
            ? RemoteRunner(server: configuration.server)
            : try LocalRunner(configuration.settings, pipeline: name)
        defer { runner.close() }
        let body = try PipelineRequest.body(arguments)
        let answer: JSONValue
        if verb == "show" {
            answer = try runner.state(name, body)
        } else {
            guard arguments.has("to") else {
                throw CommandError("say where to go on with --to", code: .usage)
            }
            answer = try runner.seek(name, body, isDry: arguments.has("dry-run"))
        }
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
        } else {
            show(answer)
        }
        return .success
    }

    private static func show(_ answer: JSONValue) {
        let isMove = answer["partitions"]?.arrayValue?.contains { $0["target"] != nil } ?? false
        var table = TextTable(
            [
                ("table", .left), ("topic", .left), ("partition", .right), ("next", .right),
            ]
                + (isMove
                    ? [("goes on at", .right), ("left out", .right)]
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
                        ? [number("target"), number("left_out")]
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
