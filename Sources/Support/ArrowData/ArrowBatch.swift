public import CArrow

/// Rows in Arrow's layout: the owner of one ArrowArray (a struct array) and the ArrowSchema that
/// describes it.
///
/// Whoever made them, Millrace's columns or Arrow itself, they are released when the batch goes
/// away or when a consumer that took them over says so. Moving a batch to another thread is fine;
/// sharing it is not possible.
///
/// SAFETY: both structures are live from `init` on, and released once, by `deinit` or the consumer.
@safe
public struct ArrowBatch: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: both structures have this value as their only owner.
    internal var array: ArrowArray
    internal var schema: ArrowSchema
    /// The columns' names, types and field ids.
    public let fields: [ArrowField]
    /// Bytes the columns hold; 0 when who made the batch did not say.
    public let byteCount: Int

    /// Takes over structures that a C library filled.
    ///
    /// The array must be a struct array without nulls of its own, laid out as the schema says.
    public init(adopting array: ArrowArray, schema: ArrowSchema, byteCount: Int = 0) {
        unsafe self.array = array
        unsafe self.schema = schema
        fields = unsafe ArrowField(importing: schema).children
        self.byteCount = byteCount
    }

    /// A batch of `columns`, described by `fields`.
    public init(columns: [ArrowColumn], fields: [ArrowField], rows: Int) {
        precondition(columns.count == fields.count, "a batch needs one field per column")
        let root = ArrowColumn(structOf: columns, length: rows)
        unsafe array = root.exported()
        unsafe schema = ArrowField.exportedSchema(of: fields)
        self.fields = fields
        byteCount = root.byteCount
    }

    deinit {
        var array = unsafe array
        var schema = unsafe schema
        // SAFETY: both are live and nobody else releases them; a consumer that moved one left its
        // `release` null.
        unsafe array.release?(&array)
        unsafe schema.release?(&schema)
    }

    /// Number of rows.
    public var rowCount: Int { unsafe Int(array.length) }

    /// Lends both structures to a C library, which may take either over by the rules of the C Data
    /// Interface.
    public mutating func withUnsafeStructures<Result>(
        _ body: (UnsafeMutablePointer<ArrowArray>, UnsafeMutablePointer<ArrowSchema>) -> Result
    ) -> Result {
        unsafe body(&array, &schema)
    }

    /// A view of the `index`-th column.
    @_lifetime(borrow self)
    public func column(_ index: Int) -> ArrowColumnView {
        precondition(index >= 0 && index < fields.count, "no such column")
        // SAFETY: the array has as many children as the schema; both live as long as this borrow.
        let view = unsafe ArrowColumnView(
            array.children[index].unsafelyUnwrapped,
            field: fields[index],
            parentOffset: Int(array.offset),
            length: Int(array.length)
        )
        return unsafe _overrideLifetime(view, borrowing: self)
    }
}

/// A column of a batch, to be read value by value.
///
/// The values of nulls are unspecified. Asking for another type than the column has is a
/// programmer's error and traps.
///
/// SAFETY: the view cannot outlive the batch that it borrows, and every index is checked against
/// the array's length.
@safe
public struct ArrowColumnView: ~Escapable {
    /// Name, type and field id.
    public let field: ArrowField
    /// Number of values.
    public let count: Int
    internal let array: UnsafePointer<ArrowArray>
    internal let offset: Int

    @_lifetime(immortal)
    fileprivate init(
        _ array: UnsafePointer<ArrowArray>,
        field: ArrowField,
        parentOffset: Int,
        length: Int
    ) {
        self.field = field
        self.count = length
        unsafe self.array = array
        // A struct's own offset counts into its children (C Data Interface, "Structure arrays").
        self.offset = unsafe parentOffset + Int(array.pointee.offset)
    }

    private func place(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "no such row")
        return offset + index
    }

    internal func buffer(_ index: Int) -> UnsafeRawPointer? {
        // SAFETY: callers ask only for buffers that the column's type has.
        unsafe array.pointee.buffers[index].map { unsafe UnsafeRawPointer($0) }
    }

    private func bit(_ index: Int, in buffer: UnsafeRawPointer) -> Bool {
        // SAFETY: a bitmap has a bit for every row; `place` checked the row.
        let byte = unsafe buffer.load(fromByteOffset: index >> 3, as: UInt8.self)
        return byte >> (UInt8(index & 7)) & 1 == 1
    }

    private func value<T: BitwiseCopyable>(_ index: Int, as type: T.Type) -> T {
        guard let values = unsafe buffer(1) else { preconditionFailure("column has no values") }
        // SAFETY: `place` checked the row and the caller the type, so the value lies inside the
        // buffer.
        return unsafe values.loadUnaligned(
            fromByteOffset: place(index) * MemoryLayout<T>.size,
            as: T.self
        )
    }

    /// True when that value is null.
    public func isNull(_ index: Int) -> Bool {
        let place = place(index)
        guard unsafe array.pointee.null_count != 0, let validity = unsafe buffer(0) else {
            return false
        }
        return unsafe !bit(place, in: validity)
    }

    /// How many values are null.
    public var nullCount: Int {
        var nulls = 0
        for index in 0..<count where isNull(index) { nulls += 1 }
        return nulls
    }

    /// The value of a `boolean` column.
    public func boolean(_ index: Int) -> Bool {
        precondition(field.type == .boolean, "\(field.name) is no boolean")
        guard let values = unsafe buffer(1) else { preconditionFailure("column has no values") }
        return unsafe bit(place(index), in: values)
    }

    /// The value of an `int32` or `date32` column.
    public func int32(_ index: Int) -> Int32 {
        precondition(field.type == .int32 || field.type == .date32, "\(field.name) is no int32")
        return value(index, as: Int32.self)
    }

    /// The value of an `int64` or timestamp column.
    public func int64(_ index: Int) -> Int64 {
        switch field.type {
        case .int64, .timestampMicros: return value(index, as: Int64.self)
        default: preconditionFailure("\(field.name) is no int64")
        }
    }

    /// The unscaled value of a `decimal128` column.
    public func int128(_ index: Int) -> Int128 {
        guard case .decimal128 = field.type else {
            preconditionFailure("\(field.name) is no decimal")
        }
        return value(index, as: Int128.self)
    }

    /// The value of a `float32` column.
    public func float32(_ index: Int) -> Float {
        precondition(field.type == .float32, "\(field.name) is no float32")
        return value(index, as: Float.self)
    }

    /// The value of a `float64` column.
    public func float64(_ index: Int) -> Double {
        precondition(field.type == .float64, "\(field.name) is no float64")
        return value(index, as: Double.self)
    }

    /// The bytes of a `utf8` or `binary` value.
    @_lifetime(copy self)
    public func bytes(_ index: Int) -> RawSpan {
        precondition(field.type == .utf8 || field.type == .binary, "\(field.name) has no bytes")
        let place = place(index)
        guard let offsets = unsafe buffer(1) else { preconditionFailure("column has no offsets") }
        // SAFETY: there is one offset more than rows, and all of them point into the values.
        let start = unsafe Int(offsets.loadUnaligned(fromByteOffset: place * 4, as: Int32.self))
        let end = unsafe Int(offsets.loadUnaligned(fromByteOffset: place * 4 + 4, as: Int32.self))
        guard end > start, let values = unsafe buffer(2) else {
            return unsafe _overrideLifetime(RawSpan(), copying: self)
        }
        let span = unsafe RawSpan(_unsafeStart: values + start, byteCount: end - start)
        return unsafe _overrideLifetime(span, copying: self)
    }

    /// Which rows of a list's elements, or of a map's entries, belong to that row.
    public func elements(_ index: Int) -> Range<Int> {
        precondition(field.type == .list || field.type == .map, "\(field.name) is no list")
        let place = place(index)
        guard let offsets = unsafe buffer(1) else { preconditionFailure("column has no offsets") }
        // SAFETY: there is one offset more than rows.
        let start = unsafe Int(offsets.loadUnaligned(fromByteOffset: place * 4, as: Int32.self))
        let end = unsafe Int(offsets.loadUnaligned(fromByteOffset: place * 4 + 4, as: Int32.self))
        return start..<end
    }

    /// The `index`-th column of a struct; a list's elements or a map's entries, of all rows.
    @_lifetime(copy self)
    public func child(_ index: Int) -> ArrowColumnView {
        precondition(index >= 0 && index < field.children.count, "no such field")
        // SAFETY: a struct array has a child per field; all live as long as the batch.
        let child = unsafe array.pointee.children[index].unsafelyUnwrapped
        let isStruct = field.type == .struct
        let view = unsafe ArrowColumnView(
            child,
            field: field.children[index],
            parentOffset: isStruct ? offset : 0,
            length: isStruct ? count : Int(child.pointee.length)
        )
        return unsafe _overrideLifetime(view, copying: self)
    }
}
