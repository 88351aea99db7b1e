public import JSONText

extension PartitionSpec {
    /// Reads a partition spec.
    public init(json: JSONValue, document: String = "partition spec") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        self.init(
            id: try reader.int("spec-id"),
            fields: try Self.fields(json: try reader.required("fields"), document: document)
        )
    }

    /// Reads the fields alone, as manifests carry them.
    public static func fields(
        json: JSONValue,
        document: String = "partition spec"
    ) throws(IcebergError) -> [PartitionField] {
        guard let elements = json.arrayValue else {
            throw .invalid(document: document, reason: "the fields are not an array")
        }
        var fields: [PartitionField] = []
        for element in elements {
            let reader = try MetadataReader(element, document)
            fields.append(
                PartitionField(
                    sourceID: try reader.int("source-id"),
                    // Version 1 left the ids out and counted from 1000.
                    fieldID: try reader.optionalInt("field-id")
                        ?? lastIDUnpartitioned + 1 + fields.count,
                    name: try reader.string("name"),
                    transform: Transform(name: try reader.string("transform"))
                )
            )
        }
        return fields
    }

    /// The spec as JSON.
    public var json: JSONValue { ["spec-id": .integer(Int64(id)), "fields": fieldsJSON] }

    /// The fields alone, as manifests carry them.
    public var fieldsJSON: JSONValue {
        .array(
            fields.map { field in
                [
                    "source-id": .integer(Int64(field.sourceID)),
                    "field-id": .integer(Int64(field.fieldID)),
                    "name": .string(field.name),
                    "transform": .string(field.transform.name),
                ]
            }
        )
    }
}

extension SortOrder {
    /// Reads a sort order.
    public init(json: JSONValue, document: String = "sort order") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        var fields: [SortField] = []
        for element in try reader.requiredArray("fields") {
            let field = try MetadataReader(element, document)
            guard let direction = SortField.Direction(rawValue: try field.string("direction")),
                let nullOrder = SortField.NullOrder(rawValue: try field.string("null-order"))
            else { throw field.invalid("\"direction\" or \"null-order\" is not known") }
            fields.append(
                SortField(
                    transform: Transform(name: try field.string("transform")),
                    sourceID: try field.int("source-id"),
                    direction: direction,
                    nullOrder: nullOrder
                )
            )
        }
        self.init(id: try reader.int("order-id"), fields: fields)
    }

    /// The sort order as JSON.
    public var json: JSONValue {
        [
            "order-id": .integer(Int64(id)),
            "fields": .array(
                fields.map { field in
                    [
                        "transform": .string(field.transform.name),
                        "source-id": .integer(Int64(field.sourceID)),
                        "direction": .string(field.direction.rawValue),
                        "null-order": .string(field.nullOrder.rawValue),
                    ]
                }
            ),
        ]
    }
}
