internal import Bytes
internal import Catalogs
internal import HTTPServer
internal import IcebergModel
internal import JSONText

/// The JSON object of a request, read member by member; null counts as absent.
struct CatalogBody {
    let object: JSONObject
    /// What is read, for messages.
    private let place: String

    init(_ request: HTTPRequest) throws(CatalogProblem) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(request.body.bytes, depthMax: 256)
        } catch { throw .badRequest("the body is not valid JSON: \(error)") }
        try self.init(value, "the body")
    }

    init(_ value: JSONValue, _ place: String) throws(CatalogProblem) {
        guard let object = value.objectValue else {
            throw .badRequest("\(place) is not a JSON object")
        }
        self.object = object
        self.place = place
    }

    func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func required(_ key: String) throws(CatalogProblem) -> JSONValue {
        guard let value = value(key) else { throw .badRequest("\(place) has no \"\(key)\"") }
        return value
    }

    func text(_ key: String) throws(CatalogProblem) -> String {
        guard let text = try required(key).stringValue else {
            throw .badRequest("\"\(key)\" of \(place) is not text")
        }
        return text
    }

    func optionalText(_ key: String) throws(CatalogProblem) -> String? {
        value(key) == nil ? nil : try text(key)
    }

    func flag(_ key: String) throws(CatalogProblem) -> Bool {
        guard let value = value(key) else { return false }
        guard let truth = value.boolValue else {
            throw .badRequest("\"\(key)\" of \(place) is not true or false")
        }
        return truth
    }

    func elements(_ key: String) throws(CatalogProblem) -> [JSONValue] {
        guard let value = value(key) else { return [] }
        guard let elements = value.arrayValue else {
            throw .badRequest("\"\(key)\" of \(place) is not an array")
        }
        return elements
    }

    func texts(_ key: String) throws(CatalogProblem) -> [String] {
        var texts: [String] = []
        for element in try elements(key) {
            guard let text = element.stringValue else {
                throw .badRequest("\"\(key)\" of \(place) holds something else than texts")
            }
            texts.append(text)
        }
        return texts
    }

    /// An object of texts. Numbers and truth values count as their texts: some clients send them.
    func strings(_ key: String) throws(CatalogProblem) -> [String: String] {
        guard let value = value(key) else { return [:] }
        guard let members = value.objectValue?.members else {
            throw .badRequest("\"\(key)\" of \(place) is not an object")
        }
        var strings: [String: String] = [:]
        for member in members {
            switch member.value {
            case .string(let text): strings[member.key] = text
            case .bool, .integer, .double, .decimal: strings[member.key] = member.value.text()
            default: throw .badRequest("\"\(member.key)\" in \"\(key)\" is not text")
            }
        }
        return strings
    }

    /// A table's name: `{"namespace": […], "name": "…"}`.
    func identifier(_ key: String) throws(CatalogProblem) -> TableIdentifier {
        let inner = try CatalogBody(try required(key), "\"\(key)\" of \(place)")
        let namespace = try inner.texts("namespace")
        return try Self.table(namespace, try inner.text("name"))
    }

    static func table(
        _ namespace: [String],
        _ name: String
    ) throws(CatalogProblem) -> TableIdentifier {
        guard !namespace.isEmpty, !name.isEmpty, namespace.allSatisfy({ !$0.isEmpty }) else {
            throw .badRequest("a table needs a name in a namespace")
        }
        return TableIdentifier(namespace: namespace, name: name)
    }

    /// Runs `read`, whose errors are the sender's fault.
    static func valid<R>(
        _ read: () throws(IcebergError) -> R
    ) throws(CatalogProblem) -> R {
        do throws(IcebergError) { return try read() } catch { throw .badRequest("\(error)") }
    }
}
