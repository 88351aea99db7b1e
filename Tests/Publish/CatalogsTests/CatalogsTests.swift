import Catalogs
import Files
import Glibc
import Testing

/// A folder that is removed with its files when the test ends.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/millrace-catalogs-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(path)
    }

    deinit {
        for name in (try? LocalFiles().list(path)) ?? [] {
            try? LocalFiles().remove("\(path)/\(name)")
        }
        try? LocalFiles().remove(path)
    }
}

private let purchases = TableIdentifier(namespace: ["shop"], name: "purchases")
private let joins = TableIdentifier(namespace: ["shop"], name: "joins")

private func open(
    _ folder: TemporaryFolder,
    name: String = "lake",
    busyTimeout: Duration = .seconds(10)
) throws -> SQLiteCatalog {
    try SQLiteCatalog(
        path: "\(folder.path)/catalog.db",
        name: name,
        warehouse: "file://\(folder.path)/lake/",
        busyTimeout: busyTimeout
    )
}

struct SQLiteCatalogTests {
    private let folder: TemporaryFolder
    private let catalog: SQLiteCatalog

    init() throws {
        folder = try TemporaryFolder()
        catalog = try open(folder)
        try catalog.createNamespace(["shop"])
        try catalog.register(purchases, metadataLocation: "file:///0")
    }

    @Test func `a table is made in the commit that moves others, or none of it happens`() throws {
        let made = TableIdentifier(namespace: ["shop"], name: "made")
        let swaps = [
            PointerSwap(table: made, expected: nil, new: "file:///m"),
            PointerSwap(table: purchases, expected: "file:///wrong", new: "file:///1"),
        ]
        #expect(throws: CatalogError.self) { try catalog.commit(swaps) }
        #expect(try catalog.listTables(["shop"]) == [purchases])
        try catalog.commit([swaps[0]])
        #expect(try catalog.metadataLocation(of: made) == "file:///m")
        #expect(throws: CatalogError.tableExists(made)) { try catalog.commit([swaps[0]]) }
        let lost = PointerSwap(
            table: TableIdentifier(namespace: ["moon"], name: "t"),
            expected: nil,
            new: "file:///t"
        )
        #expect(throws: CatalogError.noSuchNamespace("moon")) { try catalog.commit([lost]) }
    }

    @Test func `a table gets another name, and its pointer comes along`() throws {
        let other = TableIdentifier(namespace: ["shop"], name: "other")
        try catalog.renameTable(purchases, to: other)
        #expect(try catalog.metadataLocation(of: other) == "file:///0")
        #expect(throws: CatalogError.noSuchTable(purchases)) {
            try catalog.renameTable(purchases, to: other)
        }
        try catalog.register(purchases, metadataLocation: "file:///1")
        #expect(throws: CatalogError.tableExists(other)) {
            try catalog.renameTable(purchases, to: other)
        }
    }

    @Test func `properties of a namespace are set and removed in one step`() throws {
        try catalog.createNamespace(["a"], properties: ["x": "1", "y": "2"])
        try catalog.updateNamespace(["a"], setting: ["x": "3", "z": "4"], removing: ["y", "w"])
        #expect(try catalog.namespaceProperties(["a"]) == ["x": "3", "z": "4"])
        try catalog.updateNamespace(["a"], setting: [:], removing: ["x", "z"])
        #expect(try catalog.namespaceExists(["a"]))
        try catalog.createNamespace(["a", "b"])
        #expect(throws: CatalogError.namespaceNotEmpty("a", tables: 0)) {
            try catalog.dropNamespace(["a"])
        }
    }

    @Test func `a pointer moves only from the expected file`() throws {
        try catalog.commit([PointerSwap(table: purchases, expected: "file:///0", new: "file:///1")])
        #expect(try catalog.metadataLocation(of: purchases) == "file:///1")
        #expect(throws: CatalogError.conflict(purchases, current: "file:///1")) {
            try catalog.commit([
                PointerSwap(table: purchases, expected: "file:///0", new: "file:///2")
            ])
        }
        #expect(try catalog.metadataLocation(of: purchases) == "file:///1")
    }

    @Test func `two handles of one file see each other's commits`() throws {
        let other = try open(folder)
        try other.commit([PointerSwap(table: purchases, expected: "file:///0", new: "file:///a")])
        #expect(throws: CatalogError.conflict(purchases, current: "file:///a")) {
            try catalog.commit([
                PointerSwap(table: purchases, expected: "file:///0", new: "file:///b")
            ])
        }
    }

    @Test func `several tables move together or not at all`() throws {
        try catalog.register(joins, metadataLocation: "file:///j0")
        #expect(throws: CatalogError.conflict(joins, current: "file:///j0")) {
            try catalog.commit([
                PointerSwap(table: purchases, expected: "file:///0", new: "file:///1"),
                PointerSwap(table: joins, expected: "file:///j9", new: "file:///j10"),
            ])
        }
        #expect(try catalog.metadataLocation(of: purchases) == "file:///0")
        try catalog.commit([
            PointerSwap(table: purchases, expected: "file:///0", new: "file:///1"),
            PointerSwap(table: joins, expected: "file:///j0", new: "file:///j1"),
        ])
        #expect(try catalog.metadataLocation(of: purchases) == "file:///1")
        #expect(try catalog.metadataLocation(of: joins) == "file:///j1")
    }

    @Test func `a commit to a table that was dropped says so`() throws {
        #expect(try catalog.dropTable(purchases) == "file:///0")
        #expect(throws: CatalogError.noSuchTable(purchases)) {
            try catalog.commit([
                PointerSwap(table: purchases, expected: "file:///0", new: "file:///1")
            ])
        }
        #expect(throws: CatalogError.noSuchTable(purchases)) { try catalog.dropTable(purchases) }
    }

    @Test func `a table needs a namespace and a name of its own`() throws {
        let lost = TableIdentifier(namespace: ["nowhere"], name: "t")
        #expect(throws: CatalogError.noSuchNamespace("nowhere")) {
            try catalog.register(lost, metadataLocation: "file:///x")
        }
        #expect(throws: CatalogError.tableExists(purchases)) {
            try catalog.register(purchases, metadataLocation: "file:///x")
        }
        let long = TableIdentifier(
            namespace: ["shop"],
            name: String(repeating: "x", count: 256)
        )
        #expect(throws: CatalogError.self) {
            try catalog.register(long, metadataLocation: "file:///x")
        }
    }

    @Test func `namespaces have levels, properties and an end`() throws {
        try catalog.createNamespace(["a", "b", "c"], properties: ["owner": "me"])
        #expect(
            try catalog.listNamespaces() == [["a"], ["a", "b"], ["a", "b", "c"], ["shop"]]
        )
        #expect(try catalog.namespaceProperties(["a", "b", "c"]) == ["owner": "me"])
        #expect(try catalog.namespaceProperties(["a", "b"]).isEmpty)
        #expect(throws: CatalogError.namespaceExists("a.b")) {
            try catalog.createNamespace(["a", "b"])
        }
        #expect(throws: CatalogError.namespaceNotEmpty("shop", tables: 1)) {
            try catalog.dropNamespace(["shop"])
        }
        try catalog.dropNamespace(["a", "b", "c"])
        #expect(try !catalog.namespaceExists(["a"]))
        #expect(throws: CatalogError.noSuchNamespace("a")) { try catalog.dropNamespace(["a"]) }
    }

    @Test func `percent and underscore in names are only themselves`() throws {
        try catalog.createNamespace(["x_z"])
        #expect(try !catalog.namespaceExists(["xyz"]))
        #expect(try !catalog.namespaceExists(["%"]))
        try catalog.createNamespace(["%"])
        #expect(try catalog.namespaceExists(["%"]))
    }

    @Test func `catalogs of different names share a file and nothing else`() throws {
        let other = try open(folder, name: "other")
        #expect(try other.listNamespaces().isEmpty)
        #expect(throws: CatalogError.noSuchTable(purchases)) {
            _ = try other.metadataLocation(of: purchases)
        }
    }

    @Test func `odd names come back as they went in`() throws {
        let odd = TableIdentifier(namespace: ["shop"], name: "O'Brien \"ünd\" %_; DROP TABLE x")
        try catalog.register(odd, metadataLocation: "file:///odd")
        #expect(try catalog.metadataLocation(of: odd) == "file:///odd")
        #expect(try catalog.listTables(["shop"]).contains(odd))
    }

    @Test func `a text is a table's name only with a namespace and no empty part`() {
        #expect(TableIdentifier("shop.purchases") == purchases)
        #expect(TableIdentifier("a.b.t")?.namespace == ["a", "b"])
        for text in ["purchases", "", ".", "shop.", ".t", "a..t"] {
            #expect(TableIdentifier(text) == nil)
        }
    }

    @Test func `a file that is no database is named`() throws {
        let path = "\(folder.path)/text.db"
        let file = try LocalFiles().open(path, .createNew)
        try file.truncate(to: 5000)
        let letters = [UInt8](repeating: 65, count: 4096)
        // SAFETY: the view is used only for the call.
        try unsafe file.write(letters.span.bytes, at: 0)
        let error = #expect(throws: CatalogError.self) {
            _ = try SQLiteCatalog(path: path, name: "lake", warehouse: "file:///w")
        }
        #expect(error?.description.contains(path) == true)
    }

    @Test func `a folder that is not there is an error and not a new folder`() {
        #expect(throws: CatalogError.self) {
            _ = try SQLiteCatalog(
                path: "\(folder.path)/no/catalog.db",
                name: "lake",
                warehouse: "file:///w"
            )
        }
    }
}

/// Several processes at one catalog: each moves the pointer `file:///n` to `file:///n+1`.
struct CatalogProcessTests {
    /// Moves the counter table's pointer `times` times, beginning again whenever somebody else
    /// was faster.
    static func count(_ path: String, times: Int) throws {
        let catalog = try SQLiteCatalog(
            path: path,
            name: "lake",
            warehouse: "file:///w",
            busyTimeout: .seconds(60)
        )
        var done = 0
        while done < times {
            let current = try catalog.metadataLocation(of: purchases)
            let number = try #require(Int(current.dropFirst("file:///".count)))
            let next = "file:///\(number + 1)"
            do throws(CatalogError) {
                try catalog.commit([PointerSwap(table: purchases, expected: current, new: next)])
                done += 1
            } catch {
                guard case .conflict = error else { throw error }
            }
        }
    }

    @Test func `processes that commit at the same time lose nothing`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/catalog.db"
        let catalog = try open(folder)
        try catalog.createNamespace(["shop"])
        try catalog.register(purchases, metadataLocation: "file:///0")
        async let first = #expect(processExitsWith: .success) { [path = path as String] in
            try CatalogProcessTests.count(path, times: 50)
        }
        async let second = #expect(processExitsWith: .success) { [path = path as String] in
            try CatalogProcessTests.count(path, times: 50)
        }
        _ = await (first, second)
        #expect(try catalog.metadataLocation(of: purchases) == "file:///100")
    }

    @Test func `processes that open a new catalog at the same time both succeed`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/new.db"
        async let first = #expect(processExitsWith: .success) { [path = path as String] in
            let catalog = try SQLiteCatalog(path: path, name: "lake", warehouse: "file:///w")
            try catalog.createNamespace(["first"])
        }
        async let second = #expect(processExitsWith: .success) { [path = path as String] in
            let catalog = try SQLiteCatalog(path: path, name: "lake", warehouse: "file:///w")
            try catalog.createNamespace(["second"])
        }
        _ = await (first, second)
        let catalog = try SQLiteCatalog(path: path, name: "lake", warehouse: "file:///w")
        #expect(try catalog.listNamespaces() == [["first"], ["second"]])
    }

    @Test func `a catalog another connection keeps locked is busy and says so`() throws {
        let folder = try TemporaryFolder()
        let catalog = try open(folder, busyTimeout: .milliseconds(20))
        try catalog.createNamespace(["shop"])
        let blocker = try WriteLock("\(folder.path)/catalog.db")
        let error = #expect(throws: CatalogError.self) { try catalog.createNamespace(["other"]) }
        #expect(error?.isRetriable == true)
        blocker.release()
        try catalog.createNamespace(["other"])
    }
}
