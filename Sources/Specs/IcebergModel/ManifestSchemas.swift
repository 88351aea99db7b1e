internal import AvroFormat

/// The Avro schemas of manifests and manifest lists (specification, "Manifests" and "Manifest
/// Lists"), with every field id.
internal enum ManifestSchemas {
    static func field(
        _ id: Int,
        _ name: String,
        _ schema: AvroSchema,
        doc: String? = nil
    ) -> AvroField {
        AvroField(name, schema, doc: doc, attributes: ["field-id": .integer(Int64(id))])
    }

    static func optional(_ id: Int, _ name: String, _ schema: AvroSchema) -> AvroField {
        AvroField(
            name,
            .optional(schema),
            defaultValue: .null,
            attributes: ["field-id": .integer(Int64(id))]
        )
    }

    /// A map with int keys: an array of key-value records marked as a map.
    static func map(key: Int, value: Int, _ schema: AvroSchema) -> AvroSchema {
        AvroSchema(
            .array(
                items: AvroSchema(
                    .record(
                        name: "k\(key)_v\(value)",
                        fields: [
                            field(key, "key", AvroSchema(.int)),
                            field(value, "value", schema),
                        ]
                    )
                )
            ),
            attributes: ["logicalType": .string("map")]
        )
    }

    static func list(element: Int, _ schema: AvroSchema) -> AvroSchema {
        AvroSchema(.array(items: schema), attributes: ["element-id": .integer(Int64(element))])
    }

    static let manifestFile: AvroSchema = {
        let int = AvroSchema(.int)
        let long = AvroSchema(.long)
        let bytes = AvroSchema(.bytes)
        let summary = AvroSchema(
            .record(
                name: "r508",
                fields: [
                    field(509, "contains_null", AvroSchema(.boolean)),
                    optional(518, "contains_nan", AvroSchema(.boolean)),
                    optional(510, "lower_bound", bytes),
                    optional(511, "upper_bound", bytes),
                ]
            )
        )
        return AvroSchema(
            .record(
                name: "manifest_file",
                fields: [
                    field(500, "manifest_path", AvroSchema(.string)),
                    field(501, "manifest_length", long),
                    field(502, "partition_spec_id", int),
                    field(517, "content", int),
                    field(515, "sequence_number", long),
                    field(516, "min_sequence_number", long),
                    field(503, "added_snapshot_id", long),
                    field(504, "added_files_count", int),
                    field(505, "existing_files_count", int),
                    field(506, "deleted_files_count", int),
                    field(512, "added_rows_count", long),
                    field(513, "existing_rows_count", long),
                    field(514, "deleted_rows_count", long),
                    optional(507, "partitions", list(element: 508, summary)),
                    optional(519, "key_metadata", bytes),
                ]
            )
        )
    }()

    static func manifestEntry(partition: [NestedField]) throws(IcebergError) -> AvroSchema {
        let int = AvroSchema(.int)
        let long = AvroSchema(.long)
        let bytes = AvroSchema(.bytes)
        var partitionFields: [AvroField] = []
        for value in partition {
            let name = sanitized(value.name)
            var column = optional(value.id, name, try avroType(of: value))
            if name != value.name { column.attributes["iceberg-field-name"] = .string(value.name) }
            partitionFields.append(column)
        }
        let dataFile = AvroSchema(
            .record(
                name: "r2",
                fields: [
                    field(134, "content", int),
                    field(100, "file_path", AvroSchema(.string)),
                    field(101, "file_format", AvroSchema(.string)),
                    field(
                        102,
                        "partition",
                        AvroSchema(.record(name: "r102", fields: partitionFields))
                    ),
                    field(103, "record_count", long),
                    field(104, "file_size_in_bytes", long),
                    optional(108, "column_sizes", map(key: 117, value: 118, long)),
                    optional(109, "value_counts", map(key: 119, value: 120, long)),
                    optional(110, "null_value_counts", map(key: 121, value: 122, long)),
                    optional(137, "nan_value_counts", map(key: 138, value: 139, long)),
                    optional(125, "lower_bounds", map(key: 126, value: 127, bytes)),
                    optional(128, "upper_bounds", map(key: 129, value: 130, bytes)),
                    optional(131, "key_metadata", bytes),
                    optional(132, "split_offsets", list(element: 133, long)),
                    optional(135, "equality_ids", list(element: 136, int)),
                    optional(140, "sort_order_id", int),
                    optional(143, "referenced_data_file", AvroSchema(.string)),
                ]
            )
        )
        return AvroSchema(
            .record(
                name: "manifest_entry",
                fields: [
                    field(0, "status", int),
                    optional(1, "snapshot_id", long),
                    optional(3, "sequence_number", long),
                    optional(4, "file_sequence_number", long),
                    field(2, "data_file", dataFile),
                ]
            )
        )
    }

    /// How partition values of that type are written (appendix A).
    private static func avroType(of field: NestedField) throws(IcebergError) -> AvroSchema {
        switch field.type {
        case .boolean: return AvroSchema(.boolean)
        case .int: return AvroSchema(.int)
        case .long: return AvroSchema(.long)
        case .float: return AvroSchema(.float)
        case .double: return AvroSchema(.double)
        case .string: return AvroSchema(.string)
        case .binary: return AvroSchema(.bytes)
        case .date: return logical(.int, "date")
        case .time: return logical(.long, "time-micros")
        case .timestamp: return timestamp(adjusted: false)
        case .timestamptz: return timestamp(adjusted: true)
        case .uuid: return logical(.fixed(name: "uuid_fixed_\(field.id)", size: 16), "uuid")
        case .fixed(let length):
            return AvroSchema(.fixed(name: "fixed_\(field.id)", size: length))
        case .decimal(let precision, let scale):
            var schema = logical(
                .fixed(name: "decimal_\(field.id)", size: decimalBytes(precision: precision)),
                "decimal"
            )
            schema.attributes["precision"] = .integer(Int64(precision))
            schema.attributes["scale"] = .integer(Int64(scale))
            return schema
        case .struct, .list, .map:
            throw .invalid(
                document: "partition field \(field.name)",
                reason: "a partition value is never a \(field.type)"
            )
        }
    }

    private static func logical(_ kind: AvroSchema.Kind, _ name: String) -> AvroSchema {
        AvroSchema(kind, attributes: ["logicalType": .string(name)])
    }

    private static func timestamp(adjusted: Bool) -> AvroSchema {
        var schema = logical(.long, "timestamp-micros")
        schema.attributes["adjust-to-utc"] = .bool(adjusted)
        return schema
    }

    /// The fewest bytes that hold every number of `precision` digits in two's complement.
    static func decimalBytes(precision: Int) -> Int {
        var largest: Int128 = 0
        for _ in 0..<precision { largest = largest * 10 + 9 }
        return IcebergValue.minimalBigEndian(largest).count
    }

    /// A name Avro allows, made as Iceberg's other implementations make it: what Avro does not
    /// allow becomes `_x` and its code in hexadecimal; a leading digit gets an underscore.
    static func sanitized(_ name: String) -> String {
        var result = ""
        for (index, scalar) in name.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "A"..."Z", "_":
                result.unicodeScalars.append(scalar)
            case "0"..."9":
                if index == 0 { result += "_" }
                result.unicodeScalars.append(scalar)
            default:
                result += "_x" + String(scalar.value, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
