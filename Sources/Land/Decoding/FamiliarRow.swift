internal import Columns

/// The fields of the records that came last, in their order, as one straight way through a record.
///
/// SAFETY: `steps` has `capacity` elements, of which the first `count` are initialised; it belongs
/// to this value alone and is freed in `deinit`. Steps hold no references.
@safe
internal struct FamiliarRow: ~Copyable {
    /// How a field's value is read.
    enum Kind: UInt8 {
        case text, long, double
        /// By the rules for any value of any column.
        case any
        /// It is no column's: checked and left out.
        case skipped
    }

    /// One field.
    struct Step {
        /// The first sixteen bytes of what stands before the value: brace or comma, key, colon, and
        /// white space.
        var glue: (low: UInt64, high: UInt64)
        /// All bits of those bytes that count.
        var mask: (low: UInt64, high: UInt64)
        /// How many bytes stand there.
        var glueCount: Int
        /// Where all of them are in `bytes`.
        var glueStart: Int
        /// The column, but for skipped fields.
        var column: Int
        var kind: Kind
    }

    /// The most fields: which of them need undoing is kept in one word.
    static let stepsMax = 64

    private let steps: UnsafeMutablePointer<Step>
    /// Fields; none when no way is known.
    private(set) var count = 0
    private var bytes: [UInt8] = []

    init() {
        unsafe steps = .allocate(capacity: Self.stepsMax)
    }

    deinit {
        unsafe steps.deallocate()
    }

    mutating func removeAll() {
        count = 0
        bytes.removeAll(keepingCapacity: true)
    }

    /// Adds a field that stands behind all others; false when there are too many.
    mutating func add(glue: some Collection<UInt8>, column: Int, kind: Kind) -> Bool {
        guard count < Self.stepsMax else { return false }
        var step = Step(
            glue: (0, 0),
            mask: (0, 0),
            glueCount: glue.count + 1,
            glueStart: bytes.count,
            column: column,
            kind: kind
        )
        bytes.append(count == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
        bytes.append(contentsOf: glue)
        for index in 0..<min(step.glueCount, 16) {
            let byte = UInt64(bytes[step.glueStart + index])
            let shift = UInt64(index & 7) * 8
            if index < 8 {
                step.glue.low |= byte << shift
                step.mask.low |= 0xFF << shift
            } else {
                step.glue.high |= byte << shift
                step.mask.high |= 0xFF << shift
            }
        }
        unsafe (steps + count).initialize(to: step)
        count += 1
        return true
    }

    /// The `index`-th field, which must be below `count`.
    @inline(__always)
    func column(_ index: Int) -> Int { unsafe steps[index].column }

    /// How the `index`-th field is read; it must be below `count`.
    @inline(__always)
    func kind(_ index: Int) -> Kind { unsafe steps[index].kind }

    /// Moves over what stands before the value of the `index`-th field; false, and no move, when
    /// something else does.
    @inline(__always)
    func skipGlue(_ index: Int, _ cursor: inout JSONCursor) -> Bool {
        let glueCount = unsafe steps[index].glueCount
        let position = cursor.position
        guard position &+ 16 <= cursor.end, glueCount <= 16 else {
            return skipUnusualGlue(index, &cursor)
        }
        let (glue, mask) = unsafe (steps[index].glue, steps[index].mask)
        let low = (cursor.word(position) ^ glue.low) & mask.low
        let high = (cursor.word(position &+ 8) ^ glue.high) & mask.high
        guard low | high == 0 else { return false }
        cursor.position = position &+ glueCount
        return true
    }

    /// Long keys, and those near the record's end.
    @inline(never)
    private func skipUnusualGlue(_ index: Int, _ cursor: inout JSONCursor) -> Bool {
        let (start, glueCount) = unsafe (steps[index].glueStart, steps[index].glueCount)
        guard cursor.position &+ glueCount <= cursor.end else { return false }
        for offset in 0..<glueCount {
            if cursor.byte(cursor.position &+ offset) != bytes[start &+ offset] { return false }
        }
        cursor.position &+= glueCount
        return true
    }
}
