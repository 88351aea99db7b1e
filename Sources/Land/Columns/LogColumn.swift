public import IcebergModel

/// Where a row came from: the natural key of a record in the log.
public struct LogPosition: Hashable, Sendable {
    /// The topic's partition.
    public var partition: Int32
    /// The record's offset in it.
    public var offset: Int64
    /// The record's time in microseconds since 1970-01-01T00:00Z.
    public var timestampMicros: Int64
    /// Which of the record's rows it is, from 0.
    public var index: Int32 = 0

    /// A position.
    @inlinable
    public init(partition: Int32, offset: Int64, timestampMicros: Int64) {
        self.partition = partition
        self.offset = offset
        self.timestampMicros = timestampMicros
    }
}

/// The column that carries every row's position: a struct `_log` whose fields are all required.
public enum LogColumn {
    /// Its name; no other column may have it.
    public static let name = "_log"

    /// The column as a field; its fields get the ids after `id`. A table that is filled from
    /// several topics has the topic's name in it as well, and one whose records have several rows
    /// the row's index in its record.
    public static func field(
        id: Int,
        withTopic hasTopic: Bool = false,
        withIndex hasIndex: Bool = false
    ) -> NestedField {
        let position: [NestedField] = [
            .required(id + 1, "partition", .int, doc: "partition of the topic"),
            .required(id + 2, "offset", .long, doc: "offset of the record in its partition"),
            .required(id + 3, "timestamp", .timestamptz, doc: "time of the record"),
        ]
        let topic: [NestedField] = [.required(id + 4, "topic", .string, doc: "name of the topic")]
        let index: [NestedField] = [
            .required(
                id + (hasTopic ? 5 : 4),
                "index",
                .int,
                doc: "number of the row in its record"
            )
        ]
        return .required(
            id,
            name,
            .struct(position + (hasTopic ? topic : []) + (hasIndex ? index : [])),
            doc: "where the row came from"
        )
    }

    /// True when a table's `_log` tells the topic.
    public static func hasTopic(in schema: Schema) -> Bool {
        has("topic", in: schema)
    }

    /// True when a table's `_log` tells the row's index in its record.
    public static func hasIndex(in schema: Schema) -> Bool {
        has("index", in: schema)
    }

    private static func has(_ part: String, in schema: Schema) -> Bool {
        schema.column(named: name)?.type.children.contains { $0.name == part } ?? false
    }

    /// True when `field` is such a column, whatever its ids.
    public static func matches(_ field: NestedField) -> Bool {
        guard field.name == name, field.required, case .struct(let inside) = field.type else {
            return false
        }
        let expected = self.field(
            id: 0,
            withTopic: inside.contains { $0.name == "topic" },
            withIndex: inside.contains { $0.name == "index" }
        ).type.children
        return inside.count == expected.count
            && zip(inside, expected).allSatisfy {
                $0.name == $1.name && $0.type == $1.type && $0.required
            }
    }
}
