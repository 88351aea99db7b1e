internal import Columns

// Records like the ones before, in one straight way: no look-ups, and values are put where they
// belong and counted together at the end. Where a record leaves the way nothing has happened, and
// it is decoded in full, which also says what is wrong with it.

extension JSONRowDecoder {
    /// True when the record is now the open row of the columns, false when nothing has happened.
    internal func decodeFamiliar(_ value: RawSpan, into columns: inout ColumnSet) -> Bool {
        var cursor = JSONCursor(value)
        /// The fields whose values the columns have counted already.
        var counted: UInt64 = 0
        let count = familiar.count
        var index = 0
        while index < count {
            guard familiar.skipGlue(index, &cursor) else { break }
            let column = familiar.column(index)
            var isInPlace = false
            switch familiar.kind(index) {
            case .text:
                isInPlace = Self.placeText(&cursor, into: columns, column)
            case .long:
                let start = cursor.position
                if cursor.position < cursor.end, let number = cursor.scanSmallInteger() {
                    isInPlace = columns.setEight(column, number)
                    if !isInPlace { cursor.position = start }
                }
            case .double:
                let start = cursor.position
                if cursor.position < cursor.end, let number = cursor.scanSmallDecimal() {
                    isInPlace = columns.setEight(column, number)
                    if !isInPlace { cursor.position = start }
                }
            case .any: break
            case .skipped:
                isInPlace = skipUnknown(&cursor)
                guard isInPlace else {
                    undo(counted, &columns)
                    return false
                }
            }
            if !isInPlace {
                guard appendAny(&cursor, into: &columns, column) else { break }
                counted |= 1 << UInt64(index)
            }
            index &+= 1
        }
        guard index == count, cursor.position &+ 1 == cursor.end,
            cursor.byte(cursor.position) == UInt8(ascii: "}")
        else {
            undo(counted, &columns)
            return false
        }
        for index in 0..<count where counted >> UInt64(index) & 1 == 0 {
            let kind = familiar.kind(index)
            if kind == .skipped { continue }
            columns.countValue(familiar.column(index), isText: kind == .text)
        }
        return true
    }

    /// Takes back what was counted.
    @inline(never)
    private func undo(_ counted: UInt64, _ columns: inout ColumnSet) {
        for index in 0..<familiar.count where counted >> UInt64(index) & 1 == 1 {
            columns.removeValue(familiar.column(index))
        }
    }

    /// Moves over the value of a field that is no column's; false when it cannot stand there.
    @inline(never)
    private func skipUnknown(_ cursor: inout JSONCursor) -> Bool {
        let isDeep = plan.nested == .structs
        return (try? TypeInference.infer(&cursor, isDeep: isDeep, depth: 2)) != nil
    }

    /// Any value by the rules for all; false when it cannot be the column's.
    @inline(never)
    private func appendAny(
        _ cursor: inout JSONCursor,
        into columns: inout ColumnSet,
        _ column: Int
    ) -> Bool {
        if columns.hasValue(column) { return false }
        do throws(JSONFault) {
            try Self.decodeValue(&cursor, into: &columns, column)
            return true
        } catch {
            columns.removeValue(column)
            return false
        }
    }

    /// Puts a string of plain ASCII into place. False, and no move, if it is another value, or so
    /// near the record's end that sixteen bytes cannot be looked at, or the column must grow first.
    @inline(__always)
    private static func placeText(
        _ cursor: inout JSONCursor,
        into columns: borrowing ColumnSet,
        _ column: Int
    ) -> Bool {
        let start = cursor.position &+ 1
        let last = cursor.end &- 16
        // SAFETY: every store writes 16 bytes that the record has, at the same distance from the
        // text's beginning, so all lie within what was asked for: the rest of the record.
        guard start <= last, cursor.byte(start &- 1) == UInt8(ascii: "\""),
            let place = unsafe columns.textPlace(column, room: cursor.end &- start)
        else { return false }
        var chunkStart = start
        while true {
            let chunk = cursor.chunk(chunkStart)
            unsafe place.storeBytes(
                of: chunk,
                toByteOffset: chunkStart &- start,
                as: SIMD16<Int8>.self
            )
            let length = cursor.plainLength(at: chunkStart)
            if length < 16 {
                let end = chunkStart &+ length
                guard cursor.byte(end) == UInt8(ascii: "\"") else { return false }
                columns.setText(column, length: end &- start)
                cursor.position = end &+ 1
                return true
            }
            if chunkStart == last { return false }
            // The last chunk overlaps the one before it rather than reach beyond the record.
            chunkStart = min(chunkStart &+ 16, last)
        }
    }
}

extension JSONRowDecoder {
    /// How often a way may fail before another is looked for, and how long none is tried then.
    private enum Patience {
        static let most = 16
        static let failure = 4
        static let pause = 64
    }

    /// Tries the familiar way and remembers how that went.
    @inline(__always)
    internal mutating func tryFamiliar(_ value: RawSpan, into columns: inout ColumnSet) -> Bool {
        guard familiar.count > 0 else { return false }
        if decodeFamiliar(value, into: &columns) {
            if patience < Patience.most { patience &+= 1 }
            return true
        }
        patience &-= Patience.failure
        if patience < 0 {
            familiar.removeAll()
            pause = Patience.pause
        }
        return false
    }

    /// Makes the way of the record that was just decoded, whose last key was `last`, the familiar
    /// one, if none is known.
    @inline(never)
    internal mutating func learnFamiliar(last: Int, _ columns: borrowing ColumnSet) {
        if pause > 0 {
            pause &-= 1
            return
        }
        if last < 0 { return }
        patience = Patience.failure
        // Objects of unknown names are looked into where they are flattened.
        let skipsUnknown = unknownFields == .ignore && plan.nested != .flatten
        var key = fields.table.first
        while key >= 0 {
            let number = Int(fields.table.keys[key].number)
            let glue = fields.table.glue(key)
            guard glue.count > 0, number >= 0 || (number == Code.unknown && skipsUnknown) else {
                break
            }
            let kind: FamiliarRow.Kind =
                number < 0 ? .skipped : Self.familiarKind(columns.kind(number))
            guard familiar.add(glue: glue, column: max(number, 0), kind: kind) else { break }
            if key == last { return }
            key = fields.table.next(key)
        }
        familiar.removeAll()
        pause = Patience.pause
    }

    private static func familiarKind(_ kind: ColumnKind) -> FamiliarRow.Kind {
        switch kind {
        case .string: .text
        case .long: .long
        case .double: .double
        default: .any
        }
    }
}
