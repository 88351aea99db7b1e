internal import AvroFormat
internal import Bytes

/// The fields of an Avro record as its writer laid them out, ready to be read by Iceberg's field
/// ids.
///
/// A reader takes the slots in order and decides by `id`; what it does not know it skips. So any
/// writer's order, and fields of other format versions, are read alike.
internal struct FieldSlot {
    /// Field id; nil for a field without one.
    let id: Int?
    /// What the writer wrote, null aside.
    let value: AvroSchema
    /// The whole schema, for skipping.
    let schema: AvroSchema
    /// The branch that means null, when the field is a union of null and `value`.
    let nullBranch: Int?

    init(_ field: AvroField) {
        id = field.fieldID
        schema = field.schema
        value = field.schema.withoutNull
        if case .union(let branches) = field.schema.kind, branches.count == 2 {
            nullBranch = branches.firstIndex { $0.kind == .null }
        } else {
            nullBranch = nil
        }
    }

    static func slots(of schema: AvroSchema, _ document: String) throws(IcebergError) -> [FieldSlot]
    {
        guard let fields = schema.fields else {
            throw .invalid(document: document, reason: "an Avro record is expected")
        }
        return fields.map(FieldSlot.init)
    }

    /// Whether a value follows rather than null.
    func isPresent(_ decoder: inout AvroDecoder) throws(AvroError) -> Bool {
        guard let nullBranch else { return true }
        return try decoder.readBranch(of: 2) != nullBranch
    }

    func long(_ decoder: inout AvroDecoder) throws(AvroError) -> Int64? {
        guard try isPresent(&decoder) else { return nil }
        guard value.kind == .long || value.kind == .int else { throw mismatch("a number") }
        return try decoder.readLong()
    }

    func requiredLong(_ decoder: inout AvroDecoder) throws(AvroError) -> Int64 {
        guard let number = try long(&decoder) else { throw mismatch("a number, not null,") }
        return number
    }

    func int(_ decoder: inout AvroDecoder) throws(AvroError) -> Int? {
        guard let number = try long(&decoder) else { return nil }
        guard let int = Int32(exactly: number) else { throw mismatch("a 32-bit number") }
        return Int(int)
    }

    func requiredInt(_ decoder: inout AvroDecoder) throws(AvroError) -> Int {
        guard let number = try int(&decoder) else { throw mismatch("a number, not null,") }
        return number
    }

    func bool(_ decoder: inout AvroDecoder) throws(AvroError) -> Bool? {
        guard try isPresent(&decoder) else { return nil }
        guard value.kind == .boolean else { throw mismatch("true or false") }
        return try decoder.readBoolean()
    }

    func string(_ decoder: inout AvroDecoder) throws(AvroError) -> String? {
        guard try isPresent(&decoder) else { return nil }
        guard value.kind == .string else { throw mismatch("text") }
        return try decoder.readString()
    }

    func requiredString(_ decoder: inout AvroDecoder) throws(AvroError) -> String {
        guard let text = try string(&decoder) else { throw mismatch("text, not null,") }
        return text
    }

    func bytes(_ decoder: inout AvroDecoder) throws(AvroError) -> [UInt8]? {
        guard try isPresent(&decoder) else { return nil }
        guard value.kind == .bytes else { throw mismatch("bytes") }
        return try decoder.readBytes()
    }

    func longs(_ decoder: inout AvroDecoder) throws(AvroError) -> [Int64]? {
        guard try isPresent(&decoder) else { return nil }
        guard case .array(let items) = value.kind, items.kind == .long || items.kind == .int else {
            throw mismatch("a list of numbers")
        }
        var numbers: [Int64] = []
        while true {
            let count = try decoder.readItemCount()
            if count == 0 { return numbers }
            for _ in 0..<count { numbers.append(try decoder.readLong()) }
        }
    }

    func longMap(_ decoder: inout AvroDecoder) throws(AvroError) -> [Int: Int64] {
        guard try isPresent(&decoder) else { return [:] }
        guard let kind = mapValue, kind == .long || kind == .int else {
            throw mismatch("a map of numbers")
        }
        var map: [Int: Int64] = [:]
        while true {
            let count = try decoder.readItemCount()
            if count == 0 { return map }
            for _ in 0..<count {
                let key = Int(try decoder.readInt())
                map[key] = try decoder.readLong()
            }
        }
    }

    func bytesMap(_ decoder: inout AvroDecoder) throws(AvroError) -> [Int: [UInt8]] {
        guard try isPresent(&decoder) else { return [:] }
        guard mapValue == .bytes else { throw mismatch("a map of bytes") }
        var map: [Int: [UInt8]] = [:]
        while true {
            let count = try decoder.readItemCount()
            if count == 0 { return map }
            for _ in 0..<count {
                let key = Int(try decoder.readInt())
                map[key] = try decoder.readBytes()
            }
        }
    }

    /// The value type of a map that is written as an array of (int key, value) records.
    private var mapValue: AvroSchema.Kind? {
        guard case .array(let items) = value.kind, let fields = items.fields, fields.count == 2,
            fields[0].schema.kind == .int
        else { return nil }
        return fields[1].schema.kind
    }

    private func mismatch(_ expected: String) -> AvroError {
        .unexpectedValue(reason: "\(expected) is expected in field \(id ?? -1)")
    }
}
