public import JSONText

extension Schema {
    /// Reads a schema (specification, appendix C).
    public init(json: JSONValue, document: String = "schema") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        let id = try reader.optionalInt("schema-id") ?? 0
        var identifiers: [Int] = []
        for value in try reader.array("identifier-field-ids") {
            guard let number = value.integerValue, let id = Int(exactly: number) else {
                throw reader.invalid("\"identifier-field-ids\" holds something else than ids")
            }
            identifiers.append(id)
        }
        guard case .struct(let fields) = try IcebergType(json: json, document: document) else {
            throw reader.invalid("a schema is a struct")
        }
        self.init(id: id, fields: fields, identifierFieldIDs: identifiers)
        var seen: Set<Int> = []
        for field in allFields where !seen.insert(field.id).inserted {
            throw reader.invalid("the field id \(field.id) occurs twice")
        }
    }

    /// The schema as JSON.
    public var json: JSONValue {
        var object = JSONObject([
            ("type", .string("struct")),
            ("schema-id", .integer(Int64(id))),
            ("fields", .array(fields.map(\.json))),
        ])
        if !identifierFieldIDs.isEmpty {
            object["identifier-field-ids"] = .array(
                identifierFieldIDs.map { .integer(Int64($0)) }
            )
        }
        return .object(object)
    }
}

extension IcebergType {
    /// How deep types may be nested in metadata that are read.
    private static let depthMax = 64

    internal init(json: JSONValue, document: String, depth: Int = 0) throws(IcebergError) {
        guard depth <= Self.depthMax else {
            throw .invalid(
                document: document,
                reason: "types are nested deeper than \(Self.depthMax)"
            )
        }
        if let name = json.stringValue {
            guard let type = IcebergType(primitiveName: name) else {
                throw .invalid(
                    document: document,
                    reason: "the type \(name) is not one of format version 2"
                )
            }
            self = type
            return
        }
        let reader = try MetadataReader(json, document)
        func nested(_ key: String) throws(IcebergError) -> IcebergType {
            try IcebergType(json: try reader.required(key), document: document, depth: depth + 1)
        }
        switch try reader.string("type") {
        case "struct":
            var fields: [NestedField] = []
            for element in try reader.requiredArray("fields") {
                fields.append(try NestedField(json: element, document: document, depth: depth + 1))
            }
            self = .struct(fields)
        case "list":
            self = .list(
                ListType(
                    elementID: try reader.int("element-id"),
                    elementRequired: try reader.bool("element-required"),
                    element: try nested("element")
                )
            )
        case "map":
            self = .map(
                MapType(
                    keyID: try reader.int("key-id"),
                    key: try nested("key"),
                    valueID: try reader.int("value-id"),
                    valueRequired: try reader.bool("value-required"),
                    value: try nested("value")
                )
            )
        case let other:
            throw reader.invalid("the nested type \(other) is not known")
        }
    }

    internal var json: JSONValue {
        switch self {
        case .struct(let fields):
            ["type": "struct", "fields": .array(fields.map(\.json))]
        case .list(let list):
            [
                "type": "list",
                "element-id": .integer(Int64(list.elementID)),
                "element": list.element.json,
                "element-required": .bool(list.elementRequired),
            ]
        case .map(let map):
            [
                "type": "map",
                "key-id": .integer(Int64(map.keyID)),
                "key": map.key.json,
                "value-id": .integer(Int64(map.valueID)),
                "value": map.value.json,
                "value-required": .bool(map.valueRequired),
            ]
        default:
            .string(primitiveName ?? "")
        }
    }
}

extension NestedField {
    internal init(json: JSONValue, document: String, depth: Int) throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        self.init(
            id: try reader.int("id"),
            name: try reader.string("name"),
            required: try reader.bool("required"),
            type: try IcebergType(
                json: try reader.required("type"),
                document: document,
                depth: depth
            ),
            doc: reader.value("doc")?.stringValue
        )
    }

    internal var json: JSONValue {
        var object = JSONObject([
            ("id", .integer(Int64(id))),
            ("name", .string(name)),
            ("required", .bool(required)),
            ("type", type.json),
        ])
        if let doc { object["doc"] = .string(doc) }
        return .object(object)
    }
}
