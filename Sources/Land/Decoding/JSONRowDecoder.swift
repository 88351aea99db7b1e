public import Columns
internal import IcebergModel

/// Turns JSON objects into rows, learning from each record what the next will look like.
///
/// One decoder belongs to one thread and may fill any number of column sets, one after the other;
/// it is fastest when they share a layout. Nothing is allocated for a record that is like the ones
/// before. What becomes of which value stands in README.md.
public struct JSONRowDecoder: ~Copyable {
    /// What happens to fields that the table has no column for.
    public let unknownFields: UnknownFields
    /// The most columns that the table may have, those of `_log` not counted.
    public let columnsMax: Int
    /// Which field goes into which column.
    public let plan: DecodingPlan
    private let takenColumns: Set<String>
    internal var fields = FieldReader()
    /// Keys of the table that stand for columns; those behind them are unknown names.
    private var columnKeys = 0
    private var layout: ColumnLayout?
    /// By column: whether it also takes texts that spell a value of its type.
    internal var castColumns: [Bool] = []
    /// Counts records, so that a name that stands twice in one is noticed.
    internal var record = 0
    /// What the record calls for, in its order.
    private var inferred: [InferredField] = []
    private var unknownInRecord = 0

    /// Codes for names that are not columns, where a column's number would stand.
    internal enum Code {
        static let unknown = -1
        static let reserved = -2
        static let shadowed = -3
    }

    /// A decoder.
    public init(
        unknownFields: UnknownFields = .report,
        columnsMax: Int = DecodeLimits.columnsMax,
        plan: DecodingPlan = DecodingPlan()
    ) {
        self.plan = plan
        takenColumns = plan.takenColumns
        self.unknownFields = unknownFields
        self.columnsMax = columnsMax
    }

    /// What a record without a value comes to.
    public static var tombstone: RowOutcome { .rejected(DecodeIssue(.tombstone)) }

    /// Decodes the JSON object in `value` into the next row of `columns`.
    ///
    /// Only `.row` leaves something in the columns: one more finished row.
    public mutating func decode(
        _ value: RawSpan,
        at position: LogPosition,
        into columns: inout ColumnSet
    ) -> RowOutcome {
        if columns.byteCount &+ value.byteCount > ColumnSet.batchBytesMax / 2 {
            if columns.rowCount > 0 { return .full }
        }
        prepare(for: columns.layout)
        var cursor = JSONCursor(value)
        var key = -1
        do throws(JSONFault) {
            try decodeObject(&cursor, into: &columns, &key)
        } catch {
            columns.rollbackRow()
            return .rejected(issue(error, key, columns))
        }
        if !inferred.isEmpty || columns.hasRequired {
            if let outcome = settle(&columns) { return outcome }
        }
        columns.finishRow(at: position, recordBytes: value.byteCount)
        return .row
    }

    /// Makes the table of names fit the layout, and forgets names that nobody needs.
    @inline(__always)
    private mutating func prepare(for layout: ColumnLayout) {
        record &+= 1
        unknownInRecord = 0
        if self.layout !== layout { bind(layout) }
        if fields.table.keys.count > columnKeys &+ DecodeLimits.rememberedMax {
            fields.table.truncate(to: columnKeys)
        }
    }

    @inline(never)
    private mutating func bind(_ layout: ColumnLayout) {
        fields.table = KeyTable()
        _ = fields.table.add(name: LogColumn.name.utf8, number: Code.reserved)
        for (field, column) in plan.columnsByField {
            guard let number = layout.number(ofColumn: column) else { continue }
            _ = fields.table.add(name: field.utf8, number: number)
        }
        for column in takenColumns {
            _ = fields.table.add(name: column.utf8, number: Code.shadowed)
        }
        for (number, column) in layout.columns.enumerated() {
            if let log = layout.logColumn, (log..<log + layout.logColumnCount).contains(number) {
                continue
            }
            if plan.columnsByField[column.field.name] != nil { continue }
            if takenColumns.contains(column.field.name) { continue }
            _ = fields.table.add(name: column.field.name.utf8, number: number)
        }
        let castsAll = plan.castsAllColumns
        castColumns = layout.columns.map {
            castsAll || plan.castColumns.contains($0.field.name)
        }
        columnKeys = fields.table.keys.count
        self.layout = layout
    }

    @inline(__always)
    private mutating func decodeObject(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ key: inout Int
    ) throws(JSONFault) {
        if try FieldReader.begin(&cursor) {
            repeat {
                let next = try fields.key(&cursor, after: key, unknown: Code.unknown)
                key = next
                let number = Int(fields.table.keys[next].number)
                if number >= 0 {
                    if columns.hasValue(number) {
                        throw JSONFault(.duplicateField, at: cursor.position)
                    }
                    let start = cursor.position
                    do throws(JSONFault) {
                        try Self.decodeValue(&cursor, into: &columns, number)
                    } catch {
                        try recover(from: error, &cursor, at: start, into: &columns, number)
                    }
                } else {
                    try decodeUnknown(&cursor, next, number, columns)
                }
            } while try FieldReader.continues(&cursor)
        }
        key = -1
        cursor.skipWhitespace()
        guard cursor.position == cursor.end else {
            throw JSONFault(.trailingBytes, at: cursor.position)
        }
    }

    /// The outcome of a record that was read but is not yet a row; nil when it can be one.
    @inline(never)
    private mutating func settle(_ columns: inout ColumnSet) -> RowOutcome? {
        if !inferred.isEmpty {
            let fields = inferred
            inferred.removeAll(keepingCapacity: true)
            columns.rollbackRow()
            return .needsColumns(fields)
        }
        guard let missing = columns.missingRequiredColumn else { return nil }
        let field = columns.layout.columns[missing].field
        columns.rollbackRow()
        return .rejected(
            DecodeIssue(.missingField, field: field.name, columnType: field.type.description)
        )
    }

    @inline(never)
    private mutating func issue(
        _ fault: JSONFault,
        _ key: Int,
        _ columns: borrowing ColumnSet
    ) -> DecodeIssue {
        inferred.removeAll(keepingCapacity: true)
        guard key >= 0 else { return DecodeIssue(fault.reason, offset: fault.offset) }
        let number = Int(fields.table.keys[key].number)
        return DecodeIssue(
            fault.reason,
            field: fields.table.name(key),
            offset: fault.offset,
            columnType: number >= 0 ? columns.layout.columns[number].field.type.description : nil
        )
    }
}

extension JSONRowDecoder {
    /// A field that is no column: checked, and noted if a column can be made of it.
    @inline(never)
    private mutating func decodeUnknown(
        _ cursor: inout JSONCursor,
        _ key: Int,
        _ code: Int,
        _ columns: borrowing ColumnSet
    ) throws(JSONFault) {
        let start = cursor.position
        if code == Code.reserved { throw JSONFault(.reservedField, at: start) }
        if fields.table.mark(key, record: record) {
            throw JSONFault(.duplicateField, at: start)
        }
        let type = try Self.inferType(&cursor)
        switch unknownFields {
        case .ignore:
            // Names of a record that has very many are still remembered until the next one.
            unknownInRecord &+= 1
            if unknownInRecord > DecodeLimits.fieldsMax {
                throw JSONFault(.tooManyFields, at: start)
            }
        case .reject:
            throw JSONFault(.unknownField, at: start)
        case .report:
            if code == Code.shadowed { throw JSONFault(.shadowedField, at: start) }
            unknownInRecord &+= 1
            if unknownInRecord > DecodeLimits.fieldsMax {
                throw JSONFault(.tooManyFields, at: start)
            }
            guard let type else { return }
            let name = fields.table.name(key)
            guard (1...DecodeLimits.nameBytesMax).contains(name.utf8.count),
                !name.utf8.contains(0)
            else { throw JSONFault(.unusableFieldName, at: start) }
            let present =
                columns.layout.schema.fields.count
                - (columns.layout.logColumn == nil ? 0 : 1)
            guard present + inferred.count < columnsMax else {
                throw JSONFault(.tooManyColumns, at: start)
            }
            inferred.append(InferredField(name: plan.columnsByField[name] ?? name, type: type))
        }
    }

    /// Moves over a value and says which type a column for it would have; nil for null.
    private static func inferType(_ cursor: inout JSONCursor) throws(JSONFault) -> IcebergType? {
        if cursor.next <= 0x20 { cursor.skipWhitespace() }
        switch cursor.next {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try cursor.scanNumber()
            if number.int64 != nil { return .long }
            guard number.double(in: cursor) != nil else {
                throw JSONFault(.outOfRange, at: number.start)
            }
            return .double
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            try cursor.skipValue(depth: 1)
            return .boolean
        case UInt8(ascii: "n"):
            try cursor.skipValue(depth: 1)
            return nil
        default:
            try cursor.skipValue(depth: 1)
            return .string
        }
    }
}
