/// One value by which rows are sorted.
public struct SortField: Hashable, Sendable {
    /// Which end comes first.
    public enum Direction: String, Sendable {
        /// Smallest first.
        case ascending = "asc"
        /// Largest first.
        case descending = "desc"
    }

    /// Where nulls stand.
    public enum NullOrder: String, Sendable {
        /// Before all values.
        case first = "nulls-first"
        /// After all values.
        case last = "nulls-last"
    }

    /// How the value is made.
    public var transform: Transform
    /// Id of the schema field the value is made from.
    public var sourceID: Int
    /// Which end comes first.
    public var direction: Direction
    /// Where nulls stand.
    public var nullOrder: NullOrder

    /// A sort field.
    public init(
        transform: Transform,
        sourceID: Int,
        direction: Direction,
        nullOrder: NullOrder
    ) {
        self.transform = transform
        self.sourceID = sourceID
        self.direction = direction
        self.nullOrder = nullOrder
    }
}

/// How rows are sorted inside files.
public struct SortOrder: Hashable, Sendable {
    /// Number of this order within the table; 0 means unsorted.
    public var id: Int
    /// The values, most significant first.
    public var fields: [SortField]

    /// A sort order.
    public init(id: Int, fields: [SortField]) {
        self.id = id
        self.fields = fields
    }

    /// No order.
    public static let unsorted = SortOrder(id: 0, fields: [])
}
