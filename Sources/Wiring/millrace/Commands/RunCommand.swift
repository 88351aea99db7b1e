import Arguments
import Clocks
import Configuration
import JSONText
import Pipelines
import Threads

/// `millrace run`
struct RunCommand: Command {
    let description = CommandDescription(
        "run",
        summary: "Land what a pipeline has waiting, commit it, and end",
        discussion: """
            The end of every partition is noted at the start; everything before it that the tables
            do not have yet is landed and committed. With --from or --to it is a backfill: of the
            offsets or times in between, those are landed that no earlier run and no stream has
            landed, so that nothing can be doubled. Asks the running server, or works on the data
            directory when none runs. Ctrl-C keeps what was landed; the next run goes on there.
            """,
        positionals: ["PIPELINE"],
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription("table", .one("TABLE"), help: "only into this table"),
            OptionDescription("topic", .one("TOPIC"), help: "only from this topic"),
            OptionDescription("partition", .one("N"), help: "only from this partition"),
            OptionDescription(
                "from",
                .one("PLACE"),
                help: "an offset, a moment in ISO 8601, earliest or latest"
            ),
            OptionDescription("to", .one("PLACE"), help: "likewise; not included"),
            OptionDescription("dry-run", help: "say what would be read, and read nothing"),
        ],
        examples: [
            ("millrace run purchases", "everything that waits"),
            (
                "millrace run purchases --from 2026-11-01T00:00:00Z --to 2026-11-02T00:00:00Z",
                "one day that is not in the table yet"
            ), ("millrace run purchases --from 0 --to 5000 --partition 0 --dry-run", "look first"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        guard let name = arguments.positionals.first, arguments.positionals.count == 1 else {
            throw CommandError(
                "name one pipeline; 'millrace pipelines' lists them",
                code: .usage
            )
        }
        let configuration = try CommandConfiguration(arguments)
        let body = try PipelineRequest.body(arguments)
        let isDry = arguments.has("dry-run")
        let runner: any PipelineRunner =
            configuration.server.isRunning
            ? RemoteRunner(server: configuration.server)
            : try LocalRunner(configuration.settings, pipeline: name)
        defer { runner.close() }
        if isDry {
            show(plan: try runner.plan(name, body), asJSON: arguments.has("json"))
            return .success
        }
        return try await follow(runner, name, body, asJSON: arguments.has("json"))
    }

    /// Starts the run and shows how far it is until it ends.
    private func follow(
        _ runner: any PipelineRunner,
        _ name: String,
        _ body: JSONValue,
        asJSON: Bool
    ) async throws -> ExitCode {
        let signals = try StopSignals()
        var run = try runner.start(name, body)
        var line = ProgressLine(isShown: !asJSON)
        while run["state"]?.stringValue == "running" {
            line.show(Self.progress(of: run))
            if signals.arrive(within: .milliseconds(100)) {
                line.end()
                Terminal.writeError(runner.interruptedNote + "\n")
                return .failure
            }
            run = try runner.look(at: run)
        }
        line.end()
        if asJSON {
            Terminal.write(run.text(.pretty) + "\n")
        } else {
            show(run)
        }
        return run["state"]?.stringValue == "done" ? .success : .failure
    }

    private static func progress(of run: JSONValue) -> String {
        let tables = run["tables"]?.arrayValue ?? []
        let parts = tables.map { part -> String in
            let total = part["total"]?.integerValue ?? 0
            let done = part["done"]?.integerValue ?? 0
            let reason = part["reason"]?.stringValue.map { " (\($0))" } ?? ""
            return "\(part["table"]?.stringValue ?? ""): \(grouped(done)) of \(grouped(total))"
                + reason
        }
        return parts.joined(separator: ", ")
    }

    private func show(_ run: JSONValue) {
        var table = TextTable([
            ("table", .left), ("landed", .right), ("filtered", .right), ("dead letters", .right),
            ("not in the log", .right), ("", .left),
        ])
        for part in run["tables"]?.arrayValue ?? [] {
            let numbers = ["landed", "filtered", "dead_lettered", "expired"].map {
                part[$0]?.integerValue.map(grouped) ?? ""
            }
            let state = part["state"]?.stringValue ?? ""
            table.append(
                [part["table"]?.stringValue ?? ""] + numbers
                    + [part["reason"]?.stringValue.map { "\(state): \($0)" } ?? state]
            )
        }
        Terminal.write(table.text)
    }

    private func show(plan: JSONValue, asJSON: Bool) {
        if asJSON { return Terminal.write(plan.text(.pretty) + "\n") }
        var table = TextTable([
            ("table", .left), ("topic", .left), ("partition", .right), ("offsets", .right),
            ("ranges", .left),
        ])
        for entry in plan["plan"]?.arrayValue ?? [] {
            let ranges = (entry["ranges"]?.arrayValue ?? []).map { range in
                let bounds = (range.arrayValue ?? []).compactMap(\.integerValue)
                return bounds.count == 2 ? "\(bounds[0]) to \(bounds[1] - 1)" : ""
            }
            table.append([
                entry["table"]?.stringValue ?? "", entry["topic"]?.stringValue ?? "",
                grouped(entry["partition"]?.integerValue ?? 0),
                grouped(entry["offsets"]?.integerValue ?? 0), ranges.joined(separator: ", "),
            ])
        }
        Terminal.write(table.text)
    }
}
