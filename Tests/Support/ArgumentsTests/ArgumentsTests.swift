import Arguments
import Testing

private let sql = CommandDescription(
    "sql",
    summary: "Ask the tables",
    positionals: ["[SQL]"],
    options: [
        OptionDescription("config", .one("FILE"), help: "configuration file"),
        OptionDescription("json", help: "JSON"),
        OptionDescription("set", .many("KEY=VALUE"), help: "a setting"),
        OptionDescription("unset", .many("KEY"), help: "no setting"),
        OptionDescription("color", .choice(["auto", "never"]), help: "colours"),
    ],
    examples: [("millrace sql \"show tables\"", "lists the tables")]
)

@Test func `options may stand before and after what they are not`() throws {
    let parsed = try ParsedArguments(["--json", "select 1", "--config=a.yaml"], for: sql)
    #expect(parsed.positionals == ["select 1"])
    #expect(parsed.has("json"))
    #expect(parsed.value("config") == "a.yaml")
}

@Test func `what follows a double dash is never an option`() throws {
    let parsed = try ParsedArguments(["--", "--json"], for: sql)
    #expect(parsed.positionals == ["--json"])
    #expect(!parsed.has("json"))
}

@Test(arguments: [
    (["--jsn"], "'millrace sql' has no option --jsn, did you mean --json?"),
    (["--config"], "--config needs a value"),
    (["--json=1"], "--json takes no value"),
    (["--json", "--json"], "--json is given twice"),
    (["--color", "red"], "--color is one of auto, never, not 'red'"),
    (["a", "b"], "'b' is one word too many for 'millrace sql', see --help"),
])
func `a wrong command line says what would be right`(words: [String], message: String) {
    #expect(throws: ArgumentError(message)) { try ParsedArguments(words, for: sql) }
}

@Test func `help wins over everything else on the line`() throws {
    #expect(try ParsedArguments(["--nonsense", "-h"], for: sql).wantsHelp)
    #expect(try !ParsedArguments(["--", "-h"], for: sql).wantsHelp)
}

@Test func `help shows usage, options and examples`() {
    let help = sql.helpText
    #expect(help.contains("Usage: millrace sql [SQL] [options]"))
    #expect(help.contains("--color auto|never"))
    #expect(help.contains("millrace sql \"show tables\""))
}

@Test(arguments: CompletionShell.allCases)
func `completion knows commands, options and choices`(shell: CompletionShell) {
    let script = completionScript(for: shell, commands: [sql])
    #expect(script.contains("sql"))
    #expect(script.contains("config"))
    #expect(script.contains("auto never"))
}

@Test func `options that may be given often keep their order`() throws {
    let words = ["--set", "a=b", "--unset=c", "x", "--set=d=e"]
    let parsed = try ParsedArguments(words, for: sql)
    #expect(parsed.repeated.map(\.name) == ["set", "unset", "set"])
    #expect(parsed.repeated.map(\.value) == ["a=b", "c", "d=e"])
    #expect(parsed.positionals == ["x"])
    #expect(sql.helpText.contains("--set KEY=VALUE"))
    #expect(completionScript(for: .fish, commands: [sql]).contains("-l unset -d 'no setting' -r"))
    #expect(throws: ArgumentError("--set needs a value")) {
        try ParsedArguments(["--set"], for: sql)
    }
}
