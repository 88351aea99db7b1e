import Arguments

/// A command: what it accepts and what it does.
protocol Command: Sendable {
    /// What it accepts, for parsing, help and completion.
    var description: CommandDescription { get }

    /// Does it. Errors end the program with a message; see `CommandError`.
    func run(_ arguments: ParsedArguments) async throws -> ExitCode
}

/// Every command, in the order in which help lists them.
enum Commands {
    static let all: [any Command] = [
        UpCommand(), InitCommand(), SQLSubcommand(), VerifyCommand(), TopicsCommand(),
        TablesCommand(), PipelinesCommand(), RunCommand(), DeadLettersCommand(), StoreCommand(),
        DoctorCommand(), ConfigCommand(),
        CompletionCommand(),
    ]

    /// The option that every command with a configuration has.
    static let configOption = OptionDescription(
        "config",
        .one("FILE"),
        help: "configuration file (default ./millrace.yaml)"
    )

    /// The option for output that programs read.
    static let jsonOption = OptionDescription("json", help: "print JSON")
}
