import Arguments
import Glibc

/// The program: finds the command, runs it, turns its outcome into an exit code.
@main
struct Millrace {
    static let version = "0.1.0"

    static let introduction = """
        Millrace: events in, SQL out.
        A Kafka-compatible log, exactly-once Iceberg tables and SQL in one program.
        """

    static func main() async {
        let words = CommandLine.arguments.dropFirst()
        let code = await run(Array(words))
        exit(code.rawValue)
    }

    private static func run(_ words: [String]) async -> ExitCode {
        guard let name = words.first, name != "help", name != "--help", name != "-h" else {
            return overview(for: words.dropFirst().first)
        }
        if name == "--version" || name == "version" {
            Terminal.write("millrace \(version)\n")
            return .success
        }
        guard let command = Commands.all.first(where: { $0.description.name == name }) else {
            let near = nearest(to: name, among: Commands.all.map(\.description.name))
            let hint = near.map { ", did you mean '\($0)'?" } ?? ""
            return fail(.usage, "there is no command '\(name)'\(hint)\nSee 'millrace --help'.")
        }
        do {
            let arguments = try ParsedArguments(words.dropFirst(), for: command.description)
            if arguments.wantsHelp {
                Terminal.write(command.description.helpText)
                return .success
            }
            return try await command.run(arguments)
        } catch let error as ArgumentError {
            return fail(.usage, error.description)
        } catch let error as CommandError {
            return fail(error.code, error.description)
        } catch {
            return fail(.failure, "\(error)")
        }
    }

    private static func overview(for name: String?) -> ExitCode {
        if let name, let command = Commands.all.first(where: { $0.description.name == name }) {
            Terminal.write(command.description.helpText)
        } else {
            Terminal.write(
                Arguments.overview(
                    of: Commands.all.map(\.description),
                    introduction: introduction
                )
            )
        }
        return .success
    }

    private static func fail(_ code: ExitCode, _ message: String) -> ExitCode {
        Terminal.writeError("millrace: \(message)\n")
        return code
    }
}
