import Arguments
import Configuration
import Settings

/// `millrace config`
struct ConfigCommand: Command {
    let description = CommandDescription(
        "config",
        summary: "Explain every setting, or check a configuration file",
        discussion: """
            Without options: every key with its type, default and meaning. Each can be set by an
            environment variable as well: log.listen is MILLRACE_LOG_LISTEN.
            """,
        options: [
            Commands.configOption,
            OptionDescription("check", help: "read the configuration and say what is wrong"),
            OptionDescription("example", help: "print a commented file with every key"),
        ],
        examples: [
            ("millrace config", "all keys"),
            ("millrace config --check", "is millrace.yaml right?"),
            ("millrace config --example > millrace.yaml", "a file to edit"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        if arguments.has("check") {
            let settings = try CommandConfiguration(arguments).settings
            for warning in settings.warnings { Terminal.writeError("\(warning)\n") }
            Terminal.write("\(settings.file ?? "the defaults"): no mistakes\n")
        } else if arguments.has("example") {
            Terminal.write(MillraceSettings.table.exampleFile())
        } else {
            Terminal.write(MillraceSettings.table.help())
        }
        return .success
    }
}
