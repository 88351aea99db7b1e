internal import JSONText

/// Which fields columns of files without field ids are (specification, "Column Projection").
public struct NameMapping: Hashable, Sendable {
    /// The table property that holds it, as JSON.
    public static let property = "schema.name-mapping.default"

    /// One field, with what is inside it.
    public struct Field: Hashable, Sendable {
        /// The field; nil when the name belongs to none, but something inside may.
        public let id: Int?
        /// Names by which it is called.
        public let names: [String]
        /// A struct's fields, a list's `element`, a map's `key` and `value`.
        public let fields: [Field]
    }

    /// The columns.
    public let fields: [Field]

    /// Deepest structure that is read.
    private static let depthMax = 64

    /// Reads a mapping.
    public init(json text: String) throws(IcebergError) {
        let value: JSONValue
        do { value = try JSONValue.parse(text) } catch {
            throw .invalid(document: Self.property, reason: "\(error)")
        }
        fields = try Self.fields(value, depth: 0)
    }

    private static func fields(_ value: JSONValue, depth: Int) throws(IcebergError) -> [Field] {
        guard let values = value.arrayValue, depth < depthMax else {
            throw .invalid(document: property, reason: "it is no list of fields")
        }
        var fields: [Field] = []
        for value in values {
            guard let names = value["names"]?.arrayValue?.compactMap(\.stringValue) else {
                throw .invalid(document: property, reason: "a field has no names")
            }
            let inner = value["fields"] ?? .null
            fields.append(
                Field(
                    id: value["field-id"]?.integerValue.map { Int(clamping: $0) },
                    names: names,
                    fields: inner == .null ? [] : try Self.fields(inner, depth: depth + 1)
                )
            )
        }
        return fields
    }
}

extension TableMetadata {
    /// True when a field inside a struct, list or map has had another name, or its name has been
    /// another field's: in files of the table names say nothing about such fields then.
    public var hasRenamedInnerFields: Bool {
        guard schemas.contains(where: { $0.fields.contains { !$0.type.isPrimitive } }) else {
            return false
        }
        // Nobody knows what the schemas said that are gone.
        if schemas.count < (schemas.map(\.id).max() ?? 0) + 1 { return true }
        var names: [Int: String] = [:]
        var ids: [String: Int] = [:]
        func isRenamed(_ fields: [NestedField], in parent: Int) -> Bool {
            fields.contains { field in
                let place = "\(parent) \(field.name)"
                if names.updateValue(field.name, forKey: field.id) ?? field.name != field.name {
                    return true
                }
                if ids.updateValue(field.id, forKey: place) ?? field.id != field.id { return true }
                return isRenamed(field.type.children, in: field.id)
            }
        }
        return schemas.contains { schema in
            schema.fields.contains { isRenamed($0.type.children, in: $0.id) }
        }
    }
}
