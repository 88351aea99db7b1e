public import JSONText

extension AvroSchema {
    /// How deep types may be nested in a schema that is read.
    private static let depthMax = 64

    /// Reads a schema from JSON text.
    public static func parse(_ text: String) throws(AvroError) -> AvroSchema {
        let value: JSONValue
        do { value = try JSONValue.parse(text) } catch { throw .schemaNotJSON(error) }
        return try AvroSchema(json: value)
    }

    /// Reads a schema from JSON. A type that contains itself is refused: Iceberg has none.
    public init(json: JSONValue) throws(AvroError) {
        var names = NamedTypes()
        self = try Self.read(json, names: &names, depth: 0)
    }

    /// The types defined so far, by full name and by short name.
    private struct NamedTypes {
        var types: [String: AvroSchema] = [:]

        mutating func define(_ schema: AvroSchema, name: String, namespace: String?) {
            types[name] = schema
            if let namespace { types["\(namespace).\(name)"] = schema }
        }
    }

    private static func read(
        _ json: JSONValue,
        names: inout NamedTypes,
        depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard depth <= depthMax else {
            throw .invalidSchema(reason: "types are nested deeper than \(depthMax)")
        }
        switch json {
        case .string(let name):
            if let kind = primitive(name) { return AvroSchema(kind) }
            if let defined = names.types[name] { return defined }
            throw .invalidSchema(reason: "the type \(name) is not defined before it is used")
        case .array(let elements):
            var branches: [AvroSchema] = []
            for element in elements {
                branches.append(try read(element, names: &names, depth: depth + 1))
            }
            return AvroSchema(.union(branches))
        case .object(let object):
            return try read(object, names: &names, depth: depth)
        default:
            throw .invalidSchema(reason: "a type is a name, an array or an object")
        }
    }

    private static func read(
        _ object: JSONObject,
        names: inout NamedTypes,
        depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard let type = object["type"] else {
            throw .invalidSchema(reason: "an object without \"type\"")
        }
        guard let typeName = type.stringValue else {
            // {"type": {"type": …}}: the wrapping adds attributes only.
            var inner = try read(type, names: &names, depth: depth + 1)
            inner.attributes.merge(attributes(of: object, except: ["type"])) { _, outer in outer }
            return inner
        }
        if let kind = primitive(typeName) {
            return AvroSchema(kind, attributes: attributes(of: object, except: ["type"]))
        }
        switch typeName {
        case "array":
            guard let items = object["items"] else {
                throw .invalidSchema(reason: "an array without \"items\"")
            }
            return AvroSchema(
                .array(items: try read(items, names: &names, depth: depth + 1)),
                attributes: attributes(of: object, except: ["type", "items"])
            )
        case "map":
            guard let values = object["values"] else {
                throw .invalidSchema(reason: "a map without \"values\"")
            }
            return AvroSchema(
                .map(values: try read(values, names: &names, depth: depth + 1)),
                attributes: attributes(of: object, except: ["type", "values"])
            )
        case "record", "error", "enum", "fixed":
            return try readNamed(object, typeName: typeName, names: &names, depth: depth)
        default:
            if let defined = names.types[typeName] { return defined }
            throw .invalidSchema(reason: "the type \(typeName) is not known")
        }
    }

    private static func readNamed(
        _ object: JSONObject,
        typeName: String,
        names: inout NamedTypes,
        depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard let name = object["name"]?.stringValue else {
            throw .invalidSchema(reason: "a \(typeName) without \"name\"")
        }
        let kind: Kind
        var consumed = ["type", "name"]
        switch typeName {
        case "enum":
            let symbols = object["symbols"]?.arrayValue?.compactMap(\.stringValue) ?? []
            guard !symbols.isEmpty else {
                throw .invalidSchema(reason: "the enum \(name) has no symbols")
            }
            kind = .enumeration(name: name, symbols: symbols)
            consumed.append("symbols")
        case "fixed":
            guard let size = object["size"]?.integerValue, size >= 0, size <= Int64(Int32.max)
            else { throw .invalidSchema(reason: "the fixed \(name) has no valid size") }
            kind = .fixed(name: name, size: Int(size))
            consumed.append("size")
        default:
            guard let elements = object["fields"]?.arrayValue else {
                throw .invalidSchema(reason: "the record \(name) has no fields")
            }
            var fields: [AvroField] = []
            for element in elements {
                fields.append(try readField(element, of: name, names: &names, depth: depth))
            }
            kind = .record(name: name, fields: fields)
            consumed.append("fields")
        }
        let schema = AvroSchema(kind, attributes: attributes(of: object, except: consumed))
        names.define(schema, name: name, namespace: object["namespace"]?.stringValue)
        return schema
    }

    private static func readField(
        _ json: JSONValue,
        of record: String,
        names: inout NamedTypes,
        depth: Int
    ) throws(AvroError) -> AvroField {
        guard let object = json.objectValue, let name = object["name"]?.stringValue,
            let type = object["type"]
        else { throw .invalidSchema(reason: "a field of \(record) has no name or no type") }
        return AvroField(
            name,
            try read(type, names: &names, depth: depth + 1),
            defaultValue: object["default"].map(AvroAttribute.init),
            doc: object["doc"]?.stringValue,
            attributes: attributes(of: object, except: ["name", "type", "default", "doc"])
        )
    }

    private static func attributes(
        of object: JSONObject,
        except consumed: [String]
    ) -> [String: AvroAttribute] {
        var attributes: [String: AvroAttribute] = [:]
        for member in object.members where !consumed.contains(member.key) {
            attributes[member.key] = AvroAttribute(member.value)
        }
        return attributes
    }

    private static func primitive(_ name: String) -> Kind? {
        switch name {
        case "null": .null
        case "boolean": .boolean
        case "int": .int
        case "long": .long
        case "float": .float
        case "double": .double
        case "bytes": .bytes
        case "string": .string
        default: nil
        }
    }
}

extension AvroSchema {
    /// The schema as JSON. A named type that occurs again is written by its name, as Avro demands.
    public var json: JSONValue {
        var written: Set<String> = []
        return json(&written)
    }

    private func json(_ written: inout Set<String>) -> JSONValue {
        switch kind {
        case .null: return plain("null")
        case .boolean: return plain("boolean")
        case .int: return plain("int")
        case .long: return plain("long")
        case .float: return plain("float")
        case .double: return plain("double")
        case .bytes: return plain("bytes")
        case .string: return plain("string")
        case .union(let branches):
            return .array(branches.map { $0.json(&written) })
        case .array(let items):
            return .object(object([("type", "array"), ("items", items.json(&written))]))
        case .map(let values):
            return .object(object([("type", "map"), ("values", values.json(&written))]))
        case .record(let name, let fields):
            guard written.insert(name).inserted else { return .string(name) }
            let members = fields.map { $0.json(schema: $0.schema.json(&written)) }
            return .object(
                object([("type", "record"), ("name", .string(name)), ("fields", .array(members))])
            )
        case .enumeration(let name, let symbols):
            guard written.insert(name).inserted else { return .string(name) }
            let values = JSONValue.array(symbols.map(JSONValue.string))
            return .object(
                object([("type", "enum"), ("name", .string(name)), ("symbols", values)])
            )
        case .fixed(let name, let size):
            guard written.insert(name).inserted else { return .string(name) }
            return .object(
                object([
                    ("type", "fixed"), ("name", .string(name)), ("size", .integer(Int64(size))),
                ])
            )
        }
    }

    private func plain(_ name: String) -> JSONValue {
        attributes.isEmpty ? .string(name) : .object(object([("type", .string(name))]))
    }

    private func object(_ members: [(String, JSONValue)]) -> JSONObject {
        var object = JSONObject(members)
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) { object[key] = value.json }
        return object
    }
}

extension AvroField {
    fileprivate func json(schema: JSONValue) -> JSONValue {
        var object = JSONObject([("name", .string(name)), ("type", schema)])
        if let doc { object["doc"] = .string(doc) }
        if let defaultValue { object["default"] = defaultValue.json }
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) { object[key] = value.json }
        return .object(object)
    }
}
