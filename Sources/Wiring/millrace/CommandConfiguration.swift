import Arguments
import Configuration
import Files
import KafkaSource
import Settings

/// The configuration a command works with: the file of `--config`, of the environment, or the
/// default one.
struct CommandConfiguration {
    /// The checked settings.
    let settings: MillraceConfiguration

    /// Reads it; a mistake in it ends the command with all mistakes listed.
    init(_ arguments: ParsedArguments) throws(CommandError) {
        do throws(SettingsError) {
            settings = try MillraceConfiguration.load(
                path: arguments.value("config"),
                environment: ProcessEnvironment.variables,
                otherVariables: ["MILLRACE_DUCKDB"],
                files: LocalFiles()
            )
        } catch {
            throw CommandError(error.description, code: .usage)
        }
        // librdkafka itself says which of its properties there are.
        for source in settings.sources { _ = try KafkaProperties(source) }
    }

    /// The running server that the configuration names.
    var server: ServerClient { ServerClient(address: settings.http.listen.description) }
}
