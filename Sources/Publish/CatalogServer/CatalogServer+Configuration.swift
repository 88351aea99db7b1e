internal import Catalogs
internal import HTTPServer
internal import JSONText
internal import Tables

extension CatalogServer {
    /// What can be asked for, in the words that clients compare letter by letter.
    static let endpoints = [
        "GET /v1/{prefix}/namespaces",
        "POST /v1/{prefix}/namespaces",
        "GET /v1/{prefix}/namespaces/{namespace}",
        "HEAD /v1/{prefix}/namespaces/{namespace}",
        "DELETE /v1/{prefix}/namespaces/{namespace}",
        "POST /v1/{prefix}/namespaces/{namespace}/properties",
        "GET /v1/{prefix}/namespaces/{namespace}/tables",
        "POST /v1/{prefix}/namespaces/{namespace}/tables",
        "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "POST /v1/{prefix}/namespaces/{namespace}/register",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
        "POST /v1/{prefix}/tables/rename",
        "POST /v1/{prefix}/transactions/commit",
    ]

    /// `GET /v1/config`: there is one warehouse, and no prefix.
    func configuration(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        let warehouse = request.queryValue("warehouse") ?? ""
        let names = ["", catalog.name, catalog.pointers.warehouse]
        guard names.contains(warehouse) || warehouse == catalog.pointers.warehouse + "/" else {
            throw CatalogProblem(
                404,
                "NoSuchWarehouseException",
                "there is no warehouse \(warehouse); the one there is, is called \(catalog.name)"
            )
        }
        return .json([
            "defaults": [:], "overrides": [:],
            "endpoints": .array(Self.endpoints.map { .string($0) }),
        ])
    }
}

/// A part of a list, as clients ask for it.
struct CatalogPage {
    /// Names up to this one were sent already.
    private let after: String?
    private let size: Int?

    init(_ request: HTTPRequest) throws(CatalogProblem) {
        // An empty token asks for the first page.
        let token = request.queryValue("pageToken") ?? ""
        after = token.isEmpty ? nil : token
        guard let text = request.queryValue("pageSize"), !text.isEmpty else {
            size = nil
            return
        }
        guard let number = Int(text), number > 0 else {
            throw .badRequest("pageSize is \"\(text)\"; it must be a positive number")
        }
        size = number
    }

    /// The entries of this page, and the token of the next one. A name is its own token, so that
    /// nothing is skipped or doubled when entries come and go between two pages.
    func part<Entry>(
        of entries: [Entry],
        name: (Entry) -> String
    ) -> (entries: [Entry], next: JSONValue) {
        var rest = entries.sorted { name($0) < name($1) }
        if let after { rest.removeAll { name($0) <= after } }
        guard let size, rest.count > size else { return (rest, .null) }
        let page = Array(rest.prefix(size))
        return (page, page.last.map { .string(name($0)) } ?? .null)
    }
}
