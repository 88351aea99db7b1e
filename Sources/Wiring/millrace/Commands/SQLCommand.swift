import Arguments
import Bytes
import Clocks
import Glibc
import SQLEngine

/// `millrace sql`
struct SQLCommand: Command {
    let description = CommandDescription(
        "sql",
        summary: "Ask the tables in SQL, or open a prompt",
        discussion: """
            Reads the lake's committed snapshots itself, so it works with and without a running server. Only the lake's
            files can be read. Without SQL on the line it is read from standard input, or typed at a prompt.
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
            ("millrace sql --csv \"from purchases\" > purchases.csv", "for other programs"),
            ("echo 'select 1;' | millrace sql", "statements from a pipe"),
            ("millrace sql", "a prompt with history and completion; .help there"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let settings = try CommandConfiguration(arguments).settings
        let format = try format(arguments)
        let lake = try LakeService(settings)
        let session: SQLSession
        do throws(SQLError) { session = try lake.engine.session() } catch {
            throw CommandError(error.description)
        }
        if let sql = arguments.positionals.first {
            return try Self.run(sql, in: session, format)
        }
        return try await SQLPrompt.run(session, settings: settings, format: format)
    }

    private func format(_ arguments: ParsedArguments) throws(ArgumentError) -> SQLOutputFormat? {
        let chosen: [SQLOutputFormat] =
            (arguments.has("json") ? [.json] : []) + (arguments.has("ndjson") ? [.ndjson] : [])
            + (arguments.has("csv") ? [.csv] : [])
        guard chosen.count <= 1 else {
            throw ArgumentError("choose one of --json, --ndjson and --csv")
        }
        return chosen.first
    }

    /// Runs every statement of `sql` and writes the answers as they come.
    private static func run(
        _ sql: String,
        in session: SQLSession,
        _ format: SQLOutputFormat?
    ) throws -> ExitCode {
        let clock = SystemClocks()
        do throws(SQLError) {
            for statement in SQLStatements(sql).all {
                let started: MonotonicInstant = clock.now()
                let result = try session.run(statement)
                let output = SQLOutput(result, format: format ?? Terminal.tableFormat) {
                    clock.now() - started
                }
                var buffer = ByteBuffer(capacity: 1 << 16)
                while try output.next(into: &buffer) {
                    Terminal.write(buffer.bytes)
                    buffer.removeAll()
                }
                Terminal.write(buffer.bytes)
            }
        } catch {
            throw CommandError(error.description)
        }
        return .success
    }
}
