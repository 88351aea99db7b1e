/// One column's finished memory in Arrow's layout, ready to be part of a batch.
///
/// Nobody writes to the blocks any more; they go back to their pool when the last reader lets go.
public final class ArrowColumn: Sendable {
    /// Type of the values.
    public let type: ArrowType
    /// Number of values, nulls included.
    public let length: Int
    /// How many of them are null.
    public let nullCount: Int
    /// One bit a value, set when there is one; nil when no value is null.
    internal let validity: Block?
    /// `length + 1` 32-bit positions for text and bytes; nil for other types.
    internal let offsets: Block?
    /// The values; nil for structs.
    internal let values: Block?
    /// The columns of a struct, the elements of a list, the entries of a map.
    public let children: [ArrowColumn]
    /// Bytes of memory that hold something, for budgets.
    public let byteCount: Int

    /// A column of fixed-width values.
    public init(
        type: ArrowType,
        length: Int,
        nullCount: Int,
        validity: consuming Block?,
        values: consuming Block
    ) {
        let valueBytes =
            type == .boolean ? (length + 7) / 8 : length * (type.valueBytes ?? 0)
        precondition(type == .boolean || type.valueBytes != nil, "\(type) has no fixed width")
        precondition(valueBytes <= values.capacity, "fewer values than announced")
        precondition(nullCount >= 0 && nullCount <= length, "more nulls than values")
        precondition(validity != nil || nullCount == 0, "nulls without a validity bitmap")
        self.type = type
        self.length = length
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = nil
        self.values = consume values
        self.children = []
        self.byteCount = valueBytes + (nullCount == 0 ? 0 : (length + 7) / 8)
    }

    /// A column of text or bytes, `valueBytes` in all.
    public init(
        type: ArrowType,
        length: Int,
        nullCount: Int,
        validity: consuming Block?,
        offsets: consuming Block,
        values: consuming Block,
        valueBytes: Int
    ) {
        precondition(type == .utf8 || type == .binary, "\(type) has no offsets")
        precondition((length + 1) * 4 <= offsets.capacity, "fewer offsets than announced")
        precondition(valueBytes <= values.capacity, "fewer bytes than announced")
        precondition(nullCount >= 0 && nullCount <= length, "more nulls than values")
        precondition(validity != nil || nullCount == 0, "nulls without a validity bitmap")
        self.type = type
        self.length = length
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = consume offsets
        self.values = consume values
        self.children = []
        self.byteCount = valueBytes + length * 4 + (nullCount == 0 ? 0 : (length + 7) / 8)
    }

    /// A list or map: `elements` has the values of all rows, one after the other.
    public init(
        listOf elements: ArrowColumn,
        type: ArrowType,
        length: Int,
        nullCount: Int,
        validity: consuming Block?,
        offsets: consuming Block
    ) {
        precondition(type == .list || type == .map, "\(type) is no list")
        precondition((length + 1) * 4 <= offsets.capacity, "fewer offsets than announced")
        precondition(nullCount >= 0 && nullCount <= length, "more nulls than values")
        precondition(validity != nil || nullCount == 0, "nulls without a validity bitmap")
        self.type = type
        self.length = length
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = consume offsets
        self.values = nil
        self.children = [elements]
        self.byteCount =
            elements.byteCount + length * 4 + (nullCount == 0 ? 0 : (length + 7) / 8)
    }

    /// A struct that may be null; its columns have null in rows where it is.
    public init(
        structOf children: [ArrowColumn],
        length: Int,
        nullCount: Int,
        validity: consuming Block?
    ) {
        precondition(
            children.allSatisfy { $0.length == length },
            "columns of a struct differ in length"
        )
        precondition(nullCount >= 0 && nullCount <= length, "more nulls than values")
        precondition(validity != nil || nullCount == 0, "nulls without a validity bitmap")
        self.type = .struct
        self.length = length
        self.nullCount = nullCount
        self.validity = validity
        self.offsets = nil
        self.values = nil
        self.children = children
        self.byteCount =
            children.reduce(0) { $0 + $1.byteCount } + (nullCount == 0 ? 0 : (length + 7) / 8)
    }

    /// A struct that is never null itself.
    public init(structOf children: [ArrowColumn], length: Int) {
        precondition(
            children.allSatisfy { $0.length == length },
            "columns of a struct differ in length"
        )
        self.type = .struct
        self.length = length
        self.nullCount = 0
        self.validity = nil
        self.offsets = nil
        self.values = nil
        self.children = children
        self.byteCount = children.reduce(0) { $0 + $1.byteCount }
    }
}
