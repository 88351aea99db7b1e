import Arguments
import Configuration
import EventLog
import Files
import JSONText
import LogSources
import Pipelines

/// `millrace verify`
struct VerifyCommand: Command {
    let description = CommandDescription(
        "verify",
        summary: "Prove that every acknowledged event is in its table once",
        discussion: """
            Counts the log and the tables again, per table and partition, up to each table's
            checkpoint: acknowledged = landed + filtered + dead-lettered, nothing twice, nothing
            missing, and the very offsets agree. Asks the running server, or reads the data
            directory when none runs. Ends with exit code 3 when something does not add up.
            """,
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription("quiet", help: "print receipts only, without the SQL"),
        ],
        examples: [
            ("millrace verify", "one receipt for each table and partition"),
            ("millrace verify --json | jq .proven", "for scripts"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let configuration = try CommandConfiguration(arguments)
        let report =
            configuration.server.isRunning
            ? try configuration.server.get("/v1/verify")
            : try verifyFiles(configuration.settings)
        let isProven = report["proven"]?.boolValue ?? false
        if arguments.has("json") {
            Terminal.write(report.text(.pretty) + "\n")
        } else {
            show(report, withSQL: !arguments.has("quiet"))
        }
        return isProven ? .success : .unproven
    }

    /// Without a server: the log is opened as a server would open it, repaired if need be, and
    /// closed again.
    private func verifyFiles(_ settings: MillraceConfiguration) throws -> JSONValue {
        let definitions = try LaneDefinition.all(in: settings)
        let log = try Assembly.openLog(settings)
        defer { log.close() }
        let lake = try LakeService(settings)
        return try Verification(
            sources: try PipelineSources(
                settings,
                embedded: EmbeddedLog(log),
                logger: Assembly.logger(settings)
            ),
            lake: lake,
            definitions: definitions
        ).run().report
    }

    private func show(_ report: JSONValue, withSQL: Bool) {
        var table = TextTable([
            ("table", .left), ("topic", .left), ("partition", .right), ("acknowledged", .right),
            ("landed", .right), ("filtered", .right), ("dead letters", .right),
            ("duplicates", .right), ("missing", .right), ("pending", .right), ("", .left),
        ])
        for receipt in report["receipts"]?.arrayValue ?? [] {
            let numbers = [
                "partition", "acknowledged", "landed", "filtered", "dead_lettered", "duplicates",
                "missing", "pending",
            ].map { grouped(receipt[$0]?.integerValue ?? 0) }
            let isProven = receipt["proven"]?.boolValue ?? false
            table.append(
                [receipt["table"]?.stringValue ?? "", receipt["topic"]?.stringValue ?? ""] + numbers
                    + [isProven ? "proven" : "NOT PROVEN"]
            )
        }
        Terminal.write(table.text)
        guard withSQL else { return }
        Terminal.write("\nThe tables were asked:\n")
        for statement in report["sql"]?.arrayValue ?? [] {
            Terminal.write("\n\(statement.stringValue ?? "");\n")
        }
    }
}
