import Testing

@testable import Prompt

/// Completion and the commands with a dot.
@Suite struct CommandTests {
    private let completer = SQLCompleter(
        NameCatalog(tables: [
            .init(schema: "main", name: "joins", columns: ["guild", "user-agent", "_log"]),
            .init(schema: "main", name: "purchases", columns: ["item", "Host", "user-agent"]),
            .init(schema: "eu", name: "orders", columns: ["order"]),
        ])
    )

    private func candidates(_ before: String, _ after: String = "") -> [String] {
        completer.complete(before: before, after: after)?.candidates ?? []
    }

    @Test func `keywords are completed in the case in which they are typed`() {
        #expect(completer.complete(before: "sele", after: "")?.insertion == "select ")
        #expect(completer.complete(before: "SELE", after: "")?.insertion == "SELECT ")
        #expect(candidates("des") == ["desc", "describe"])
    }

    @Test func `tables are offered where a table belongs`() {
        #expect(candidates("select * from ") == ["joins", "purchases", "orders", "eu"])
        #expect(
            completer.complete(before: "select * from PUR", after: "")?.insertion == "purchases "
        )
        #expect(candidates("from eu.") == ["orders"])
        #expect(candidates("describe jo") == ["joins"])
    }

    @Test func `columns are those of the tables in the statement, quoted where they must be`() {
        #expect(candidates("select us", " from purchases") == ["\"user-agent\"", "using"])
        #expect(candidates("select \"us", " from purchases") == ["\"user-agent\""])
        #expect(candidates("select purchases.") == ["item", "Host", "\"user-agent\""])
        #expect(candidates("select gui", " from purchases").isEmpty)
        #expect(candidates("select eu.orders.") == ["\"order\""])
    }

    @Test func `nothing is completed inside texts and comments`() {
        #expect(candidates("select 'sele").isEmpty)
        #expect(candidates("-- sele").isEmpty)
        #expect(candidates("select 1 ").isEmpty)
    }

    @Test func `what all candidates share is inserted`() {
        let completion = Completion(typed: "re", candidates: ["recursive", "recent"])
        #expect(completion?.insertion == "rec")
        #expect(Completion(typed: "rec", candidates: ["recursive", "recent"])?.insertion == nil)
        #expect(Completion(typed: "x", candidates: []) == nil)
    }

    @Test func `commands and their arguments are completed`() {
        #expect(candidates(".t") == [".tables", ".timer"])
        #expect(candidates(".mode n") == ["ndjson"])
        #expect(candidates(".schema pur") == ["purchases"])
    }

    @Test func `commands are read, and mistakes say what to write`() throws {
        #expect(try DotCommand(".tables;") == .tables)
        #expect(try DotCommand("  .schema purchases ") == .schema("purchases"))
        #expect(try DotCommand(".mode csv") == .mode(.csv))
        #expect(try DotCommand(".timer off") == .timer(false))
        #expect(try DotCommand(".exit") == .quit)
        for (line, part) in [
            (".mode xml", ".mode json"), (".tabels", ".help"), (".quit now", "no argument"),
            (".timer", ".timer on"),
        ] {
            let mistake = #expect(throws: DotCommand.Mistake.self) { try DotCommand(line) }
            #expect(mistake?.message.contains(part) == true, "\(line)")
        }
        #expect(DotCommand.helpText.contains(".schema [table]"))
    }

    @Test func `lists are read downwards`() {
        #expect(Columns.text(["a", "bb", "c", "d", "e"], width: 12) == "a   c   e\nbb  d\n")
        #expect(Columns.text(["剣", "b"], width: 3) == "剣\nb\n")
    }
}
