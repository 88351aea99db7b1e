internal import Columns
internal import IcebergModel

extension JSONRowDecoder {
    /// A value that its column did not take: what the plan says of such values.
    ///
    /// The column is as before the value; `start` is where the value begins.
    @inline(never)
    internal mutating func recover(
        from fault: JSONFault,
        _ cursor: inout JSONCursor,
        at start: Int,
        into columns: inout ColumnSet,
        _ column: Int,
        _ key: KeyPlace
    ) throws(JSONFault) {
        guard fault.reason.isMisfit else { throw fault }
        if castColumns[column] {
            cursor.position = start
            if try cast(&cursor, into: &columns, column) { return }
        }
        if plan.nested == .flatten, key.level != KeyPlace.none {
            cursor.position = start
            cursor.skipWhitespace()
            if cursor.next == UInt8(ascii: "{") {
                let level = flatLevel(of: key)
                return try decodeFlat(&cursor, into: &columns, level, depth: 2)
            }
        }
        switch plan.contract.types {
        case .discardValue:
            guard !columns.layout.columns[column].field.required else { throw fault }
            cursor.position = start
            cursor.skipWhitespace()
            try cursor.skipValue(depth: 1)
            columns.appendNull(to: column)
        case .evolve:
            cursor.position = start
            try decodeVariant(&cursor, into: &columns, column, key, fault)
        case .freeze, .discardRow, .quarantine, nil:
            throw fault
        }
    }

    /// Takes a value that its column does not take into a column beside it, which is named after
    /// both: `price__v_string`.
    private mutating func decodeVariant(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int,
        _ key: KeyPlace,
        _ fault: JSONFault
    ) throws(JSONFault) {
        let start = cursor.position
        let parent = columns.layout.columns[column].parent
        let isDecimal = columns.kind(column) == .decimal
        // Elements of lists and maps have no column beside them.
        guard key.level != KeyPlace.none,
            let found = try TypeInference.infer(&cursor, isDeep: false, depth: 2)
        else { throw fault }
        let type: IcebergType = isDecimal ? .string : found
        let field = columns.layout.columns[column].field
        let name = "\(field.name)__v_\(type)"
        let present =
            parent < 0
            ? columns.layout.number(ofColumn: name)
            : columns.layout.number(ofField: name, in: parent)
        guard let present else {
            let parentID = parent < 0 ? nil : columns.layout.columns[parent].field.id
            return try report(name, type, parentID: parentID, doc: nil, at: start, columns)
        }
        if columns.hasValue(present) { throw JSONFault(.duplicateField, at: start) }
        cursor.position = start
        try Self.decodeValue(&cursor, into: &columns, present)
    }

    /// Takes a string for what it spells, and `5.0` for a whole number. False when neither helps.
    private func cast(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) throws(JSONFault) -> Bool {
        cursor.skipWhitespace()
        if cursor.next == UInt8(ascii: "\"") {
            cursor.position &+= 1
            let text = cursor.unescaped(try cursor.scanString())
            // SAFETY: the array outlives the call.
            let reason = unsafe ScalarText.append(text.span.bytes, to: column, of: &columns)
            return reason == nil
        }
        guard Self.isNumber(cursor.next) else { return false }
        guard let value = Int64(exactly: try cursor.scanNumber().double(in: cursor) ?? 0.5) else {
            return false
        }
        switch columns.kind(column) {
        case .long:
            columns.append(long: value, to: column)
        case .int:
            guard let small = Int32(exactly: value) else { return false }
            columns.append(int: small, to: column)
        default:
            return false
        }
        return true
    }
}

extension DecodeIssue.Reason {
    /// True when the value is a value, but not one of its column.
    internal var isMisfit: Bool {
        switch self {
        case .wrongType, .outOfRange, .invalidTime, .invalidBase64: true
        default: false
        }
    }
}
