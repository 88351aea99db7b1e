public import ArrowData
public import IcebergModel

/// The columns of a table as rows are built in them; immutable, shared by every set of columns of
/// that schema.
///
/// Columns are numbered in the schema's order, with the fields of `_log` counted one by one.
/// A later layout of the same table begins with the columns of the earlier one, so a column keeps
/// its number.
public final class ColumnLayout: Sendable {
    /// One column without columns of its own.
    public struct Column: Hashable, Sendable {
        /// The Iceberg field.
        public let field: NestedField
        /// How its values are kept.
        public let kind: ColumnKind
        /// The digits of decimals.
        public var shape: DecimalShape { DecimalShape(field.type) }
    }

    /// The table's schema.
    public let schema: Schema
    /// The columns by number.
    public let columns: [Column]
    /// Number of `_log.partition`, which the other fields of `_log` follow; nil in a table without
    /// `_log`.
    public let logColumn: Int?
    /// How many columns `_log` has: three, one more with the topic and one with the index; none
    /// without `_log`.
    public let logColumnCount: Int
    /// True when `_log` tells the topic.
    public let hasTopic: Bool
    /// True when `_log` tells the row's index in its record.
    public let hasIndex: Bool
    /// Numbers of the required columns, those of `_log` not among them.
    public let requiredColumns: [Int]
    /// The batch's fields: the schema in Arrow's terms, with field ids.
    public let fields: [ArrowField]
    private let numbers: [String: Int]

    /// The layout for `schema`.
    public init(_ schema: Schema) throws(ColumnError) {
        var columns: [Column] = []
        var fields: [ArrowField] = []
        var numbers: [String: Int] = [:]
        var required: [Int] = []
        var logColumn: Int?
        for field in schema.fields {
            if field.name == LogColumn.name {
                guard LogColumn.matches(field), logColumn == nil else { throw .logColumnShape }
                logColumn = columns.count
                let inside = try field.type.children.map(Self.column)
                columns += inside
                fields.append(Self.logField(field, inside))
                continue
            }
            let column = try Self.column(field)
            guard numbers.updateValue(columns.count, forKey: field.name) == nil else {
                throw .duplicateColumn(field.name)
            }
            if field.required { required.append(columns.count) }
            columns.append(column)
            fields.append(Self.arrowField(column))
        }
        self.schema = schema
        hasTopic = LogColumn.hasTopic(in: schema)
        hasIndex = LogColumn.hasIndex(in: schema)
        self.columns = columns
        self.fields = fields
        self.numbers = numbers
        self.logColumn = logColumn
        logColumnCount = schema.column(named: LogColumn.name)?.type.children.count ?? 0
        requiredColumns = required
    }

    /// The number of the column called `name`; nil when there is none, and for `_log`.
    public func number(ofColumn name: String) -> Int? { numbers[name] }

    /// Throws unless `self` begins with the columns of `earlier`.
    public func checkExtends(_ earlier: ColumnLayout) throws(ColumnError) {
        for (index, column) in earlier.columns.enumerated() {
            guard index < columns.count, columns[index] == column else {
                throw .notAnExtension(column: column.field.name)
            }
        }
        guard columns[earlier.columns.count...].allSatisfy({ !$0.field.required }),
            logColumn == earlier.logColumn, logColumnCount == earlier.logColumnCount
        else { throw .notAnExtension(column: LogColumn.name) }
    }

    private static func column(_ field: NestedField) throws(ColumnError) -> Column {
        guard let kind = ColumnKind(field.type) else {
            throw .unsupportedType(column: field.name, type: field.type.description)
        }
        return Column(field: field, kind: kind)
    }

    private static func arrowField(
        _ column: Column,
        storage: ArrowStorage = .general
    ) -> ArrowField {
        ArrowField(
            name: column.field.name,
            type: column.kind.arrowType(column.shape),
            isNullable: !column.field.required,
            fieldID: column.field.id,
            storage: storage
        )
    }

    private static func logField(_ field: NestedField, _ inside: [Column]) -> ArrowField {
        ArrowField(
            name: field.name,
            type: .struct,
            isNullable: false,
            fieldID: field.id,
            children: inside.map { column in
                arrowField(column, storage: column.kind.valueBytes == 8 ? .rising : .general)
            }
        )
    }
}
