import Bytes
import CatalogServer
import Catalogs
import Clocks
import Files
import Glibc
import HTTPServer
import JSONText
import Stores
import Synchronization
import Tables
import Telemetry
import Testing

/// An answer as a client sees it.
struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    init(_ response: HTTPResponse) {
        status = response.status
        headers = HTTPHeaders(response.headers)
        if case .bytes(let slice) = response.body {
            text = String(repairingUTF8: slice.bytes)
        } else {
            text = ""
        }
    }

    var json: JSONValue { (try? JSONValue.parse(text)) ?? .null }
    /// `type` of the error, with its status: `404 NoSuchTableException`.
    var error: String {
        let error = json["error"]
        let code = error?["code"]?.integerValue ?? -1
        #expect(code == status, "the code in the body is that of the answer")
        return "\(status) \(error?["type"]?.stringValue ?? "")"
    }
}

/// A catalog server whose files lie in memory.
final class TestServer: Sendable {
    let folder: String
    let files = CrashFiles()
    let clocks = ManualClocks()
    let pointers: BentCatalog
    let metrics = MetricsRegistry()
    let catalog: EmbeddedCatalog
    let server: CatalogServer

    init(_ options: CatalogServer.Options = .init()) throws {
        folder = "/tmp/millrace-catalog-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        pointers = BentCatalog(
            try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "millrace",
                warehouse: "file:///lake"
            )
        )
        let store = LocalStore(files)
        catalog = EmbeddedCatalog(
            pointers: pointers,
            store: store,
            clock: clocks,
            random: SystemRandom()
        )
        server = CatalogServer(
            catalog: catalog,
            lake: Lake(tables: catalog, store: store, clock: clocks, random: SystemRandom()),
            options: options,
            clock: clocks,
            random: SystemRandom(),
            metrics: metrics
        )
    }

    deinit {
        for name in (try? LocalFiles().list(folder)) ?? [] {
            try? LocalFiles().remove("\(folder)/\(name)")
        }
        try? LocalFiles().remove(folder)
    }

    /// Sends a request to `/iceberg/v1` and `target`.
    func ask(
        _ method: String,
        _ target: String,
        _ body: JSONValue? = nil,
        headers: [(String, String)] = []
    ) throws -> Reply {
        try send(method, target, body?.text() ?? "", headers: headers)
    }

    func send(
        _ method: String,
        _ target: String,
        _ body: String,
        headers: [(String, String)] = []
    ) throws -> Reply {
        var buffer = ByteBuffer()
        buffer.append(utf8: body)
        let request = try #require(
            HTTPRequest(
                method: method,
                target: "/iceberg/v1\(target)",
                headers: HTTPHeaders(headers.map { HTTPHeader($0.0, $0.1) }),
                body: Slab(buffer)
            )
        )
        return Reply(server.answer(request, path: request.segments.dropFirst()))
    }

    /// Makes `shop.<name>` with the columns `id` and `item`; returns what the server said.
    @discardableResult
    func makeTable(_ name: String = "t", _ more: JSONObject = [:]) throws -> Reply {
        if try ask("GET", "/namespaces/shop").status == 404 {
            #expect(try ask("POST", "/namespaces", ["namespace": ["shop"]]).status == 200)
        }
        var body: JSONObject = ["name": .string(name), "schema": Self.schema]
        for member in more.members { body[member.key] = member.value }
        return try ask("POST", "/namespaces/shop/tables", .object(body))
    }

    static let schema: JSONValue = [
        "type": "struct", "schema-id": 0,
        "fields": [
            ["id": 1, "name": "id", "required": true, "type": "long"],
            ["id": 2, "name": "item", "required": false, "type": "string"],
        ],
    ]

    func exists(_ uri: String) throws -> Bool { files.exists(try FileURI.path(ofURI: uri)) }
}

/// A catalog of pointers whose next commits a test can bend.
final class BentCatalog: Catalog {
    enum Bend: Sendable {
        /// Fails without doing anything.
        case fails(CatalogError)
        /// Somebody else's work is done first.
        case after(@Sendable () throws -> Void)
    }

    let inner: SQLiteCatalog
    private let bends = Mutex<[Bend]>([])

    init(_ inner: SQLiteCatalog) { self.inner = inner }

    func next(_ bend: Bend) { bends.withLock { $0.append(bend) } }

    var name: String { inner.name }
    var warehouse: String { inner.warehouse }

    func commit(_ swaps: [PointerSwap]) throws(CatalogError) {
        switch bends.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        case .fails(let error): throw error
        case .after(let work): #expect(throws: Never.self) { try work() }
        case nil: break
        }
        try inner.commit(swaps)
    }

    func metadataLocation(of table: TableIdentifier) throws(CatalogError) -> String {
        try inner.metadataLocation(of: table)
    }
    func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier] {
        try inner.listTables(namespace)
    }
    func listNamespaces() throws(CatalogError) -> [[String]] { try inner.listNamespaces() }
    func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError) { try inner.createNamespace(namespace, properties: properties) }
    func namespaceProperties(_ namespace: [String]) throws(CatalogError) -> [String: String] {
        try inner.namespaceProperties(namespace)
    }
    func updateNamespace(
        _ namespace: [String],
        setting: [String: String],
        removing: [String]
    ) throws(CatalogError) {
        try inner.updateNamespace(namespace, setting: setting, removing: removing)
    }
    func dropNamespace(_ namespace: [String]) throws(CatalogError) {
        try inner.dropNamespace(namespace)
    }
    func renameTable(
        _ table: TableIdentifier,
        to new: TableIdentifier
    ) throws(CatalogError) { try inner.renameTable(table, to: new) }
    func register(_ table: TableIdentifier, metadataLocation: String) throws(CatalogError) {
        try inner.register(table, metadataLocation: metadataLocation)
    }
    func dropTable(_ table: TableIdentifier) throws(CatalogError) -> String {
        try inner.dropTable(table)
    }
    func settle(_ table: TableIdentifier) throws(CatalogError) { try inner.settle(table) }
}
