// One value into the open row. `column` is a number of the layout; a wrong one traps.

extension ColumnSet {
    /// How the values of `column` are kept.
    @inlinable
    @inline(__always)
    public func kind(_ column: Int) -> ColumnKind {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above.
        return unsafe columns[column].kind
    }

    /// True when the open row has a value (or an explicit null) in `column`.
    @inlinable
    @inline(__always)
    public func hasValue(_ column: Int) -> Bool {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above.
        return unsafe columns[column].count > openRow
    }

    /// Checks the column and its kind, and adds the nulls it owes.
    @inlinable
    @inline(__always)
    internal mutating func open(_ column: Int, _ isOfKind: Bool) {
        precondition(isOfKind, "the column is of another kind")
        // SAFETY: `kind`, which gave `isOfKind`, checked the column.
        if unsafe columns[column].count != openRow {
            precondition(!hasValue(column), "the row has a value in that column already")
            unsafe columns[column].pad(to: openRow)
        }
    }

    /// Appends a truth value.
    @inlinable
    public mutating func append(boolean value: Bool, to column: Int) {
        open(column, kind(column) == .boolean)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// Appends to an `int` or `date` column.
    @inlinable
    public mutating func append(int value: Int32, to column: Int) {
        let kind = kind(column)
        open(column, kind == .int || kind == .date)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// Appends to a `long`, `timestamp` or `timestamptz` column (times in microseconds).
    @inlinable
    @inline(__always)
    public mutating func append(long value: Int64, to column: Int) {
        let kind = kind(column)
        open(column, kind == .long || kind == .timestamp || kind == .timestamptz)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// Appends to a `decimal` column: the number without its point, which is below 10 to the power
    /// of the column's precision.
    @inlinable
    public mutating func append(unscaled value: Int128, to column: Int) {
        open(column, kind(column) == .decimal)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// How many digits the numbers of `column` have.
    @inlinable
    public func decimalShape(_ column: Int) -> DecimalShape {
        precondition(column >= 0 && column < columnCount, "no such column")
        // SAFETY: checked just above.
        return unsafe columns[column].shape
    }

    /// Appends to a `float` column.
    @inlinable
    public mutating func append(float value: Float, to column: Int) {
        open(column, kind(column) == .float)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// Appends to a `double` column.
    @inlinable
    @inline(__always)
    public mutating func append(double value: Double, to column: Int) {
        open(column, kind(column) == .double)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].append(value)
    }

    /// Appends to a `string` column, which takes only UTF-8, or a `binary` one. Copies the bytes.
    @inlinable
    @inline(__always)
    public mutating func append(bytes value: RawSpan, to column: Int) {
        open(column, kind(column).isText)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].extendText(value)
        unsafe columns[column].finishText()
    }

    /// Lets `body` write a text or binary value of at most `capacity` bytes where it belongs.
    ///
    /// It returns how many it wrote, or a negative number if there is to be no value; then the
    /// result is false and the column as before.
    @inlinable
    @inline(__always)
    public mutating func appendUninitialized(
        capacity: Int,
        to column: Int,
        _ body: (UnsafeMutableRawPointer) -> Int
    ) -> Bool {
        open(column, kind(column).isText)
        // SAFETY: `kind` checked the column; the block has `capacity` bytes behind the text so far.
        unsafe columns[column].reserveText(capacity)
        let written = unsafe body(columns[column].textEnd)
        if written < 0 { return false }
        precondition(written <= capacity, "more written than there was room")
        unsafe columns[column].textBytes &+= written
        unsafe columns[column].finishText()
        return true
    }

    /// Appends an explicit null.
    @inlinable
    public mutating func appendNull(to column: Int) {
        open(column, kind(column).valueBytes >= 0)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].pad(to: openRow &+ 1)
    }

    /// Adds to the beginning of a text or binary value that `finishBytes` will complete.
    @inlinable
    @inline(__always)
    public mutating func extendBytes(_ piece: RawSpan, in column: Int) {
        open(column, kind(column).isText)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].extendText(piece)
    }

    /// Adds one byte to the beginning of a text or binary value that `finishBytes` will complete.
    @inlinable
    public mutating func extendBytes(_ byte: UInt8, in column: Int) {
        open(column, kind(column).isText)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].extendText(byte)
    }

    /// Completes the value that `extendBytes` began; an empty one when it did not.
    @inlinable
    public mutating func finishBytes(in column: Int) {
        open(column, kind(column).isText)
        // SAFETY: `kind` checked the column.
        unsafe columns[column].finishText()
    }
}
