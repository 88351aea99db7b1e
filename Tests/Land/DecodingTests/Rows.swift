import ArrowData
import Bytes
import Columns
import Decoding
import IcebergModel

/// A value of a row, as tests like to compare it.
enum Cell: Equatable, CustomStringConvertible {
    case null
    case boolean(Bool)
    case integer(Int64)
    case bits(UInt64)
    case text(String)

    static func double(_ value: Double) -> Cell { .bits(value.bitPattern) }

    var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .bits(let bits): "\(Double(bitPattern: bits))"
        case .text(let text): "\"\(text)\""
        }
    }
}

/// A decoder with its columns, for tests.
struct Table: ~Copyable {
    var decoder: JSONRowDecoder
    var set: ColumnSet
    var offset: Int64 = 0

    init(
        _ fields: [NestedField],
        unknown: UnknownFields = .report,
        columnsMax: Int = 1000,
        plan: DecodingPlan = DecodingPlan()
    ) throws {
        decoder = JSONRowDecoder(
            unknownFields: unknown,
            columnsMax: columnsMax,
            plan: plan
        )
        set = ColumnSet(layout: try ColumnLayout(Schema(fields: fields)), pool: BlockPool())
    }

    mutating func decode(_ text: String) -> RowOutcome { decode(Array(text.utf8)) }

    mutating func decode(_ bytes: [UInt8]) -> RowOutcome {
        offset += 1
        let position = LogPosition(partition: 0, offset: offset, timestampMicros: offset)
        // SAFETY: the span lives during the call.
        return unsafe decoder.decode(bytes.span.bytes, at: position, into: &set)
    }

    /// Decodes, and adds columns as a pipeline would.
    mutating func land(_ text: String) throws -> RowOutcome {
        let outcome = decode(text)
        guard case .needsColumns(let fields) = outcome else { return outcome }
        try set.adopt(ColumnLayout(set.layout.schema.adding(fields.map(\.column))))
        return decode(text)
    }

    /// Takes the rows, each with its columns' names; `_log` is left out.
    mutating func rows() -> [[String: Cell]] {
        let batch = set.takeBatch()
        return (0..<batch.rowCount).map { row in
            var cells: [String: Cell] = [:]
            for (index, field) in batch.fields.enumerated() where field.type != .struct {
                cells[field.name] = cell(batch.column(index), row)
            }
            return cells
        }
    }
}

private func cell(_ column: borrowing ArrowColumnView, _ row: Int) -> Cell {
    if column.isNull(row) { return .null }
    switch column.field.type {
    case .boolean: return .boolean(column.boolean(row))
    case .int32, .date32: return .integer(Int64(column.int32(row)))
    case .int64, .timestampMicros: return .integer(column.int64(row))
    case .float32: return .double(Double(column.float32(row)))
    case .float64: return .double(column.float64(row))
    default: return .text(String(validatingUTF8: column.bytes(row)) ?? "not UTF-8")
    }
}

/// Enough white space behind a record that values are read many bytes at a time, as those of longer
/// records are.
let farEnd = String(repeating: " ", count: 40)

/// One value of a record decoded into a column of `type`, the same near the record's end and far.
func decoded(_ json: String, as type: IcebergType) throws -> Cell {
    let near = try decodedRow("{\"a\":\(json)}", type)
    let far = try decodedRow("{\"a\":\(json)}\(farEnd)", type)
    return near == far ? near : .text("\(near) near the end, \(far) far from it")
}

private func decodedRow(_ record: String, _ type: IcebergType) throws -> Cell {
    var table = try Table([.optional(1, "a", type)])
    guard case .row = table.decode(record) else { return .text("rejected") }
    return table.rows()[0]["a"] ?? .text("no column")
}

/// Why a value of a record does not fit a column of `type`; nil when it does.
func issue(_ json: String, as type: IcebergType) throws -> DecodeIssue.Reason? {
    var table = try Table([.optional(1, "a", type)])
    guard case .rejected(let near) = table.decode("{\"a\":\(json)}") else { return nil }
    guard case .rejected(let far) = table.decode("{\"a\":\(json)}\(farEnd)") else { return nil }
    return near == far ? near.reason : nil
}

/// SplitMix64: the same values from the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
