public import JSONText

/// What a table must be like for a commit to happen (`TableRequirement` of the REST protocol).
public enum TableRequirement: Sendable, Hashable {
    /// There is no such table yet.
    case create
    /// It is still that table, not another one of its name.
    case tableUUID(String)
    /// The branch or tag names that snapshot; nil: there is none of that name.
    case reference(String, snapshotID: Int64?)
    /// The highest field id ever given.
    case lastAssignedFieldID(Int)
    /// The schema of new data.
    case currentSchemaID(Int)
    /// The highest partition field id ever given.
    case lastAssignedPartitionID(Int)
    /// The partition spec of new data.
    case defaultSpecID(Int)
    /// The sort order of new data.
    case defaultSortOrderID(Int)

    /// Why `metadata`, those of the table or nil when there is none, do not fulfil it; nil when
    /// they do.
    public func violation(by metadata: TableMetadata?) -> String? {
        guard let metadata else {
            return self == .create ? nil : "the table does not exist"
        }
        switch self {
        case .create:
            return "the table exists already"
        case .tableUUID(let uuid):
            return metadata.uuid.lowercased() == uuid.lowercased()
                ? nil : "the table's UUID is \(metadata.uuid), not \(uuid)"
        case .reference(let name, let expected):
            return violation(ofReference: name, expected, metadata)
        case .lastAssignedFieldID(let id):
            return Self.compare("last assigned field id", id, metadata.lastColumnID)
        case .currentSchemaID(let id):
            return Self.compare("current schema", id, metadata.currentSchemaID)
        case .lastAssignedPartitionID(let id):
            return Self.compare("last assigned partition id", id, metadata.lastPartitionID)
        case .defaultSpecID(let id):
            return Self.compare("default partition spec", id, metadata.defaultSpecID)
        case .defaultSortOrderID(let id):
            return Self.compare("default sort order", id, metadata.defaultSortOrderID)
        }
    }

    private func violation(
        ofReference name: String,
        _ expected: Int64?,
        _ metadata: TableMetadata
    ) -> String? {
        let found = metadata.references[name]
        let kind = found?.kind.rawValue ?? "branch or tag"
        switch (found?.snapshotID, expected) {
        case (nil, nil): return nil
        case (let found?, nil):
            return "the \(kind) \(name) was made meanwhile, at snapshot \(found)"
        case (nil, let expected?):
            return "the \(kind) \(name) is missing; it was expected at snapshot \(expected)"
        case (let found?, let expected?):
            return found == expected
                ? nil : "the \(kind) \(name) is at snapshot \(found), not \(expected)"
        }
    }

    private static func compare(_ what: String, _ expected: Int, _ found: Int) -> String? {
        found == expected ? nil : "the \(what) is \(found), not \(expected)"
    }
}

extension TableRequirement {
    /// Reads a list of requirements. One whose type is not known is an error: leaving it out could
    /// let a commit happen that its sender forbade.
    public static func all(json: JSONValue) throws(IcebergError) -> [TableRequirement] {
        guard let elements = json.arrayValue else {
            throw .invalid(document: "requirements", reason: "a JSON array is expected")
        }
        var requirements: [TableRequirement] = []
        for (index, element) in elements.enumerated() {
            let document = "requirements[\(index)]"
            requirements.append(try TableRequirement(json: element, document: document))
        }
        return requirements
    }

    /// Reads one requirement.
    public init(json: JSONValue, document: String = "requirement") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        switch try reader.string("type") {
        case "assert-create": self = .create
        case "assert-table-uuid": self = .tableUUID(try reader.string("uuid"))
        case "assert-ref-snapshot-id":
            self = .reference(
                try reader.string("ref"),
                snapshotID: try reader.optionalLong("snapshot-id")
            )
        case "assert-last-assigned-field-id":
            self = .lastAssignedFieldID(try reader.int("last-assigned-field-id"))
        case "assert-current-schema-id":
            self = .currentSchemaID(try reader.int("current-schema-id"))
        case "assert-last-assigned-partition-id":
            self = .lastAssignedPartitionID(try reader.int("last-assigned-partition-id"))
        case "assert-default-spec-id": self = .defaultSpecID(try reader.int("default-spec-id"))
        case "assert-default-sort-order-id":
            self = .defaultSortOrderID(try reader.int("default-sort-order-id"))
        case let other: throw reader.invalid("the requirement \"\(other)\" is not known")
        }
    }

    /// The requirement as JSON.
    public var json: JSONValue {
        func numbered(_ name: String, _ number: Int) -> JSONValue {
            .object(
                JSONObject([
                    ("type", .string("assert-\(name)")), (name, .integer(Int64(number))),
                ])
            )
        }
        switch self {
        case .create: return ["type": "assert-create"]
        case .tableUUID(let uuid): return ["type": "assert-table-uuid", "uuid": .string(uuid)]
        case .reference(let name, let snapshotID):
            return [
                "type": "assert-ref-snapshot-id", "ref": .string(name),
                "snapshot-id": snapshotID.map { .integer($0) } ?? .null,
            ]
        case .lastAssignedFieldID(let id): return numbered("last-assigned-field-id", id)
        case .currentSchemaID(let id): return numbered("current-schema-id", id)
        case .lastAssignedPartitionID(let id): return numbered("last-assigned-partition-id", id)
        case .defaultSpecID(let id): return numbered("default-spec-id", id)
        case .defaultSortOrderID(let id): return numbered("default-sort-order-id", id)
        }
    }
}
