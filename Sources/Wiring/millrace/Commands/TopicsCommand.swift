import Arguments
import JSONText

/// `millrace topics`
struct TopicsCommand: Command {
    let description = CommandDescription(
        "topics",
        summary: "List the log's topics with their offsets",
        discussion: "Asks the running server. Any Kafka client can list them as well.",
        options: [Commands.configOption, Commands.jsonOption],
        examples: [("millrace topics", "topics, partitions, first and next offset")]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let configuration = try CommandConfiguration(arguments)
        let answer = try configuration.server.get("/v1/topics")
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
            return .success
        }
        var table = TextTable([
            ("topic", .left), ("partition", .right), ("start", .right), ("end", .right),
            ("records", .right),
        ])
        for topic in answer["topics"]?.arrayValue ?? [] {
            for partition in topic["partitions"]?.arrayValue ?? [] {
                let start = partition["start"]?.integerValue ?? 0
                let end = partition["end"]?.integerValue ?? 0
                table.append([
                    topic["name"]?.stringValue ?? "",
                    grouped(partition["partition"]?.integerValue ?? 0), grouped(start),
                    grouped(end), grouped(end - start),
                ])
            }
        }
        Terminal.write(table.text)
        return .success
    }
}
