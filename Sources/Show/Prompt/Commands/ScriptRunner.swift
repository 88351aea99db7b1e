internal import SQLEngine

/// Runs a text that arrives in pieces: statements when their semicolon has come, dot commands line
/// by line between them.
struct ScriptRunner {
    private var commands: CommandRunner
    private var pending = ""
    /// Bytes of a line that has not ended.
    private var line: [UInt8] = []

    init(runner: StatementRunner) {
        commands = CommandRunner(runner: runner)
    }

    /// Takes the next bytes; an exit code when the script is over before its end.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> Int32? {
        for byte in bytes {
            line.append(byte)
            if byte == UInt8(ascii: "\n"), let code = endLine() { return code }
        }
        return nil
    }

    /// The input has ended: runs what is left.
    mutating func finish() -> Int32 {
        if let code = endLine() { return code }
        let rest = pending
        pending = ""
        return rest.isEmpty ? 0 : run(SQLStatements(rest).all) ?? 0
    }

    private mutating func endLine() -> Int32? {
        let text = String(decoding: line, as: UTF8.self)
        line.removeAll(keepingCapacity: true)
        if pending.isEmpty, DotCommand.isCommand(text) {
            switch commands.run(text) {
            case .done: return nil
            case .failed: return 1
            case .quit, .closed: return 0
            }
        }
        pending += text
        // Looking for ends costs a pass over the text: only where one can be, or where only
        // comments may have come so far, which begin no statement.
        guard text.contains(";") || pending.hasPrefix("-") || pending.hasPrefix("/") else {
            return nil
        }
        let statements = SQLStatements(pending)
        if statements.all.isEmpty { pending = "" }
        guard !statements.complete.isEmpty else { return nil }
        pending = statements.rest.isEmpty ? "" : statements.rest + "\n"
        return run(statements.complete)
    }

    private func run(_ statements: [String]) -> Int32? {
        for statement in statements {
            switch commands.runner.run(statement) {
            case .done: continue
            case .failed: return 1
            case .closed: return 0
            }
        }
        return nil
    }
}
