public import IcebergModel

/// How a table's records become rows, beyond what its schema says.
public struct DecodingPlan: Hashable, Sendable {
    /// What the records' values are written in.
    public var format = RecordFormat.json
    /// How many rows a record has.
    public var documents = DocumentCount.one
    /// What becomes of objects and arrays in fields that the table has no column for.
    public var nested = NestedValues.text
    /// What the table may become.
    public var contract = TableContract()
    /// Fields that go into a column of another name, by the field's name.
    public var columnsByField: [String: String] = [:]
    /// Columns that also take texts which spell a value of their type.
    public var castColumns: Set<String> = []
    /// Columns whose values do not come from fields of the record's value.
    public var outsideColumns: [OutsideColumn] = []

    /// Fields into columns of the same name, and nothing else.
    public init() {}

    /// True when a record's value must be cut into documents first.
    public var isByDocument: Bool {
        switch format {
        case .json: documents == .many
        case .csv: true
        case .raw: false
        }
    }

    /// CSV has no types, and quotation marks say nothing about them.
    internal var castsAllColumns: Bool {
        if case .csv = format { true } else { false }
    }

    /// Columns that a field of the same name does not go into.
    internal var takenColumns: Set<String> {
        Set(columnsByField.values).union(outsideColumns.map(\.name))
            .subtracting(columnsByField.keys)
    }
}

/// A column that is filled from beside the fields of a record's value.
public struct OutsideColumn: Hashable, Sendable {
    /// Where its values come from.
    public enum Origin: Hashable, Sendable {
        /// The record's key.
        case key
        /// The whole value, as it came.
        case value
        /// The record's time.
        case timestamp
        /// The last of the record's headers with that name.
        case header(String)
        /// The same text for every record, as a value of the column's type.
        case constant(String)
    }

    /// The column's name.
    public var name: String
    /// The column's type.
    public var type: IcebergType
    /// Where its values come from.
    public var origin: Origin

    /// A column.
    public init(_ name: String, _ type: IcebergType, _ origin: Origin) {
        self.name = name
        self.type = type
        self.origin = origin
    }

    /// True when values of `origin` can be brought into a column of its type.
    public var isPossible: Bool {
        switch (origin, type) {
        case (.timestamp, .timestamptz), (.timestamp, .timestamp), (.timestamp, .long),
            (.timestamp, .date):
            true
        case (.timestamp, _): false
        case (.constant(let text), _): ScalarText.spells(text, type)
        case (.key, _), (.value, _), (.header, _): true
        }
    }
}
