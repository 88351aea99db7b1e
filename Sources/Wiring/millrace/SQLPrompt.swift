import Configuration
import SQLEngine

/// The prompt; until it is merged only a placeholder.
enum SQLPrompt {
    static func run(
        _ session: SQLSession,
        settings: MillraceConfiguration,
        format: SQLOutputFormat?
    ) async throws -> ExitCode { .success }
}
