import Arguments
import JSONText

/// `millrace pipelines`
struct PipelinesCommand: Command {
    let description = CommandDescription(
        "pipelines",
        summary: "Show what each pipeline has landed, and show or move its checkpoints",
        discussion: PipelineState.discussion,
        positionals: ["[state]", "[show|seek|reset]", "[PIPELINE]"],
        options: [Commands.configOption, Commands.jsonOption] + PipelineState.options,
        examples: [("millrace pipelines", "state, counts and lag of every pipeline")]
            + PipelineState.examples
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        if let word = arguments.positionals.first {
            guard word == "state" else {
                throw CommandError(
                    "'\(word)' means nothing here; there is 'millrace pipelines state'",
                    code: .usage
                )
            }
            return try PipelineState.run(arguments)
        }
        let configuration = try CommandConfiguration(arguments)
        let answer = try configuration.server.get("/v1/pipelines")
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
            return .success
        }
        var table = TextTable([
            ("pipeline", .left), ("table", .left), ("state", .left), ("landed", .right),
            ("filtered", .right), ("dead letters", .right), ("lag", .right),
        ])
        for entry in answer["pipelines"]?.arrayValue ?? [] {
            table.append([
                entry["name"]?.stringValue ?? "", entry["table"]?.stringValue ?? "",
                state(of: entry), grouped(entry["landed"]?.integerValue ?? 0),
                grouped(entry["filtered"]?.integerValue ?? 0),
                grouped(entry["dead_lettered"]?.integerValue ?? 0),
                grouped(entry["lag"]?.integerValue ?? 0),
            ])
        }
        Terminal.write(table.text)
        return .success
    }

    private func state(of entry: JSONValue) -> String {
        let state = entry["state"]?.stringValue ?? ""
        return entry["reason"]?.stringValue.map { "\(state): \($0)" } ?? state
    }
}
