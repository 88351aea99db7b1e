public import JSONText

extension TableUpdate {
    /// The update as JSON.
    public var json: JSONValue {
        switch self {
        case .assignUUID(let uuid):
            ["action": "assign-uuid", "uuid": .string(uuid)]
        case .upgradeFormatVersion(let version):
            Self.numbered("upgrade-format-version", "format-version", version)
        case .addSchema(let schema):
            // Writers before 2024 wanted to be told the highest id; new ones count themselves.
            [
                "action": "add-schema", "schema": schema.json,
                "last-column-id": .integer(Int64(schema.highestFieldID)),
            ]
        case .setCurrentSchema(let id):
            Self.numbered("set-current-schema", "schema-id", id)
        case .addSpec(let spec):
            ["action": "add-spec", "spec": spec.json]
        case .setDefaultSpec(let id):
            Self.numbered("set-default-spec", "spec-id", id)
        case .addSortOrder(let order):
            ["action": "add-sort-order", "sort-order": order.json]
        case .setDefaultSortOrder(let id):
            Self.numbered("set-default-sort-order", "sort-order-id", id)
        case .setLocation(let location):
            ["action": "set-location", "location": .string(location)]
        case .setProperties(let properties):
            [
                "action": "set-properties",
                "updates": .object(
                    JSONObject(
                        properties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
                    )
                ),
            ]
        case .removeProperties(let keys):
            ["action": "remove-properties", "removals": .array(keys.map { .string($0) })]
        case .removeSpecs(let ids):
            Self.listed("remove-partition-specs", "spec-ids", ids.map(Int64.init))
        case .removeSchemas(let ids):
            Self.listed("remove-schemas", "schema-ids", ids.map(Int64.init))
        case .addSnapshot, .setReference, .removeSnapshots, .removeReference, .setStatistics,
            .removeStatistics:
            historyJSON
        }
    }

    private var historyJSON: JSONValue {
        switch self {
        case .addSnapshot(let snapshot):
            return ["action": "add-snapshot", "snapshot": snapshot.json]
        case .setReference(let name, let reference):
            var object: JSONObject = [
                "action": "set-snapshot-ref", "ref-name": .string(name),
            ]
            for member in reference.json.objectValue?.members ?? [] {
                object[member.key] = member.value
            }
            return .object(object)
        case .removeSnapshots(let ids):
            return Self.listed("remove-snapshots", "snapshot-ids", ids)
        case .removeReference(let name):
            return ["action": "remove-snapshot-ref", "ref-name": .string(name)]
        case .setStatistics(let kind, let snapshotID, let file):
            return [
                "action": .string("set-\(kind.rawValue)"), "snapshot-id": .integer(snapshotID),
                "\(kind.rawValue)": file,
            ]
        case .removeStatistics(let kind, let snapshotID):
            return [
                "action": .string("remove-\(kind.rawValue)"), "snapshot-id": .integer(snapshotID),
            ]
        default: return .null
        }
    }

    private static func numbered(_ action: String, _ key: String, _ number: Int) -> JSONValue {
        .object(JSONObject([("action", .string(action)), (key, .integer(Int64(number)))]))
    }

    private static func listed(_ action: String, _ key: String, _ ids: [Int64]) -> JSONValue {
        .object(
            JSONObject([("action", .string(action)), (key, .array(ids.map { .integer($0) }))])
        )
    }
}

extension UnboundPartitionSpec {
    /// The spec as JSON; ids that are left to the table are left out.
    public var json: JSONValue {
        var object = JSONObject()
        if let id { object["spec-id"] = .integer(Int64(id)) }
        object["fields"] = .array(
            fields.map { field in
                var entry = JSONObject([("source-id", .integer(Int64(field.sourceID)))])
                if let id = field.fieldID { entry["field-id"] = .integer(Int64(id)) }
                entry["name"] = .string(field.name)
                entry["transform"] = .string(field.transform.name)
                return .object(entry)
            }
        )
        return .object(object)
    }
}
