public import Bytes
public import JSONText

/// Why bytes are not the Avro they should be.
public enum AvroError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file does not begin as an Avro container file.
    case notAContainer
    /// The header has no schema.
    case noSchema
    /// The schema is not JSON.
    case schemaNotJSON(JSONError)
    /// The schema is JSON but not an Avro schema.
    case invalidSchema(reason: String)
    /// The header names a codec this code does not know.
    case unknownCodec(String)
    /// The mark behind block number `block` (from 0) is not the header's: the file is damaged.
    case syncMismatch(block: Int)
    /// A block cannot be unpacked or is larger than allowed.
    case block(number: Int, reason: String)
    /// The bytes end inside a value or hold an impossible length.
    case malformed(ByteError)
    /// A value is not what the schema says.
    case unexpectedValue(reason: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .notAContainer:
            "this is not an Avro container file (it does not begin with Obj and 1)"
        case .noSchema:
            "the Avro file's header has no avro.schema"
        case .schemaNotJSON(let error):
            "the Avro schema is not JSON: \(error)"
        case .invalidSchema(let reason):
            "the Avro schema is not valid: \(reason)"
        case .unknownCodec(let codec):
            "the Avro file is packed with \(codec); null and deflate can be read"
        case .syncMismatch(let block):
            "the Avro file is damaged behind block \(block): the sync mark is wrong"
        case .block(let number, let reason):
            "block \(number) of the Avro file cannot be read: \(reason)"
        case .malformed(let error):
            "the Avro data is damaged: \(error)"
        case .unexpectedValue(let reason):
            "the Avro data does not fit its schema: \(reason)"
        }
    }
}
