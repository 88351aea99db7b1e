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
    internal let takenColumns: Set<String>
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
    /// Names below the top: of struct columns' fields, and of flattened objects'.
    internal var levels: [NestedKeys] = []
    /// By column: the level of a struct's fields; -1 before it was met, empty before any was.
    internal var structLevels: [Int] = []
    /// Levels of flattened objects, by the way to them.
    internal var flatLevels: [String: Int] = [:]
    /// Names from a fault inside a nested value up to the top.
    internal var faultPath: [String] = []
    /// The way of the records before this one.
    internal var familiar = FamiliarRow()
    /// How far the familiar way is trusted; below zero another is looked for.
    internal var patience = 0
    /// Records to be decoded before another way is looked for.
    internal var pause = 0
    private var lastKey = -1

    /// Codes for names that are not columns, where a column's number would stand.
    internal enum Code {
        static let unknown = -1
        static let reserved = -2
        static let shadowed = -3
        static let colliding = -4
        private static let firstNested = -16

        /// The code of a column of struct, list or map type.
        static func nested(_ column: Int) -> Int { firstNested - column }

        /// The column that `code`, which `nested` gave, stands for.
        static func column(_ code: Int) -> Int { firstNested - code }

        /// True for what `nested` gave.
        static func isNested(_ code: Int) -> Bool { code <= firstNested }
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
        if tryFamiliar(value, into: &columns) {
            columns.finishRow(at: position, recordBytes: value.byteCount)
            return .row
        }
        return decodeAny(value, at: position, into: &columns)
    }

    /// Decodes the record if it is like the ones before. False, and nothing has happened, when it
    /// is not, or when the columns are others than last time: `decode` it then.
    public mutating func decodeIfFamiliar(
        _ value: RawSpan,
        at position: LogPosition,
        into columns: inout ColumnSet
    ) -> Bool {
        guard layout === columns.layout, tryFamiliar(value, into: &columns) else { return false }
        columns.finishRow(at: position, recordBytes: value.byteCount)
        return true
    }

    /// A record of any kind.
    @inline(never)
    private mutating func decodeAny(
        _ value: RawSpan,
        at position: LogPosition,
        into columns: inout ColumnSet
    ) -> RowOutcome {
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
        if familiar.count == 0, unknownInRecord == 0 || unknownFields == .ignore,
            !columns.hasRequired
        {
            learnFamiliar(last: lastKey, columns)
        }
        return .row
    }

    /// Makes the table of names fit the layout, and forgets names that nobody needs.
    @inline(__always)
    private mutating func prepare(for layout: ColumnLayout) {
        record &+= 1
        unknownInRecord = 0
        if !faultPath.isEmpty { faultPath.removeAll() }
        if self.layout !== layout { bind(layout) }
        if fields.table.keys.count > columnKeys &+ DecodeLimits.rememberedMax {
            fields.table.truncate(to: columnKeys)
            familiar.removeAll()
        }
    }

    @inline(never)
    private mutating func bind(_ layout: ColumnLayout) {
        fields.table = KeyTable()
        levels = []
        structLevels = []
        flatLevels = [:]
        familiar.removeAll()
        pause = 0
        _ = fields.table.add(name: LogColumn.name.utf8, number: Code.reserved)
        func number(_ column: Int) -> Int {
            layout.columns[column].kind.isNested ? Code.nested(column) : column
        }
        for (field, column) in plan.columnsByField {
            guard let column = layout.number(ofColumn: column) else { continue }
            _ = fields.table.add(name: field.utf8, number: number(column))
        }
        for column in takenColumns {
            _ = fields.table.add(name: column.utf8, number: Code.shadowed)
        }
        for column in layout.topColumns {
            let field = layout.columns[column].field
            guard layout.number(ofColumn: field.name) == column,
                plan.columnsByField[field.name] == nil, !takenColumns.contains(field.name)
            else { continue }
            let isOthers = plan.nested == .flatten && Self.isFlat(field)
            let code = isOthers ? Code.colliding : number(column)
            _ = fields.table.add(name: field.name.utf8, number: code)
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
                        let place = KeyPlace(level: KeyPlace.top, key: next)
                        try recover(from: error, &cursor, at: start, into: &columns, number, place)
                    }
                } else {
                    try decodeUnusual(&cursor, next, number, into: &columns)
                }
            } while try FieldReader.continues(&cursor)
        }
        lastKey = key
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
        let isInside = !faultPath.isEmpty
        return DecodeIssue(
            fault.reason,
            field: ([fields.table.name(key)] + faultPath.reversed()).joined(separator: "."),
            offset: fault.offset,
            columnType: number >= 0 && !isInside
                ? columns.layout.columns[number].field.type.description : nil
        )
    }
}

extension JSONRowDecoder {
    /// A field that is not simply a column: a nested one, one to be flattened, or an unknown one.
    @inline(never)
    private mutating func decodeUnusual(
        _ cursor: inout JSONCursor,
        _ key: Int,
        _ code: Int,
        into columns: inout ColumnSet
    ) throws(JSONFault) {
        let start = cursor.position
        let place = KeyPlace(level: KeyPlace.top, key: key)
        if Code.isNested(code) {
            let column = Code.column(code)
            if columns.hasValue(column) { throw JSONFault(.duplicateField, at: start) }
            try decodeDeep(&cursor, into: &columns, column, place, depth: 2)
            return
        }
        if code == Code.reserved { throw JSONFault(.reservedField, at: start) }
        if code == Code.colliding { throw JSONFault(.collidingField, at: start) }
        if fields.table.mark(key, record: record) {
            throw JSONFault(.duplicateField, at: start)
        }
        if plan.nested == .flatten, code == Code.unknown {
            cursor.skipWhitespace()
            if cursor.next == UInt8(ascii: "{") {
                let level = flatLevel(of: place)
                try decodeFlat(&cursor, into: &columns, level, depth: 2)
                return
            }
        }
        if code == Code.shadowed, unknownFields == .report {
            throw JSONFault(.shadowedField, at: start)
        }
        let name = fields.table.name(key)
        let column = plan.columnsByField[name] ?? name
        try note(unknown: column, parentID: nil, doc: nil, &cursor, at: start, columns)
    }

    /// A field that is no column: checked, and noted if a column can be made of it.
    internal mutating func note(
        unknown name: String,
        parentID: Int?,
        doc: String?,
        _ cursor: inout JSONCursor,
        at start: Int,
        _ columns: borrowing ColumnSet
    ) throws(JSONFault) {
        let type = try TypeInference.infer(&cursor, isDeep: plan.nested == .structs, depth: 2)
        if unknownFields == .reject { throw JSONFault(.unknownField, at: start) }
        // Names of a record that has very many are still remembered until the next one.
        unknownInRecord &+= 1
        if unknownInRecord > DecodeLimits.fieldsMax {
            throw JSONFault(.tooManyFields, at: start)
        }
        guard unknownFields == .report, let type else { return }
        try report(name, type, parentID: parentID, doc: doc, at: start, columns)
    }

    /// Notes that the record needs another column.
    internal mutating func report(
        _ name: String,
        _ type: IcebergType,
        parentID: Int?,
        doc: String?,
        at start: Int,
        _ columns: borrowing ColumnSet
    ) throws(JSONFault) {
        guard DecodeLimits.isUsable(name) else { throw JSONFault(.unusableFieldName, at: start) }
        let wanted = inferred.reduce(TypeInference.valueCount(type)) {
            $0 + TypeInference.valueCount($1.type)
        }
        guard columns.layout.valueColumnCount + wanted <= columnsMax else {
            throw JSONFault(.tooManyColumns, at: start)
        }
        let field = InferredField(name: name, type: type, parentID: parentID, doc: doc)
        // Two elements of a list may lack the same field.
        if let index = inferred.firstIndex(where: { $0.name == name && $0.parentID == parentID }) {
            let both = TypeInference.merged(inferred[index].type, type) ?? type
            inferred[index] = InferredField(name: name, type: both, parentID: parentID, doc: doc)
            return
        }
        inferred.append(field)
    }
}
