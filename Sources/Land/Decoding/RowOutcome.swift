public import IcebergModel

/// What became of a record.
public enum RowOutcome: Equatable, Sendable {
    /// It is a finished row of the columns.
    case row
    /// It cannot be a row; nothing of it is in the columns.
    case rejected(DecodeIssue)
    /// It has fields that the table lacks; nothing of it is in the columns.
    ///
    /// Add the columns to the table's schema, let the columns adopt the new layout, and decode this
    /// record again. Earlier rows stay as they are.
    case needsColumns([InferredField])
    /// The columns hold as much as a batch can: take the batch, then decode this record again.
    case full
}

/// A column that a record calls for.
public struct InferredField: Hashable, Sendable {
    /// Name, as it came.
    public let name: String
    /// Type by the rule of README.md; ids inside it mean nothing.
    public let type: IcebergType
    /// Id of the struct field it belongs into; nil for a column of the table.
    public let parentID: Int?
    /// What the column's documentation must say, so that it is known again.
    public let doc: String?

    /// A field.
    public init(name: String, type: IcebergType, parentID: Int? = nil, doc: String? = nil) {
        self.name = name
        self.type = type
        self.parentID = parentID
        self.doc = doc
    }

    /// What the table needs for it.
    public var column: NewColumn { NewColumn(name, type, doc: doc, parentID: parentID) }
}

/// What happens to fields that the table has no column for.
public enum UnknownFields: Sendable {
    /// They are reported, so that the table can get columns for them.
    case report
    /// They are checked and dropped.
    case ignore
    /// They reject the record.
    case reject
}
