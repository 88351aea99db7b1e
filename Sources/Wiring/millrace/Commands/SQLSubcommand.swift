import Arguments
import Configuration
import Prompt
import SQLEngine

/// `millrace sql`
struct SQLSubcommand: Command {
    let description = CommandDescription(
        "sql",
        summary: "Ask the tables in SQL, or open a prompt",
        discussion: """
            Reads the lake's committed snapshots itself, so it works with and without a running
            server. Only the lake's files can be read. Without SQL on the line it is read from
            standard input, or typed at a prompt.
            """,
        positionals: ["[SQL]"],
        options: [
            Commands.configOption,
            OptionDescription("json", help: "one JSON array of objects"),
            OptionDescription("ndjson", help: "one JSON object a line"),
            OptionDescription("csv", help: "CSV with a header line"),
        ],
        examples: [
            ("millrace sql \"show tables\"", "what there is"),
            ("millrace sql \"select item, count(*) from purchases group by 1\"", "a table"),
            (
                "millrace sql \"from purchases for timestamp as of now() - interval 1 hour\"",
                "as it was; also FOR VERSION AS OF with a snapshot, branch or tag"
            ),
            ("millrace sql --csv \"from purchases\" > purchases.csv", "for other programs"),
            ("echo 'select 1;' | millrace sql", "statements from a pipe"),
            ("millrace sql", "a prompt with history and completion; .help there"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let settings = try CommandConfiguration(arguments).settings
        let mode = try mode(arguments)
        let lake = try LakeService(settings)
        let session: SQLSession
        do throws(SQLError) { session = try lake.engine.session() } catch {
            throw CommandError(error.description)
        }
        var command = SQLCommand(session: session)
        if let mode { command.mode = mode }
        command.historyFile = ProcessEnvironment.variables["HOME"].map {
            "\($0)/.millrace_history"
        }
        let code =
            arguments.positionals.first.map { command.run($0) } ?? command.runInteractively()
        return ExitCode(rawValue: code) ?? .failure
    }

    private func mode(_ arguments: ParsedArguments) throws(ArgumentError) -> OutputMode? {
        let chosen =
            (arguments.has("json") ? [OutputMode.json] : [])
            + (arguments.has("ndjson") ? [.ndjson] : []) + (arguments.has("csv") ? [.csv] : [])
        guard chosen.count <= 1 else {
            throw ArgumentError("choose one of --json, --ndjson and --csv")
        }
        return chosen.first
    }
}
