import Arguments

/// `millrace completion SHELL`
struct CompletionCommand: Command {
    let description = CommandDescription(
        "completion",
        summary: "Print a script that completes commands and options in your shell",
        positionals: ["SHELL"],
        examples: [
            ("source <(millrace completion bash)", "completes in this bash"),
            ("millrace completion zsh > ~/.zfunc/_millrace", "installs it for zsh"),
            ("millrace completion fish > ~/.config/fish/completions/millrace.fish", "for fish"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let name = arguments.positionals[0]
        guard let shell = CompletionShell(rawValue: name) else {
            let known = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
            throw ArgumentError("there is no completion for '\(name)', only for \(known)")
        }
        Terminal.write(completionScript(for: shell, commands: Commands.all.map(\.description)))
        return .success
    }
}
