import CLinux
import Glibc
internal import SQLEngine
internal import Synchronization
internal import Threads

/// The conversation with a person at a terminal: reads keys, shows the editor, runs what is
/// entered.
///
/// Statements run on a thread of their own while this one listens for Ctrl-C.
struct InteractivePrompt {
    private static let promptText = "millrace> "

    private let session: SQLSession
    private var commands: CommandRunner
    private var keys: KeySource
    private let historyFile: HistoryFile
    private let output: OutputFile
    private var screen = Screen()
    private var editor: LineEditor

    init(session: SQLSession, runner: StatementRunner, input: Int32, history: HistoryFile) {
        self.session = session
        commands = CommandRunner(runner: runner)
        keys = KeySource(descriptor: input)
        historyFile = history
        output = runner.output
        let names = LazyNames(session: session)
        editor = LineEditor(
            history: history.read(),
            isComplete: Self.isComplete,
            complete: { before, after in names.completer.complete(before: before, after: after) }
        )
    }

    /// Talks until the person leaves. Returns the exit code.
    mutating func run(on terminal: borrowing RawTerminal) -> Int32 {
        do {
            try output.write("Statements end with ';'. .help lists the rest, Ctrl-D leaves.\n")
            try draw()
            while true {
                let key = keys.next()
                guard try act(on: editor.handle(key), terminal) else { return 0 }
            }
        } catch {
            return 0
        }
    }

    /// A statement is complete with its semicolon, a dot command at once; blank lines do nothing.
    static func isComplete(_ text: String) -> Bool {
        if DotCommand.isCommand(text) || text.allSatisfy(\.isWhitespace) { return true }
        return SQLStatements(text).rest.isEmpty
    }

    /// False when the conversation is over.
    private mutating func act(
        on outcome: LineEditor.Outcome,
        _ terminal: borrowing RawTerminal
    ) throws(OutputFile.Closed) -> Bool {
        switch outcome {
        case .redraw: if !keys.hasMore { try draw() }
        case .submit(let text): return try submit(text)
        case .cancel:
            try output.write(finished(mark: "^C"))
            editor.reset()
            try draw()
        case .end:
            try output.write(finished())
            return false
        case .clearScreen:
            screen.forget()
            try output.write("\u{1B}[H\u{1B}[2J")
            try draw()
        case .suspend:
            try output.write(finished())
            terminal.withUsualTerminal { _ = kill(0, SIGTSTP) }
            try draw()
        case .list(let candidates):
            try output.write(finished())
            try output.write(Columns.text(candidates, width: size.width))
            try draw()
        }
        return true
    }

    private mutating func submit(_ text: String) throws(OutputFile.Closed) -> Bool {
        try output.write(finished())
        let entry = Self.trimmed(text)
        if !entry.isEmpty, entry != editor.history.entries.last { historyFile.append(entry) }
        editor.reset(remembering: entry)
        if DotCommand.isCommand(entry) {
            switch commands.run(entry) {
            case .quit, .closed: return false
            case .done, .failed: break
            }
        } else if try !runStatements(SQLStatements(entry).all) {
            return false
        }
        try draw()
        return true
    }

    /// Runs the statements on another thread; false when nobody reads the answers any more.
    private mutating func runStatements(_ statements: [String]) throws(OutputFile.Closed) -> Bool {
        guard !statements.isEmpty else { return true }
        let done = eventfd(0, Int32(EFD_CLOEXEC))
        guard done >= 0 else { return commands.runner.report("no file descriptors are left") }
        defer { close(done) }
        let runner = commands.runner
        let outcome = Outcome()
        let thread = Thread("sql-prompt") {
            for statement in statements where !outcome.isStopped {
                switch runner.run(statement) {
                case .done: continue
                case .failed: outcome.isStopped = true
                case .closed: outcome.isClosed = true
                }
            }
            eventfd_write(done, 1)
        }
        let session = session
        keys.wait(for: done) {
            outcome.isStopped = true
            session.interrupt()
        }
        thread.join()
        return !outcome.isClosed
    }

    private mutating func draw() throws(OutputFile.Closed) {
        try output.write(screen.draw(editor, prompt: Self.promptText, size: size))
    }

    private mutating func finished(mark: String = "") -> String {
        screen.finish(editor, prompt: Self.promptText, size: size, mark: mark)
    }

    private var size: Screen.Size {
        let terminal = output.tableStyle()
        return Screen.Size(width: terminal?.width ?? 80, height: terminal?.height ?? 24)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        return String(text)
    }

    /// What the thread with the statements tells the one with the keys.
    private final class Outcome: Sendable {
        private let stopped = Atomic(false)
        private let closed = Atomic(false)

        /// True when the statements that have not begun are not to begin.
        var isStopped: Bool {
            get { stopped.load(ordering: .acquiring) }
            set { stopped.store(newValue, ordering: .releasing) }
        }

        /// True when nobody reads the answers.
        var isClosed: Bool {
            get { closed.load(ordering: .acquiring) }
            set {
                closed.store(newValue, ordering: .releasing)
                if newValue { isStopped = true }
            }
        }
    }
}

/// Tables and columns for completion, asked for at every Tab: they change while one types.
private final class LazyNames: Sendable {
    private let session: SQLSession

    init(session: SQLSession) {
        self.session = session
    }

    var completer: SQLCompleter {
        SQLCompleter((try? NameCatalog.read(from: session)) ?? NameCatalog())
    }
}
