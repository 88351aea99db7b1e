public import JSONText

extension TableUpdate {
    /// Reads a list of updates. Members that are not known are passed over; an action that is not
    /// known is an error, because leaving it out would make another change than the sender's.
    public static func all(json: JSONValue) throws(IcebergError) -> [TableUpdate] {
        guard let elements = json.arrayValue else {
            throw .invalid(document: "updates", reason: "a JSON array is expected")
        }
        var updates: [TableUpdate] = []
        for (index, element) in elements.enumerated() {
            updates.append(try TableUpdate(json: element, document: "updates[\(index)]"))
        }
        return updates
    }

    /// Reads one update.
    public init(json: JSONValue, document: String = "update") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        let action = try reader.string("action")
        if let update = try Self.ofDefinition(action, reader) {
            self = update
        } else if let update = try Self.ofHistory(action, reader) {
            self = update
        } else {
            throw reader.invalid("the action \"\(action)\" is not known for format version 2")
        }
    }

    /// Updates of what the table is: identity, columns, partitions, order, properties.
    private static func ofDefinition(
        _ action: String,
        _ reader: MetadataReader
    ) throws(IcebergError) -> TableUpdate? {
        switch action {
        case "assign-uuid": return .assignUUID(try reader.string("uuid"))
        case "upgrade-format-version":
            return .upgradeFormatVersion(try reader.int("format-version"))
        case "add-schema":
            let json = try reader.required("schema")
            return .addSchema(try Schema(json: json, document: "\(reader.document).schema"))
        case "set-current-schema": return .setCurrentSchema(try reader.int("schema-id"))
        case "add-spec":
            let json = try reader.required("spec")
            let document = "\(reader.document).spec"
            return .addSpec(try UnboundPartitionSpec(json: json, document: document))
        case "set-default-spec": return .setDefaultSpec(try reader.int("spec-id"))
        case "add-sort-order":
            let json = try reader.required("sort-order")
            return .addSortOrder(try SortOrder(json: json, document: reader.document))
        case "set-default-sort-order":
            return .setDefaultSortOrder(try reader.int("sort-order-id"))
        case "set-location": return .setLocation(try reader.string("location"))
        case "set-properties":
            _ = try reader.required("updates")
            return .setProperties(try reader.strings("updates"))
        case "remove-properties": return .removeProperties(try reader.texts("removals"))
        case "remove-partition-specs": return .removeSpecs(try reader.ints("spec-ids"))
        case "remove-schemas": return .removeSchemas(try reader.ints("schema-ids"))
        default: return nil
        }
    }

    /// Updates of snapshots, references and statistics.
    private static func ofHistory(
        _ action: String,
        _ reader: MetadataReader
    ) throws(IcebergError) -> TableUpdate? {
        switch action {
        case "add-snapshot":
            let json = try reader.required("snapshot")
            return .addSnapshot(try Snapshot(json: json, document: reader.document))
        case "set-snapshot-ref":
            let reference = try SnapshotReference(
                json: .object(reader.object),
                document: reader.document
            )
            return .setReference(try reader.string("ref-name"), reference)
        case "remove-snapshots": return .removeSnapshots(try reader.longs("snapshot-ids"))
        case "remove-snapshot-ref": return .removeReference(try reader.string("ref-name"))
        case "set-statistics": return try statistics(.table, reader)
        case "set-partition-statistics": return try statistics(.partition, reader)
        case "remove-statistics":
            return .removeStatistics(.table, snapshotID: try reader.long("snapshot-id"))
        case "remove-partition-statistics":
            return .removeStatistics(.partition, snapshotID: try reader.long("snapshot-id"))
        default: return nil
        }
    }

    private static func statistics(
        _ kind: StatisticsKind,
        _ reader: MetadataReader
    ) throws(IcebergError) -> TableUpdate {
        let json = try reader.required(kind.rawValue)
        // The snapshot's id beside the statistics is an older form of the one inside.
        let file = try MetadataReader(json, "\(reader.document).\(kind.rawValue)")
        _ = try file.string("statistics-path")
        return .setStatistics(kind, snapshotID: try file.long("snapshot-id"), json)
    }
}

extension UnboundPartitionSpec {
    /// Reads a spec whose ids may be left out.
    public init(json: JSONValue, document: String = "partition spec") throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        var fields: [Field] = []
        for element in try reader.requiredArray("fields") {
            let field = try MetadataReader(element, document)
            fields.append(
                Field(
                    sourceID: try field.int("source-id"),
                    fieldID: try field.optionalInt("field-id"),
                    name: try field.string("name"),
                    transform: Transform(name: try field.string("transform"))
                )
            )
        }
        self.init(id: try reader.optionalInt("spec-id"), fields: fields)
    }
}

extension MetadataReader {
    /// The whole numbers of an array that must be there.
    func longs(_ key: String) throws(IcebergError) -> [Int64] {
        var numbers: [Int64] = []
        for element in try requiredArray(key) {
            guard let number = element.integerValue else {
                throw invalid("\"\(key)\" holds something else than whole numbers")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// The 32-bit numbers of an array that must be there.
    func ints(_ key: String) throws(IcebergError) -> [Int] {
        var numbers: [Int] = []
        for number in try longs(key) {
            guard let small = Int32(exactly: number) else {
                throw invalid("\"\(key)\" holds a number of more than 32 bits")
            }
            numbers.append(Int(small))
        }
        return numbers
    }

    /// The texts of an array that must be there.
    func texts(_ key: String) throws(IcebergError) -> [String] {
        var texts: [String] = []
        for element in try requiredArray(key) {
            guard let text = element.stringValue else {
                throw invalid("\"\(key)\" holds something else than texts")
            }
            texts.append(text)
        }
        return texts
    }
}
