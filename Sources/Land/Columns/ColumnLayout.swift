public import ArrowData
public import IcebergModel

/// The columns of a table as rows are built in them; immutable, shared by every set of columns of
/// that schema.
///
/// Columns are numbered in the schema's order, what is inside a column behind it. The fields of
/// `_log` are counted as columns of their own.
public final class ColumnLayout: Sendable {
    /// One column.
    public struct Column: Hashable, Sendable {
        /// The Iceberg field.
        public let field: NestedField
        /// How its values are kept.
        public let kind: ColumnKind
        /// Number of the column it is inside of; -1 for the table's own.
        public let parent: Int
        /// Numbers of the columns inside: a struct's fields, a list's element, a map's key and
        /// value.
        public fileprivate(set) var children: [Int] = []
        /// The digits of decimals.
        public var shape: DecimalShape { DecimalShape(field.type) }
    }

    /// The table's schema.
    public let schema: Schema
    /// The columns by number.
    public let columns: [Column]
    /// Numbers of the columns that are inside no other.
    public let topColumns: [Int]
    /// Number of `_log.partition`, which the other fields of `_log` follow; nil in a table without
    /// `_log`.
    public let logColumn: Int?
    /// Its place among `topColumns`.
    internal let logPlace: Int?
    /// How many columns `_log` has: three, one more with the topic and one with the index; none
    /// without `_log`.
    public let logColumnCount: Int
    /// True when `_log` tells the topic.
    public let hasTopic: Bool
    /// True when `_log` tells the row's index in its record.
    public let hasIndex: Bool
    /// Numbers of the required columns, those of `_log` and those inside others not among them.
    public let requiredColumns: [Int]
    /// The batch's fields: the schema in Arrow's terms, with field ids.
    public let fields: [ArrowField]
    private let numbers: [String: Int]

    /// The layout for `schema`.
    public init(_ schema: Schema) throws(ColumnError) {
        var columns: [Column] = []
        var top: [Int] = []
        var fields: [ArrowField] = []
        var numbers: [String: Int] = [:]
        var log: (column: Int, place: Int)?
        for field in schema.fields {
            if field.name == LogColumn.name {
                guard LogColumn.matches(field), log == nil else { throw .logColumnShape }
                log = (columns.count, top.count)
                var inside: [ArrowField] = []
                for part in field.type.children {
                    top.append(columns.count)
                    inside.append(try Self.add(part, inside: -1, path: field.name, to: &columns))
                }
                fields.append(Self.logField(field, inside))
                continue
            }
            guard numbers.updateValue(columns.count, forKey: field.name) == nil else {
                throw .duplicateColumn(field.name)
            }
            top.append(columns.count)
            fields.append(try Self.add(field, inside: -1, path: nil, to: &columns))
        }
        self.schema = schema
        hasTopic = LogColumn.hasTopic(in: schema)
        hasIndex = LogColumn.hasIndex(in: schema)
        self.columns = columns
        self.fields = fields
        self.numbers = numbers
        topColumns = top
        logColumn = log?.column
        logPlace = log?.place
        let logCount = schema.column(named: LogColumn.name)?.type.children.count ?? 0
        logColumnCount = logCount
        requiredColumns = numbers.values.filter { columns[$0].field.required }.sorted()
    }

    /// The number of the column called `name`; nil when there is none, and for `_log`.
    public func number(ofColumn name: String) -> Int? { numbers[name] }

    /// The number of the field called `name` of the struct column `parent`; nil when it has none.
    public func number(ofField name: String, in parent: Int) -> Int? {
        columns[parent].children.first { columns[$0].field.name == name }
    }

    /// Columns that hold values, those of `_log` not counted.
    public var valueColumnCount: Int {
        columns.count { !$0.kind.isNested } - logColumnCount
    }

    /// Throws unless `self` has the columns of `earlier`, and others only where rows without them
    /// can be.
    public func checkExtends(_ earlier: ColumnLayout) throws(ColumnError) {
        var present: [Int: Column] = [:]
        for column in columns { present[column.field.id] = column }
        var known: Set<Int> = []
        for old in earlier.columns {
            known.insert(old.field.id)
            guard let now = present[old.field.id], now.kind == old.kind, now.shape == old.shape,
                now.field.name == old.field.name, now.field.required == old.field.required,
                parentID(of: now) == earlier.parentID(of: old)
            else { throw .notAnExtension(column: old.field.name) }
        }
        for column in columns where !known.contains(column.field.id) && column.field.required {
            // What is inside a new column may be required: there are no rows with it yet.
            guard let parent = parentID(of: column), !known.contains(parent) else {
                throw .notAnExtension(column: column.field.name)
            }
        }
        guard (logColumn == nil) == (earlier.logColumn == nil),
            logColumnCount == earlier.logColumnCount
        else { throw .notAnExtension(column: LogColumn.name) }
    }

    private func parentID(of column: Column) -> Int? {
        column.parent < 0 ? nil : columns[column.parent].field.id
    }

    /// Adds a field with everything inside it, and says what it is in Arrow's terms.
    private static func add(
        _ field: NestedField,
        inside parent: Int,
        path: String?,
        to columns: inout [Column]
    ) throws(ColumnError) -> ArrowField {
        let path = path.map { "\($0).\(field.name)" } ?? field.name
        guard let kind = ColumnKind(field.type) else {
            throw .unsupportedType(column: path, type: field.type.description)
        }
        if case .map(let map) = field.type, map.key != .string {
            throw .unsupportedType(column: path, type: field.type.description)
        }
        let number = columns.count
        columns.append(Column(field: field, kind: kind, parent: parent))
        var inside: [ArrowField] = []
        for child in field.type.children {
            columns[number].children.append(columns.count)
            inside.append(try add(child, inside: number, path: path, to: &columns))
        }
        if kind == .structure, inside.isEmpty {
            throw .unsupportedType(column: path, type: "struct without fields")
        }
        if kind == .map {
            let entry = ArrowField(
                name: "entries",
                type: .struct,
                isNullable: false,
                children: inside
            )
            inside = [entry]
        }
        return ArrowField(
            name: field.name,
            type: kind.arrowType(columns[number].shape),
            isNullable: !field.required,
            fieldID: field.id,
            children: inside
        )
    }

    /// Offsets and times rise from row to row.
    private static func logField(_ field: NestedField, _ inside: [ArrowField]) -> ArrowField {
        ArrowField(
            name: field.name,
            type: .struct,
            isNullable: false,
            fieldID: field.id,
            children: inside.map { part in
                var part = part
                part.storage = part.type.valueBytes == 8 ? .rising : .general
                return part
            }
        )
    }
}
