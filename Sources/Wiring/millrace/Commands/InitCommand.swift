import Arguments
import Bytes
import Files

/// `millrace init [DIRECTORY]`
struct InitCommand: Command {
    let description = CommandDescription(
        "init",
        summary: "Write a millrace.yaml to start from",
        discussion: """
            Makes the directory if needed. An existing millrace.yaml is left alone, and said so.
            """,
        positionals: ["[DIRECTORY]"],
        examples: [
            ("millrace init", "a configuration in this directory"),
            ("millrace init shop && cd shop && millrace up", "a new project, running"),
        ]
    )

    private static let template = """
        # Millrace's configuration. `millrace config` shows every key with its default and meaning.

        # Everything Millrace keeps: the log's topics and the lake's tables.
        data: .millrace

        # A pipeline takes records from topics into a table; columns come from the events' fields.
        pipelines:
          purchases:
            from: purchases
            into: purchases
            freshness: 2s

          # One topic into several tables:
          # game:
          #   from: events
          #   tables:
          #     joins:
          #       where: event_type like 'join%'
          #     declarations:
          #       where: event_type like 'declare%'

        """

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let directory = arguments.positionals.first ?? "."
        let path = "\(directory)/millrace.yaml"
        let files = LocalFiles()
        guard !files.exists(path) else {
            throw CommandError("\(path) exists already; nothing was changed")
        }
        do throws(FileError) {
            try files.createDirectories(directory)
            var text = ByteBuffer()
            text.append(utf8: Self.template)
            try files.replace(path, with: text.bytes)
        } catch {
            throw CommandError("\(path) cannot be written: \(error)")
        }
        let place = directory == "." ? "" : "cd \(directory) && "
        Terminal.write(
            """
            wrote \(path)

            Next:
              \(place)millrace up
              curl -d '{"item":"sword","price":9.5}' localhost:8080/v1/events/purchases
              millrace sql "select * from purchases"

            """
        )
        return .success
    }
}
