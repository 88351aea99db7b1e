import Arguments
import JSONText

/// `millrace tables`
struct TablesCommand: Command {
    let description = CommandDescription(
        "tables",
        summary: "List the lake's tables with rows, files and bytes",
        options: [Commands.configOption, Commands.jsonOption],
        examples: [("millrace tables", "what has been committed so far")]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let configuration = try CommandConfiguration(arguments)
        let answer = try configuration.server.get("/v1/tables")
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
            return .success
        }
        var table = TextTable([
            ("table", .left), ("rows", .right), ("files", .right), ("bytes", .right),
            ("columns", .right), ("committed", .left),
        ])
        for entry in answer["tables"]?.arrayValue ?? [] {
            table.append([
                entry["name"]?.stringValue ?? "",
                grouped(entry["rows"]?.integerValue ?? 0),
                grouped(entry["files"]?.integerValue ?? 0),
                grouped(entry["bytes"]?.integerValue ?? 0),
                grouped(Int64(entry["columns"]?.arrayValue?.count ?? 0)),
                entry["committed_at"]?.stringValue ?? "never",
            ])
        }
        Terminal.write(table.text)
        return .success
    }
}
