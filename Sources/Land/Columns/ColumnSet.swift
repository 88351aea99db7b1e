public import ArrowData
internal import IcebergModel

/// Rows under construction: one growing column per column of the layout.
///
/// A row is built by appending at most one value to each column, in any order, and then
/// `finishRow`; columns without a value get null. `rollbackRow` takes everything back that was
/// appended since the last finished row. `takeBatch` gives the finished rows away, without a copy,
/// and begins anew with recycled memory.
///
/// Owned by one thread at a time. Appending twice to one column in one row, or a value of the wrong
/// kind, is a programmer's error and traps; decoders ask first.
@safe
public struct ColumnSet: ~Copyable, @unchecked Sendable {
    // @unchecked Sendable: the columns' memory has this value as its only owner.
    @usableFromInline internal var columns: UnsafeMutablePointer<Column>
    @usableFromInline internal var columnCount: Int
    /// Finished rows.
    public private(set) var rowCount = 0
    /// The columns.
    public private(set) var layout: ColumnLayout
    /// About how many bytes the finished rows take: what their records had, plus their positions.
    public private(set) var byteCount = 0
    internal let pool: BlockPool
    @usableFromInline internal var logColumn: Int
    /// Where the next value of a column goes: the open row, or the open struct or element.
    @usableFromInline internal var openRow = 0
    /// The name that the rows' `_log.topic` gets; nil in a table of one topic.
    @usableFromInline internal var topic: [UInt8]?
    /// Number of `_log.index`, or -1.
    @usableFromInline internal var indexColumn: Int
    private let requiredCount: Int

    /// The most bytes that may be given to one batch: offsets of text have 31 bits.
    public static let batchBytesMax = Int(Int32.max)

    /// An empty set of the layout's columns, in memory from `pool`.
    public init(layout: ColumnLayout, pool: BlockPool) {
        self.layout = layout
        self.pool = pool
        columnCount = layout.columns.count
        logColumn = layout.logColumn ?? -1
        topic = layout.hasTopic ? [] : nil
        indexColumn = layout.hasIndex ? logColumn + layout.logColumnCount - 1 : -1
        requiredCount = layout.requiredColumns.count
        // SAFETY: every element is initialised here, and deinitialised in `deinit` or moved by
        // `adopt`.
        unsafe columns = .allocate(capacity: max(columnCount, 1))
        for (index, column) in layout.columns.enumerated() {
            let shape = column.shape
            unsafe (columns + index).initialize(
                to: Column(kind: column.kind, shape: shape, pool: pool)
            )
        }
    }

    deinit {
        // SAFETY: all `columnCount` elements are initialised, and nobody else frees the table.
        unsafe columns.deinitialize(count: columnCount)
        unsafe columns.deallocate()
    }

    /// Adds the columns that `layout` has beyond the present ones; finished rows are null there.
    ///
    /// No row may be open. Fails when `layout` lacks a present column or has it differently.
    /// Columns may have other numbers from now on.
    public mutating func adopt(_ layout: ColumnLayout) throws(ColumnError) {
        if layout === self.layout { return }
        try layout.checkExtends(self.layout)
        let count = layout.columns.count
        var places: [Int: Int] = [:]
        for (index, column) in self.layout.columns.enumerated() { places[column.field.id] = index }
        // SAFETY: every old element moves to the new table once, since ids are unique and all of
        // them are in the new layout; the others are initialised here.
        let table = UnsafeMutablePointer<Column>.allocate(capacity: max(count, 1))
        for (index, column) in layout.columns.enumerated() {
            if let place = places[column.field.id] {
                unsafe (table + index).moveInitialize(from: columns + place, count: 1)
            } else {
                let shape = column.shape
                unsafe (table + index).initialize(
                    to: Column(kind: column.kind, shape: shape, pool: pool)
                )
            }
        }
        unsafe columns.deallocate()
        unsafe columns = table
        columnCount = count
        logColumn = layout.logColumn ?? -1
        indexColumn = layout.hasIndex ? logColumn + layout.logColumnCount - 1 : -1
        self.layout = layout
    }

    /// Finishes the row: every column without a value has null in it.
    ///
    /// `recordBytes` is the size of what the row was made of, for `byteCount`. Required columns
    /// must have been given a value (`missingRequiredColumn`).
    @inlinable
    public mutating func finishRow(at position: LogPosition, recordBytes: Int) {
        if logColumn >= 0 {
            // SAFETY: the layout has three columns from `logColumn` on.
            unsafe columns[logColumn].append(position.partition)
            unsafe columns[logColumn &+ 1].append(position.offset)
            unsafe columns[logColumn &+ 2].append(position.timestampMicros)
            if let topic {
                // SAFETY: a layout with a topic has a fourth column there.
                unsafe columns[logColumn &+ 3].extendText(topic.span.bytes)
                unsafe columns[logColumn &+ 3].finishText()
            }
        }
        if indexColumn >= 0 {
            // SAFETY: a layout with an index has a column of that number.
            unsafe columns[indexColumn].append(position.index)
        }
        countRow(recordBytes)
    }

    /// Names the topic of the rows to come, where the layout has a place for it.
    public mutating func setTopic(_ name: String) {
        if topic != nil { topic = Array(name.utf8) }
    }

    @usableFromInline
    internal mutating func countRow(_ recordBytes: Int) {
        rowCount &+= 1
        openRow = rowCount
        byteCount &+= recordBytes &+ 20
    }

    /// True when the table has required columns, `_log` not counted.
    public var hasRequired: Bool { requiredCount > 0 }

    /// The first required column that the open row has no value for.
    public var missingRequiredColumn: Int? {
        layout.requiredColumns.first { !hasValue($0) }
    }

    /// Takes back what was appended since the last finished row.
    public mutating func rollbackRow() {
        // What is inside a column comes behind it, so that its own end is known already.
        for index in 0..<columnCount {
            // SAFETY: the index is below the number of initialised columns.
            unsafe columns[index].cut(to: min(columns[index].count, owed(index)))
        }
        openRow = rowCount
    }

    /// How far the set is filled.
    public struct Mark: Sendable {
        fileprivate let rows: Int
        fileprivate let bytes: Int
    }

    /// How far the set is filled now. Good until the batch is taken.
    public var mark: Mark { Mark(rows: rowCount, bytes: byteCount) }

    /// Takes back every row that was finished since `mark`, and the open one.
    public mutating func rollback(to mark: Mark) {
        precondition(mark.rows <= rowCount, "the batch was taken since")
        rowCount = mark.rows
        byteCount = mark.bytes
        rollbackRow()
    }

    /// Bytes of memory that the columns hold, used or not.
    public var footprint: Int {
        // SAFETY: the indices are below the number of initialised columns.
        (0..<columnCount).reduce(0) { unsafe $0 + columns[$1].footprint }
    }

    /// True when a record of `bytes` bytes should go into the next batch.
    public func isNearlyFull(with bytes: Int) -> Bool {
        rowCount > 0 && byteCount &+ bytes > Self.batchBytesMax / 2
    }

    /// Gives away the finished rows and begins anew. No row may be open.
    public mutating func takeBatch() -> ArrowBatch {
        for index in layout.topColumns {
            precondition(!hasValue(index), "a row is still open")
        }
        let rows = rowCount
        var parts: [ArrowColumn] = []
        parts.reserveCapacity(layout.topColumns.count)
        for index in layout.topColumns { parts.append(take(index)) }
        if let log = layout.logPlace {
            let range = log..<log + layout.logColumnCount
            let position = ArrowColumn(structOf: Array(parts[range]), length: rows)
            parts.replaceSubrange(range, with: [position])
        }
        rowCount = 0
        openRow = 0
        byteCount = 0
        return ArrowBatch(columns: parts, fields: layout.fields, rows: rows)
    }
}
