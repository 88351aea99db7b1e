internal import Bytes
import Glibc
public import SQLEngine

/// `millrace sql`: statements from the command line, from a pipe, or from a person.
public struct SQLCommand: Sendable {
    /// How answers are shown.
    public var mode = OutputMode.table
    /// True to show all rows of a table even on a terminal.
    public var showsAllRows = false
    /// Where entered statements are kept; nil keeps none.
    public var historyFile: String?
    /// File descriptors to read from, to write to, to complain on.
    public var files: (input: Int32, output: Int32, errors: Int32) = (0, 1, 2)
    private let session: SQLSession

    /// A command over `session`.
    public init(session: SQLSession) {
        self.session = session
    }

    /// Runs the statements of `text`; at the first that fails it stops. Returns the exit code.
    public func run(_ text: String) -> Int32 {
        let runner = runner()
        for statement in SQLStatements(text).all {
            switch runner.run(statement) {
            case .done: continue
            case .failed: return 1
            case .closed: return 0
            }
        }
        return 0
    }

    /// Asks a person, or runs what stands in the input when that is no terminal. Returns the exit
    /// code.
    public func runInteractively() -> Int32 {
        let output = OutputFile(descriptor: files.output)
        guard OutputFile(descriptor: files.input).isTerminal, output.isTerminal,
            let terminal = RawTerminal(input: files.input, output: output)
        else { return runInput() }
        var prompt = InteractivePrompt(
            session: session,
            runner: runner(),
            input: files.input,
            history: HistoryFile(path: historyFile)
        )
        return prompt.run(on: terminal)
    }

    private func runner() -> StatementRunner {
        let output = OutputFile(descriptor: files.output)
        return StatementRunner(
            session: session,
            output: output,
            errors: OutputFile(descriptor: files.errors),
            mode: mode,
            showsTime: output.isTerminal,
            rowsMax: showsAllRows ? nil : 40
        )
    }

    /// Runs statements as they arrive; lines with a dot count where no statement has begun.
    private func runInput() -> Int32 {
        var script = ScriptRunner(runner: runner())
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            // SAFETY: the kernel writes at most as many bytes as the array has.
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(files.input, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return script.finish() }
            if let code = script.feed(bytes[..<count]) { return code }
        }
    }
}
