internal import ArrowData

// Values made of other values: structs, lists and maps. While one is open, its columns are appended
// to as the table's own are, and `hasValue` speaks of the open struct, element or entry.

extension ColumnSet {
    /// Where appending went on before a nested value was opened.
    public struct Place: Sendable {
        fileprivate let row: Int
    }

    /// Opens a value of a `structure` column; `endStruct` finishes it.
    public mutating func beginStruct(_ column: Int) -> Place {
        open(column, kind(column) == .structure)
        let place = Place(row: openRow)
        // SAFETY: `kind` checked the column.
        openRow = unsafe columns[column].count
        return place
    }

    /// Finishes the open struct; its columns without a value have null in it.
    public mutating func endStruct(_ column: Int, _ place: Place) {
        precondition(kind(column) == .structure, "the column is of another kind")
        // SAFETY: `kind` checked the column.
        unsafe columns[column].finishValue()
        openRow = place.row
    }

    /// Opens a value of a `list` or `map` column; `endList` finishes it.
    public mutating func beginList(_ column: Int) -> Place {
        let kind = kind(column)
        open(column, kind.hasElements)
        return Place(row: openRow)
    }

    /// Opens the next element of the open list, or the next entry of the open map, which is to get
    /// exactly one value in the element's column, or in those of key and value.
    public mutating func beginElement(of column: Int) {
        precondition(kind(column).hasElements, "no list or map")
        // SAFETY: what is inside a column stands right behind it.
        openRow = unsafe columns[column &+ 1].count
    }

    /// Finishes the open list or map.
    public mutating func endList(_ column: Int, _ place: Place) {
        let kind = kind(column)
        precondition(kind.hasElements, "no list or map")
        // SAFETY: what is inside a column stands right behind it: an element, or key and value, of
        // which the key has nothing inside.
        let count = unsafe columns[column &+ 1].count
        precondition(
            unsafe kind == .list || columns[column &+ 2].count == count,
            "an entry lacks its key or value"
        )
        unsafe columns[column].textBytes = count
        unsafe columns[column].finishText()
        openRow = place.row
    }

    /// The keys of the open map, a text column, in the order they came.
    public func openKeys(of map: Int) -> MapKeys {
        precondition(kind(map) == .map, "no map")
        let key = map + 1
        // SAFETY: the key stands right behind its map.
        let range = unsafe columns[map].textBytes..<columns[key].count
        return MapKeys(column: key, range: range)
    }

    /// Keys of an open map, by their place in the key's column.
    public struct MapKeys: Sendable {
        let column: Int
        /// Their places.
        public let range: Range<Int>
    }

    /// True when both keys have the same text.
    public func isEqual(_ keys: MapKeys, _ left: Int, _ right: Int) -> Bool {
        precondition(keys.range.contains(left) && keys.range.contains(right), "no such key")
        // SAFETY: the places are below the key column's count, so their offsets are there, and
        // those lie within its text.
        let (one, other) = unsafe (
            columns[keys.column].text(left), columns[keys.column].text(right)
        )
        guard one.count == other.count else { return false }
        for index in 0..<one.count {
            let byte = unsafe columns[keys.column].values.load(
                one.lowerBound + index,
                as: UInt8.self
            )
            let wanted = unsafe columns[keys.column].values.load(
                other.lowerBound + index,
                as: UInt8.self
            )
            if byte != wanted { return false }
        }
        return true
    }
}

extension Column {
    /// Where the text of a value is.
    fileprivate func text(_ index: Int) -> Range<Int> {
        Int(offsets.load(index, as: Int32.self))..<Int(offsets.load(index + 1, as: Int32.self))
    }
}

extension ColumnSet {
    /// How many values column `index` should have by now: one a finished row, one a finished struct
    /// that it is in, one an element that a finished list has.
    internal func owed(_ index: Int) -> Int {
        let parent = layout.columns[index].parent
        guard parent >= 0 else { return rowCount }
        // SAFETY: the layout's columns are all there.
        return unsafe columns[parent].kind == .structure
            ? columns[parent].count : columns[parent].textBytes
    }

    /// Gives away a column with everything inside it.
    internal mutating func take(_ index: Int) -> ArrowColumn {
        let children = layout.columns[index].children
        // SAFETY: the layout's columns are all there.
        unsafe columns[index].pad(to: owed(index))
        if !kind(index).isNested { return unsafe columns[index].take(pool: pool) }
        let parts = children.map { take($0) }
        return unsafe columns[index].take(pool: pool, children: parts)
    }
}
