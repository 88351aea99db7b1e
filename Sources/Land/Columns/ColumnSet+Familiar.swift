public import ArrowData

// Rows that are like the ones before: their values are put into place first, and counted together
// when the whole row is there. Until then the columns are as before, and nothing has to be undone.

extension ColumnSet {
    /// The place of the next text of `column`, with room for `room` bytes; nil when the column owes
    /// nulls, has a value in the open row, or must grow first.
    @inlinable
    @inline(__always)
    @unsafe
    public func textPlace(_ column: Int, room: Int) -> UnsafeMutableRawPointer? {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above; the block has room behind the text so far.
        guard unsafe columns[column].count == rowCount,
            unsafe columns[column].textBytes &+ room <= columns[column].values.capacity,
            unsafe (rowCount &+ 2) &* 4 <= columns[column].offsets.capacity
        else { return nil }
        return unsafe columns[column].textEnd
    }

    /// Says how long the text is that was written to `textPlace`.
    @inlinable
    @inline(__always)
    public func setText(_ column: Int, length: Int) {
        // SAFETY: `textPlace` has checked column and room; the store is checked again.
        let end = unsafe columns[column].textBytes &+ length
        unsafe columns[column].offsets.store(Int32(truncatingIfNeeded: end), at: rowCount &+ 1)
    }

    /// Puts the next value of a `long` or `double` column into place. False when the column owes
    /// nulls, has a value in the open row, or must grow first.
    @inlinable
    @inline(__always)
    public func setEight<T: BitwiseCopyable>(_ column: Int, _ value: T) -> Bool {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above; the store is checked again.
        guard unsafe columns[column].count == rowCount,
            unsafe (rowCount &+ 1) &* 8 <= columns[column].values.capacity
        else { return false }
        unsafe columns[column].values.store(value, at: rowCount)
        return true
    }

    /// Counts the value that was put into place in `column`.
    @inlinable
    @inline(__always)
    public mutating func countValue(_ column: Int, isText: Bool) {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above.
        if isText {
            let end = unsafe columns[column].offsets.load(rowCount &+ 1, as: Int32.self)
            unsafe columns[column].textBytes = Int(end)
        }
        unsafe columns[column].finishValue()
    }

    /// Takes back the value that the open row has in `column`, if it has one.
    public mutating func removeValue(_ column: Int) {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above.
        unsafe columns[column].cut(to: min(columns[column].count, rowCount))
    }
}
