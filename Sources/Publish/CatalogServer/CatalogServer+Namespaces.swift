internal import Catalogs
internal import HTTPServer
internal import JSONText
internal import Tables

extension CatalogServer {
    /// What a namespace without properties carries in the catalog's file, and nobody set.
    private static let placeholder = (key: "exists", value: "true")

    func listNamespaces(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        let page = try CatalogPage(request)
        let all = try pointed { () throws(CatalogError) in try catalog.listNamespaces() }
        let parentText = request.queryValue("parent") ?? ""
        let parent = parentText.isEmpty ? [] : Self.split(Self.levels(parentText))
        if !parent.isEmpty, !all.contains(parent) {
            throw CatalogProblem(.noSuchNamespace(parent.joined(separator: ".")))
        }
        let inside = all.filter { $0.count == parent.count + 1 && $0.starts(with: parent) }
        let part = page.part(of: inside) { $0.joined(separator: ".") }
        return .json([
            "namespaces": .array(part.entries.map(Self.json)), "next-page-token": part.next,
        ])
    }

    func createNamespace(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        let namespace = try body.texts("namespace")
        guard !namespace.isEmpty else { throw .badRequest("the namespace has no name") }
        let properties = try body.strings("properties")
        try pointed { () throws(CatalogError) in
            try catalog.createNamespace(namespace, properties: properties)
        }
        return .json(["namespace": Self.json(namespace), "properties": Self.json(properties)])
    }

    /// `GET`, `HEAD` and `DELETE` of one namespace.
    func answerNamespace(
        _ request: HTTPRequest,
        _ namespace: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        let pointers = catalog.pointers
        switch request.method {
        case "GET":
            return .json([
                "namespace": Self.json(Self.split(namespace)),
                "properties": Self.json(try properties(of: namespace)),
            ])
        case "HEAD":
            _ = try properties(of: namespace)
            return HTTPResponse(status: 204)
        case "DELETE":
            try pointed { () throws(CatalogError) in try pointers.dropNamespace(namespace) }
            return HTTPResponse(status: 204)
        default: throw Self.wrongMethod(request)
        }
    }

    func updateNamespace(
        _ request: HTTPRequest,
        _ namespace: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        let updates = try body.strings("updates")
        let removals = Set(try body.texts("removals"))
        if let both = removals.first(where: { updates[$0] != nil }) {
            throw CatalogProblem(
                422,
                "UnprocessableEntityException",
                "the property \(both) is both set and removed"
            )
        }
        let before = try properties(of: namespace)
        let pointers = catalog.pointers
        try pointed { () throws(CatalogError) in
            try pointers.updateNamespace(
                namespace,
                setting: updates,
                removing: removals.sorted()
            )
        }
        func list(_ keys: [String]) -> JSONValue { .array(keys.sorted().map { .string($0) }) }
        return .json([
            "updated": list(Array(updates.keys)),
            "removed": list(removals.filter { before[$0] != nil }),
            "missing": list(removals.filter { before[$0] == nil }),
        ])
    }

    func listViews(_ namespace: [String]) throws(CatalogProblem) -> HTTPResponse {
        _ = try properties(of: namespace)
        return .json(["identifiers": []])
    }

    private func properties(of namespace: [String]) throws(CatalogProblem) -> [String: String] {
        let pointers = catalog.pointers
        var properties = try pointed { () throws(CatalogError) in
            try pointers.namespaceProperties(namespace)
        }
        if properties[Self.placeholder.key] == Self.placeholder.value {
            properties[Self.placeholder.key] = nil
        }
        return properties
    }

    func mustExist(_ namespace: [String]) throws(CatalogProblem) {
        _ = try properties(of: namespace)
    }

    /// The catalog's file joins levels by dots, so a dot in an address is a step down.
    static func split(_ levels: [String]) -> [String] {
        levels.joined(separator: ".").split(separator: ".").map(String.init)
    }

    static func json(_ namespace: [String]) -> JSONValue {
        .array(namespace.map { .string($0) })
    }

    static func json(_ properties: [String: String]) -> JSONValue {
        .object(
            JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        )
    }

    func pointed<R>(
        _ body: () throws(CatalogError) -> R
    ) throws(CatalogProblem) -> R {
        do throws(CatalogError) { return try body() } catch { throw CatalogProblem(error) }
    }
}
