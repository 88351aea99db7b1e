import CatalogServer
import Catalogs
import Clocks
import IcebergModel
import RESTCatalog
import Tables
import Telemetry
import Testing
import Threads

private func append(
    _ files: [DataFile],
    to table: Table,
    marks: [String: String] = [:],
    expecting: [String: String?] = [:],
    columns: [NewColumn] = []
) throws -> Table {
    try table.apply(
        TableCommit(
            files: files,
            newColumns: columns,
            setProperties: marks,
            expectedBase: table.metadata.currentSnapshotID,
            expectedProperties: expecting
        )
    )
}

private func names(_ table: Table) throws -> [String] {
    try table.dataFiles().map { String($0.path.split(separator: "/").last ?? "") }.sorted()
}

struct ForeignCatalogTests {
    private let server: ForeignServer
    private let lake: Lake
    private let table: Table

    init() throws {
        server = try ForeignServer()
        lake = server.lake()
        table = try lake.createTable(purchases, schema: columns)
    }

    @Test func `tables are made, changed and read as in the embedded catalog`() throws {
        #expect(table.metadata.location == "file:///lake/shop/purchases")
        let first = try append([server.file("a", of: table)], to: table, marks: ["mark": "1"])
        let second = try append(
            [server.file("b", of: table)],
            to: first,
            columns: [NewColumn("note", .string)]
        )
        #expect(try names(second) == ["a.parquet", "b.parquet"])
        let seen = try server.embedded.state(of: purchases)
        #expect(seen.metadata.currentSnapshotID == second.metadata.currentSnapshotID)
        #expect(seen.metadata.properties["mark"] == "1")
        #expect(seen.metadata.schema.column(named: "note")?.id == 3)
        #expect(throws: TableError.catalog(.tableExists(purchases))) {
            _ = try lake.createTable(purchases, schema: columns)
        }
        #expect(throws: TableError.catalog(.noSuchTable(joins))) { _ = try lake.table(joins) }
    }

    @Test func `names of all kinds find their way`() throws {
        let odd = TableIdentifier(namespace: ["a b", "ü/ö"], name: "100% & more?")
        _ = try lake.createTable(odd, schema: columns)
        #expect(try lake.table(odd).metadata.schema.fields.count == 2)
        let listed = try lake.catalog.listNamespaces()
        #expect(listed == [["a b"], ["a b", "ü/ö"], ["shop"]])
        #expect(try lake.catalog.listTables(["a b", "ü/ö"]) == [odd])
    }

    @Test func `what did not change is not sent again`() throws {
        let catalog = lake.catalog
        for _ in 0..<3 { _ = try catalog.state(of: purchases) }
        #expect(
            server.seen.suffix(3) == [
                "GET purchases 200", "GET purchases 304", "GET purchases 304",
            ]
        )
        let other = server.lake()
        _ = try append([server.file("a", of: table)], to: other.table(purchases))
        #expect(try catalog.state(of: purchases).metadata.snapshots.count == 1)
    }

    @Test func `somebody else's commit is a conflict that shows the present table`() throws {
        let mine = try server.file("mine", of: table)
        let other = server.lake()
        let theirs = try append([server.file("theirs", of: table)], to: other.table(purchases))
        #expect {
            _ = try append([mine], to: table)
        } throws: { error in
            guard case CommitError.conflict(let current, _) = error else { return false }
            return current.metadata.currentSnapshotID == theirs.metadata.currentSnapshotID
        }
    }

    @Test func `a writer that was fenced off by a mark alone cannot commit`() throws {
        let first = try append([], to: table, marks: ["epoch": "1"])
        // It made a snapshot, without which the foreign catalog would see no difference.
        #expect(first.metadata.snapshots.count == 1)
        let zombie = try server.lake().table(purchases)
        let second = try append([], to: first, marks: ["epoch": "2"], expecting: ["epoch": "1"])
        #expect(throws: CommitError.self) {
            _ = try append(
                [server.file("zombie", of: table)],
                to: zombie,
                marks: ["epoch": "1"],
                expecting: ["epoch": "1"]
            )
        }
        #expect(try names(second.refreshed()).isEmpty)
    }

    @Test func `several tables change in one transaction, or none`() throws {
        let other = try lake.createTable(joins, schema: columns)
        func commits(_ name: String, _ tables: [Table]) throws -> [(Table, PreparedCommit)] {
            try tables.map {
                let commit = TableCommit(
                    files: [try server.file(name, of: $0)],
                    expectedBase: $0.metadata.currentSnapshotID
                )
                return ($0, try $0.prepare(commit))
            }
        }
        let both = try lake.commit(commits("a", [table, other]))
        #expect(try both.map(names) == [["a.parquet"], ["a.parquet"]])
        _ = try append([server.file("x", of: other)], to: server.lake().table(joins))
        #expect(throws: CommitError.self) { _ = try lake.commit(commits("b", both)) }
        #expect(try names(lake.table(purchases)) == ["a.parquet"])
        #expect(try names(lake.table(joins)) == ["a.parquet", "x.parquet"])
    }
}

struct UnknownReplyTests {
    private let server: ForeignServer
    private let lake: Lake
    private let table: Table

    init() throws {
        server = try ForeignServer()
        lake = server.lake { $0.timeout = .seconds(1) }
        table = try lake.createTable(purchases, schema: columns)
    }

    private func attempt(_ bend: ForeignServer.Bend) throws -> CommitAttempt {
        server.next(bend)
        do {
            _ = try append([server.file("a", of: table)], to: table)
        } catch CommitError.unknownOutcome(let attempt, _) {
            return attempt
        }
        throw Unexpected()
    }

    private struct Unexpected: Error {}

    @Test(arguments: [500, 502, 504, 520])
    func `a commit that happened is found, whatever was answered`(status: Int) throws {
        let attempt = try attempt(.applied(status))
        guard case .committed(let current) = try lake.outcome(of: attempt) else {
            Issue.record("the commit happened")
            return
        }
        #expect(try names(current) == ["a.parquet"])
    }

    @Test func `an answer that is cut in its middle is looked for`() throws {
        let attempt = try attempt(.cut)
        guard case .committed = try lake.outcome(of: attempt) else {
            Issue.record("the commit happened")
            return
        }
    }

    @Test(arguments: [500, 502, 504])
    func `a commit that did not happen keeps its files until that is known`(status: Int) throws {
        let folder = "\(table.metadata.location)/metadata"
        let attempt = try attempt(.refused(status))
        let lists = try server.names(folder).filter { $0.hasPrefix("snap-") }
        #expect(lists.count == 1)
        guard case .notCommitted(let current) = try lake.outcome(of: attempt) else {
            Issue.record("the commit did not happen")
            return
        }
        #expect(try current.dataFiles().isEmpty)
        #expect(try Set(server.names(folder)).isDisjoint(with: lists))
    }

    @Test func `a commit that is still on its way when the table is read never happens`() throws {
        let attempt = try attempt(.late)
        guard case .notCommitted(let current) = try lake.outcome(of: attempt) else {
            Issue.record("the commit did not happen yet")
            return
        }
        // Now it arrives, with files that are gone.
        server.gate.update { $0 = true }
        let statuses = server.lateStatuses.wait(timeout: .seconds(30)) { $0.isEmpty ? nil : $0 }
        #expect(statuses == [409])
        let after = try current.refreshed()
        #expect(after.metadataLocation == current.metadataLocation)
        #expect(try names(append([server.file("b", of: after)], to: after)) == ["b.parquet"])
    }

    @Test(arguments: [503, 429])
    func `what was certainly not done is sent again`(status: Int) throws {
        for _ in 0..<3 { server.next(.refused(status)) }
        let committed = try append([server.file("a", of: table)], to: table)
        #expect(try names(committed) == ["a.parquet"])
        #expect(committed.metadata.snapshots.count == 1)
        for _ in 0..<4 { server.next(.refused(status)) }
        #expect {
            _ = try append([server.file("b", of: table)], to: committed)
        } throws: { error in
            guard case CommitError.storage(let reason) = error else { return false }
            return reason.isRetriable
        }
    }

    @Test func `a commit that somebody sent twice is one commit, and keeps its files`() throws {
        server.next(.twice)
        let committed = try append([server.file("a", of: table)], to: table)
        #expect(try names(committed) == ["a.parquet"])
        #expect(try names(server.lake().table(purchases)) == ["a.parquet"])
    }

    @Test func `a refusal is not believed as long as the table cannot be read`() throws {
        let attempt = try attempt(.twiceThenSilent)
        #expect(throws: TableError.self) { _ = try lake.outcome(of: attempt) }
        server.speak()
        guard case .committed(let current) = try lake.outcome(of: attempt) else {
            Issue.record("the commit happened")
            return
        }
        #expect(try names(current) == ["a.parquet"])
    }

    @Test func `nobody at the address means that nothing was done`() throws {
        var options = RESTCatalogOptions("http://127.0.0.1:1/iceberg")
        options.firstPause = .milliseconds(1)
        let catalog = RESTCatalog(options, clock: ManualClocks())
        #expect {
            _ = try catalog.commit([
                CatalogChange(purchases, requirements: [], updates: [])
            ])
        } throws: { error in
            guard case CatalogChangeError.failed(let reason) = error else { return false }
            return reason.isRetriable && reason.description.contains("127.0.0.1:1")
        }
    }
}

struct CredentialTests {
    private func secured() throws -> ForeignServer {
        var options = CatalogServer.Options()
        options.clients = ["me": Secret("a secret+&=%/")]
        options.tokenLifetime = .seconds(100)
        return try ForeignServer(options)
    }

    private func tokens(_ server: ForeignServer) -> Int {
        server.seen.count { $0 == "POST tokens 200" }
    }

    @Test func `a credential is exchanged for tokens, the next one before the last one ends`()
        throws
    {
        let server = try secured()
        let lake = server.lake { $0.credential = Secret("me:a secret+&=%/") }
        _ = try lake.createTable(purchases, schema: columns)
        #expect(tokens(server) == 1)
        server.clocks.advance(by: .seconds(79))
        _ = try lake.table(purchases)
        #expect(tokens(server) == 1)
        server.clocks.advance(by: .seconds(2))
        _ = try lake.table(purchases)
        #expect(tokens(server) == 2)
        #expect(!server.seen.contains { $0.hasSuffix(" 401") || $0.hasSuffix(" 419") })
    }

    @Test func `a token that the catalog does not take is replaced once`() throws {
        let server = try secured()
        // Its clock stands still: it thinks that its token is good.
        let clock = ManualClocks()
        var options = RESTCatalogOptions(server.uri)
        options.credential = Secret("me:a secret+&=%/")
        let catalog = RESTCatalog(options, clock: clock)
        try catalog.createNamespace(["shop"], properties: [:])
        server.clocks.advance(by: .seconds(101))
        #expect(try catalog.listNamespaces() == [["shop"]])
        #expect(tokens(server) == 2)
    }

    @Test func `a fixed token is sent as it is`() throws {
        let server = try secured()
        #expect {
            _ = try server.lake { $0.token = Secret("not theirs") }.table(purchases)
        } throws: { error in
            "\(error)".contains("401") && "\(error)".contains("lake.catalog_token")
                && !"\(error)".contains("not theirs")
        }
    }

    @Test func `a wrong credential is told, and not shown`() throws {
        let server = try secured()
        #expect {
            _ = try server.lake { $0.credential = Secret("me:wrong") }.table(purchases)
        } throws: { error in
            let text = "\(error)"
            return text.contains("gives no token") && !text.contains("wrong")
        }
    }
}
