import IcebergModel
import Testing

/// A schema with the `_log` struct every table of ours carries.
let landedSchema = Schema(
    fields: [
        .required(
            1,
            "_log",
            .struct([
                .required(3, "partition", .int),
                .required(4, "offset", .long),
                .required(5, "timestamp", .timestamptz),
            ])
        ),
        .optional(2, "user.agent", .string),
        .optional(
            6,
            "tags",
            .list(ListType(elementID: 7, elementRequired: true, element: .string))
        ),
        .optional(
            8,
            "counts",
            .map(
                MapType(keyID: 9, key: .string, valueID: 10, valueRequired: false, value: .long)
            )
        ),
    ]
)

struct SchemaTests {
    @Test func `a field is found by its dotted path at any depth`() {
        #expect(landedSchema.field(named: "_log.timestamp")?.id == 5)
        #expect(landedSchema.field(named: "tags.element")?.id == 7)
        #expect(landedSchema.field(named: "counts.value")?.type == .long)
        #expect(landedSchema.field(named: "_log.nothing") == nil)
    }

    @Test func `a column whose name has a dot is found whole`() {
        #expect(landedSchema.field(named: "user.agent")?.id == 2)
    }

    @Test func `the highest id counts nested fields`() {
        #expect(landedSchema.highestFieldID == 10)
        #expect(landedSchema.path(toField: 4)?.map(\.name) == ["_log", "offset"])
    }

    @Test(arguments: [
        IcebergType.boolean, .int, .long, .float, .double, .decimal(precision: 9, scale: 2), .date,
        .time, .timestamp, .timestamptz, .string, .uuid, .fixed(length: 16), .binary,
    ])
    func `a primitive type survives its name`(type: IcebergType) throws {
        let name = try #require(type.primitiveName)
        #expect(IcebergType(primitiveName: name) == type)
    }

    @Test(arguments: [
        "decimal(39, 2)", "decimal(3, 4)", "fixed[0]", "fixed[-1]", "text", "decimal(9)",
    ])
    func `a name that is no type is refused`(name: String) {
        #expect(IcebergType(primitiveName: name) == nil)
    }

    @Test func `a day spec may name a timestamp inside a struct`() throws {
        let spec = try PartitionSpec.day(of: "_log.timestamp", in: landedSchema)
        #expect(
            spec.fields == [
                PartitionField(
                    sourceID: 5,
                    fieldID: 1000,
                    name: "_log_timestamp_day",
                    transform: .day
                )
            ]
        )
        #expect(
            try spec.partitionType(of: landedSchema)
                == [.optional(1000, "_log_timestamp_day", .date)]
        )
    }

    @Test func `a day spec of something without days is refused`() {
        #expect(throws: IcebergError.self) {
            _ = try PartitionSpec.day(of: "_log.offset", in: landedSchema)
        }
    }

    @Test(arguments: [
        "identity", "bucket[16]", "truncate[10]", "year", "month", "day", "hour", "void",
    ])
    func `a transform survives its name`(name: String) {
        let transform = Transform(name: name)
        #expect(transform.name == name)
        #expect(transform != .unknown(name))
    }

    @Test func `a transform of the future keeps its name`() {
        #expect(Transform(name: "zorder[2]") == .unknown("zorder[2]"))
        #expect(Transform(name: "bucket[0]") == .unknown("bucket[0]"))
    }
}
