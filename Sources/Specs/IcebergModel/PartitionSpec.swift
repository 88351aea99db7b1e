/// One value by which a table's files are divided.
public struct PartitionField: Hashable, Sendable {
    /// Id of the schema field the value is made from; may lie inside a struct.
    public var sourceID: Int
    /// Id of the partition field itself; 1000 and up.
    public var fieldID: Int
    /// Name of the partition field.
    public var name: String
    /// How the value is made.
    public var transform: Transform

    /// A partition field.
    public init(sourceID: Int, fieldID: Int, name: String, transform: Transform) {
        self.sourceID = sourceID
        self.fieldID = fieldID
        self.name = name
        self.transform = transform
    }
}

/// How a table's files are divided.
public struct PartitionSpec: Hashable, Sendable {
    /// The last partition field id of a table that never had a partition field.
    public static let lastIDUnpartitioned = 999

    /// Number of this spec within the table.
    public var id: Int
    /// The values, in order. Empty: not partitioned.
    public var fields: [PartitionField]

    /// A partition spec.
    public init(id: Int = 0, fields: [PartitionField]) {
        self.id = id
        self.fields = fields
    }

    /// No partitions.
    public static let unpartitioned = PartitionSpec(id: 0, fields: [])

    /// One partition per day of the field `path` (dots separate levels), named as Iceberg's own
    /// tools name it, but with `_` for the dot: `day(_log.timestamp)` is `_log_timestamp_day`.
    public static func day(
        of path: String,
        in schema: Schema,
        id: Int = 0
    ) throws(IcebergError) -> PartitionSpec {
        guard let field = schema.field(named: path) else {
            throw .invalid(document: "partition spec", reason: "there is no field \(path)")
        }
        guard Transform.day.resultType(of: field.type) != nil else {
            throw .invalid(
                document: "partition spec",
                reason: "\(path) is \(field.type), which has no days; use a date or a timestamp"
            )
        }
        let name = String(path.map { $0 == "." ? "_" : $0 }) + "_day"
        return PartitionSpec(
            id: id,
            fields: [
                PartitionField(
                    sourceID: field.id,
                    fieldID: lastIDUnpartitioned + 1,
                    name: name,
                    transform: .day
                )
            ]
        )
    }

    /// The partition values as a struct type for `schema`: the type of the `partition` field in
    /// manifests.
    public func partitionType(of schema: Schema) throws(IcebergError) -> [NestedField] {
        var result: [NestedField] = []
        for field in fields {
            // A void field's column may be gone; its values are all null, so its type does not
            // matter.
            guard let source = schema.field(id: field.sourceID) else {
                if field.transform == .void {
                    result.append(.optional(field.fieldID, field.name, .string))
                    continue
                }
                throw .missing(what: "source column of partition field", id: Int64(field.fieldID))
            }
            guard let type = field.transform.resultType(of: source.type) else {
                throw .invalid(
                    document: "partition spec \(id)",
                    reason: "\(field.transform.name) does not apply to \(source.type)"
                )
            }
            result.append(.optional(field.fieldID, field.name, type))
        }
        return result
    }
}
