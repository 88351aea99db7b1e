public import Catalogs
public import Clocks
internal import HTTPClient
internal import IcebergModel
internal import JSONText
internal import Synchronization
public import Tables
public import Telemetry

/// A foreign Iceberg REST catalog. May be used from any thread; calls block for the network.
///
/// It is asked for its configuration with the first request, so that a catalog that is down does
/// not keep the process from starting.
public final class RESTCatalog: TableCatalog {
    let options: RESTCatalogOptions
    let transport: Transport
    let logger: Logger
    private let known = Mutex<Configuration?>(nil)
    /// Tables as they were last answered, with what the catalog calls that version of them.
    private let tables = Mutex<[TableIdentifier: (tag: String, state: TableState)]>([:])

    /// Tables whose states are kept.
    private static let tablesMax = 64
    /// How deep namespaces are looked through.
    private static let levelsMax = 8

    /// What the catalog says of itself.
    struct Configuration: Sendable {
        var base: String
        var separator = "%1F"
        var commitsTogether = true
    }

    /// The catalog that `options` say.
    public init(
        _ options: RESTCatalogOptions,
        clock: any MonotonicClock,
        logger: Logger = .silent
    ) {
        self.options = options
        self.logger = logger
        transport = Transport(options, clock: clock, logger: logger)
    }

    /// See `TableCatalog`.
    public var name: String { options.uri }
    /// See `TableCatalog`.
    public var isEmbedded: Bool { false }
    /// Whether it offers transactions over several tables. True as long as it was not asked.
    public var commitsTogether: Bool {
        (try? configuration())?.commitsTogether ?? true
    }
    /// Does nothing: see `TableCatalog.isEmbedded`.
    public func settle(_ table: TableIdentifier) throws(TableError) {}

    func configuration() throws(CatalogError) -> Configuration {
        if let known = known.withLock({ $0 }) { return known }
        var url = "\(options.uri)/v1/config"
        if let warehouse = options.warehouse { url += "?warehouse=\(percentEncoded(warehouse))" }
        let answer = try transport.ask(.get, url)
        guard answer.status == 200 else { throw refusal(answer, "its configuration") }
        let value = try json(answer)
        let found = Configuration(value, options)
        let oauthURI =
            value["overrides"]?["oauth2-server-uri"] ?? value["defaults"]?["oauth2-server-uri"]
        transport.adopt(oauthURI: oauthURI?.stringValue)
        known.withLock { $0 = found }
        return found
    }

    // MARK: - Namespaces

    /// All namespaces, in order.
    public func listNamespaces() throws(CatalogError) -> [[String]] {
        var found: [[String]] = []
        try listNamespaces(inside: [], into: &found)
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func listNamespaces(
        inside parent: [String],
        into found: inout [[String]]
    ) throws(CatalogError) {
        let query = parent.isEmpty ? "" : "parent=\(try joined(parent))"
        for element in try pages("namespaces", query, "namespaces") {
            let namespace = element.arrayValue?.compactMap(\.stringValue) ?? []
            guard namespace.count == parent.count + 1, !found.contains(namespace) else { continue }
            found.append(namespace)
            if namespace.count < Self.levelsMax {
                try listNamespaces(inside: namespace, into: &found)
            }
        }
    }

    /// The tables of a namespace, in order of their names.
    public func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier] {
        let path = "namespaces/\(try joined(namespace))/tables"
        return try pages(path, "", "identifiers").compactMap { $0["name"]?.stringValue }
            .sorted().map { TableIdentifier(namespace: namespace, name: $0) }
    }

    /// Makes a namespace.
    public func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError) {
        let body: JSONValue = [
            "namespace": .array(namespace.map { .string($0) }),
            "properties": .object(JSONObject(properties.map { ($0.key, .string($0.value)) })),
        ]
        let text = namespace.joined(separator: ".")
        let answer = try transport.change(.post, try url("namespaces"), body)
        switch answer.status {
        case 200..<300: return
        case 409: throw .namespaceExists(text)
        default: throw refusal(answer, "the namespace \(text)")
        }
    }

    // MARK: - Tables

    /// The table as it is now; what did not change is not sent again.
    public func state(of table: TableIdentifier) throws(TableError) -> TableState {
        let kept = tables.withLock { $0[table] }
        let headers = kept.map { [("If-None-Match", $0.tag)] } ?? []
        let answer: HTTPAnswer
        do throws(CatalogError) {
            answer = try transport.ask(.get, try url(of: table), headers)
        } catch { throw .catalog(error) }
        if answer.status == 304, let kept { return kept.state }
        guard answer.status == 200 else { throw .catalog(failure(answer, table)) }
        let state = try read(answer, table)
        tables.withLock { tables in
            tables[table] = answer.header("ETag").map { ($0, state) }
            if tables.count > Self.tablesMax { tables = tables.filter { $0.key == table } }
        }
        return state
    }

    /// URI of the table's metadata file.
    public func revision(of table: TableIdentifier) throws(TableError) -> String {
        try state(of: table).metadataLocation
    }

    /// Makes a table.
    public func create(_ table: NewTable) throws(TableError) -> TableState {
        let namespace = table.identifier.namespace
        var body = JSONObject([
            ("name", .string(table.identifier.name)), ("schema", table.schema.json),
            ("partition-spec", table.spec.json), ("write-order", table.order.json),
            ("stage-create", false),
            (
                "properties",
                .object(JSONObject(table.properties.map { ($0.key, .string($0.value)) }))
            ),
        ])
        if let location = table.location { body["location"] = .string(location) }
        let answer: HTTPAnswer
        do throws(CatalogError) {
            let path = "namespaces/\(try joined(namespace))/tables"
            answer = try transport.change(.post, try url(path), .object(body))
        } catch { throw .catalog(error) }
        switch answer.status {
        case 200: return try read(answer, table.identifier)
        case 404: throw .catalog(.noSuchNamespace(namespace.joined(separator: ".")))
        case 409: throw .catalog(.tableExists(table.identifier))
        default: throw .catalog(failure(answer, table.identifier))
        }
    }

    // MARK: - Addresses and answers

    func url(_ path: String) throws(CatalogError) -> String {
        "\(try configuration().base)/\(path)"
    }

    func url(of table: TableIdentifier) throws(CatalogError) -> String {
        try url(
            "namespaces/\(try joined(table.namespace))/tables/\(percentEncoded(table.name))"
        )
    }

    private func joined(_ namespace: [String]) throws(CatalogError) -> String {
        namespace.map { percentEncoded($0) }.joined(separator: try configuration().separator)
    }

    /// All elements of a list that comes in pages.
    private func pages(
        _ path: String,
        _ query: String,
        _ key: String
    ) throws(CatalogError) -> [JSONValue] {
        var elements: [JSONValue] = []
        var token = ""
        repeat {
            // An empty token asks for pages at all.
            let items = [query, "pageToken=\(percentEncoded(token))"].filter { !$0.isEmpty }
            let url = try url("\(path)?\(items.joined(separator: "&"))")
            let answer = try transport.ask(.get, url)
            guard answer.status == 200 else { throw refusal(answer, path) }
            let page = try json(answer)
            elements += page[key]?.arrayValue ?? []
            let next = page["next-page-token"]?.stringValue ?? ""
            if next == token { break }
            token = next
        } while !token.isEmpty
        return elements
    }

    func read(_ answer: HTTPAnswer, _ table: TableIdentifier) throws(TableError) -> TableState {
        let value: JSONValue
        do throws(CatalogError) { value = try json(answer) } catch { throw .catalog(error) }
        guard let metadata = value["metadata"],
            let location = value["metadata-location"]?.stringValue
        else {
            throw .catalog(
                .foreign(
                    catalog: name,
                    reason: "its answer has no metadata of \(table)",
                    isRetriable: false
                )
            )
        }
        do throws(IcebergError) {
            return TableState(
                identifier: table,
                metadataLocation: location,
                metadata: try TableMetadata(json: metadata, document: location)
            )
        } catch { throw .metadata(table, error) }
    }

    private func json(_ answer: HTTPAnswer) throws(CatalogError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(answer.text, depthMax: 256)
        } catch {
            throw .foreign(
                catalog: name,
                reason: "its answer is not valid JSON: \(error)",
                isRetriable: true
            )
        }
    }

    func failure(_ answer: HTTPAnswer, _ table: TableIdentifier) -> CatalogError {
        answer.status == 404 ? .noSuchTable(table) : refusal(answer, "\(table)")
    }

    /// What an answer other than the hoped for means, where nothing can have happened.
    func refusal(_ answer: HTTPAnswer, _ what: String) -> CatalogError {
        let advice =
            switch answer.status {
            case 401, 403, 419: "; look at lake.catalog_credential or lake.catalog_token"
            default: ""
            }
        return .foreign(
            catalog: name,
            reason: "it answers \(answer.status) about \(what): \(Self.message(answer))\(advice)",
            isRetriable: answer.status >= 500 || answer.status == 429
        )
    }

    static func message(_ answer: HTTPAnswer) -> String {
        let value = try? JSONValue.parse(answer.text)
        return value?["error"]?["message"]?.stringValue ?? String(answer.text.prefix(200))
    }

}

extension RESTCatalog.Configuration {
    /// Reads what the catalog says: overrides count more than defaults.
    fileprivate init(_ json: JSONValue, _ options: RESTCatalogOptions) {
        func value(_ key: String) -> String? {
            (json["overrides"]?[key] ?? json["defaults"]?[key])?.stringValue
        }
        var uri = json["overrides"]?["uri"]?.stringValue ?? options.uri
        while uri.hasSuffix("/") { uri.removeLast() }
        base = "\(uri)/v1"
        if let prefix = value("prefix"), !prefix.isEmpty { base += "/\(prefix)" }
        if let separator = value("namespace-separator"), !separator.isEmpty {
            self.separator = separator
        }
        // A catalog that lists nothing has what the protocol had when there was no list.
        if let endpoints = json["endpoints"]?.arrayValue, !endpoints.isEmpty {
            commitsTogether = endpoints.contains("POST /v1/{prefix}/transactions/commit")
        }
    }
}
