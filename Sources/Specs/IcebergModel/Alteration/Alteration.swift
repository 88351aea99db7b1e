/// One change of a table's definition that a person asks for, in names instead of ids.
public enum Alteration: Hashable, Sendable {
    /// Adds an optional column; a dot leads into a struct. Without a place it is the last one.
    case add(String, IcebergType, ColumnPlace?)
    /// Takes a column out. Its values stay in the files, and its id is never used again.
    case drop(String)
    /// Gives a column another name, which does not say the structs it is in.
    case rename(String, to: String)
    /// Moves a column within its struct, or within the table.
    case move(String, ColumnPlace)
    /// Makes a type wider.
    case widen(String, IcebergType)
    /// Lets a column be null.
    case makeOptional(String)
    /// Says what a column means; nil: nothing.
    case comment(String, String?)
    /// Divides new files by other values; none: not at all. Files there are stay as they are.
    case partition(by: [TransformTerm])
    /// Sorts new files by other values; none: not at all.
    case sort(by: [SortTerm])
    /// Sets a property.
    case set(String, String)
    /// Takes a property out; it must be there.
    case unset(String)
}

/// Where a column stands among its neighbours.
public enum ColumnPlace: Hashable, Sendable {
    /// Before all others.
    case first
    /// Behind the one of that name.
    case after(String)
    /// In front of the one of that name.
    case before(String)
}

/// A value made from a column: `bucket(16, user)`.
public struct TransformTerm: Hashable, Sendable {
    /// How the value is made.
    public var transform: Transform
    /// The column; a dot leads into a struct.
    public var column: String

    /// A value made from `column`.
    public init(_ transform: Transform, _ column: String) {
        self.transform = transform
        self.column = column
    }
}

/// One value by which rows are sorted: `ts desc nulls last`.
public struct SortTerm: Hashable, Sendable {
    /// The value.
    public var term: TransformTerm
    /// Which end comes first.
    public var direction: SortField.Direction
    /// Where nulls stand.
    public var nullOrder: SortField.NullOrder

    /// A value with its order.
    public init(
        _ term: TransformTerm,
        _ direction: SortField.Direction,
        _ nullOrder: SortField.NullOrder
    ) {
        self.term = term
        self.direction = direction
        self.nullOrder = nullOrder
    }
}

/// Why a table cannot be changed as somebody asks.
public struct AlterationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public let description: String

    /// An error that says `description`.
    public init(_ description: String) { self.description = description }
}
