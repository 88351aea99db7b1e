import Glibc
import IcebergModel
import SQLEngine
import Synchronization
import Testing
import Threads

@testable import Prompt

/// The command as a whole: through pipes, and through a pseudo-terminal as a person uses it.
@Suite struct SQLCommandTests {
    private static let engine: SQLEngine = {
        var options = SQLEngine.Options(lakeDirectory: "/tmp")
        options.library = packageRoot() + "/.deps/lib/libduckdb.so"
        options.threads = 1
        return SQLEngine(options: options) {
            [
                QueryableTable(name: "purchases", revision: "1") {
                    .init(
                        columns: [
                            .optional(1, "item", .string), .optional(2, "user-agent", .string),
                        ],
                        files: []
                    )
                }
            ]
        }
    }()

    /// What a run wrote, what it complained about, and its exit code.
    private func run(
        input: String,
        _ body: (SQLCommand) -> Int32
    ) throws -> (output: String, errors: String, code: Int32) {
        let input = try Pipe(holding: input)
        let output = try Pipe()
        let errors = try Pipe()
        var command = SQLCommand(session: try Self.engine.session())
        command.files = (input.reading, output.writing, errors.writing)
        let code = body(command)
        return (output.contents(), errors.contents(), code)
    }

    @Test func `a script in a pipe runs its statements and commands in order`() throws {
        let script = """
            -- a comment; with a semicolon
            .mode csv
            select 1 as a,
              ';' as b; select 2 as c;
            .mode ndjson
            .tables
            select 3 as d
            """
        let (output, errors, code) = try run(input: script) { $0.runInteractively() }
        #expect(
            output
                == "a,b\r\n1,;\r\nc\r\n2\r\n"
                + "{\"schema\":\"main\",\"table\":\"purchases\",\"columns\":2}\n"
                + "{\"d\":3}\n"
        )
        #expect(errors.isEmpty && code == 0)
    }

    @Test func `a script stops at its first error with exit code 1`() throws {
        let (output, errors, code) = try run(input: "select 1 as a;\nselect nope;\nselect 2;") {
            var command = $0
            command.mode = .ndjson
            return command.runInteractively()
        }
        #expect(output == "{\"a\":1}\n")
        #expect(errors.hasPrefix("Error: Binder Error") && errors.contains("nope"))
        #expect(code == 1)
        let mistake = try run(input: ".nothing\nselect 1;") { $0.runInteractively() }
        #expect(mistake.code == 1 && mistake.output.isEmpty && mistake.errors.contains(".help"))
    }

    @Test func `statements from the command line need no semicolon`() throws {
        let (output, _, code) = try run(input: "") {
            var command = $0
            command.mode = .json
            return command.run("create temp table t as select 1 as x; from t")
        }
        #expect(output.hasSuffix("[\n{\"x\":1}\n]\n") && code == 0)
        let table = try run(input: "") { $0.run(".tables") }
        #expect(table.code == 1)
    }

    @Test func `a reader that goes away ends the command without a word`() throws {
        signal(SIGPIPE, SIG_IGN)
        let output = try Pipe()
        let errors = try Pipe()
        close(output.reading)
        var command = SQLCommand(session: try Self.engine.session())
        command.mode = .csv
        command.files = (0, output.writing, errors.writing)
        #expect(command.run("from range(1000000)") == 0)
        #expect(errors.contents().isEmpty)
    }

    @Test func `a person asks, is answered, completes, interrupts and leaves`() throws {
        let terminal = try PseudoTerminal(width: 60, height: 24)
        let history = "/tmp/millrace-prompt-history-\(getpid())"
        unsafe unlink(history)
        defer { unsafe unlink(history) }
        let session = try Self.engine.session()
        let code = Mutex<Int32?>(nil)
        let person = terminal.start {
            var command = SQLCommand(session: session)
            command.historyFile = history
            command.files = (terminal.device, terminal.device, terminal.device)
            let ended = command.runInteractively()
            code.withLock { $0 = ended }
        }
        try terminal.wait(for: "millrace> ")
        terminal.type("select 40\r+ 2 as answer;\r")
        try terminal.wait(for: "42")
        try terminal.wait(for: "1 row")
        terminal.type("desc\t")
        try terminal.wait(for: "describe")
        terminal.type("\u{3}")
        try terminal.wait(for: "^C")
        terminal.type("describe pur\t;\r")
        try terminal.wait(for: "user-agent")
        try terminal.wait(for: "2 rows")
        terminal.type("select count(*) from range(10000000000000) t(i) where hash(i) = 1;\r")
        try terminal.wait(for: "hash(i) = 1;")
        // Sent again and again: the statement may not have begun.
        let deadline = Deadline(seconds: 60)
        while !terminal.text.contains("interrupted") {
            terminal.type("\u{3}")
            try deadline.step()
        }
        // What is typed before the next prompt is there would be for the statement.
        while terminal.text.split(separator: "interrupted").last?.contains("millrace> ") != true {
            try deadline.step()
        }
        terminal.type("\u{12}answer")
        try terminal.wait(for: "(history: answer) select 40")
        terminal.type("\r")
        terminal.type("\u{4}")
        person.join()
        terminal.finish()
        #expect(code.withLock { $0 } == 0)
        #expect(terminal.text.contains("\u{1B}[?2004l"))
        let kept = HistoryFile(path: history).read().entries
        #expect(kept.first == "select 40\n+ 2 as answer;")
        #expect(kept.count == 4)
    }
}

private func packageRoot(file: String = #filePath) -> String {
    file.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/" + $1 }
}
