internal import Bytes
public import Compression

/// Why bytes are not a record batch, or not one that a producer may send.
public enum RecordBatchError: Error, Equatable, Sendable {
    /// `needed` bytes were expected from `offset` on, `available` are there.
    case truncated(offset: Int, needed: Int, available: Int)
    /// The batch at `offset` has another format than 2.
    case unsupportedMagic(offset: Int, magic: Int8)
    /// The batch at `offset` gives a length that no batch can have.
    case lengthOutOfRange(offset: Int, length: Int)
    /// The bytes of the batch do not have the checksum it carries: it was damaged on its way.
    case checksumMismatch(stated: UInt32, computed: UInt32)
    /// Bytes follow the one batch that was expected.
    case trailingBytes(count: Int)
    /// The count is not positive, or does not fit the last offset delta.
    case recordCountOutOfRange(recordCount: Int32, lastOffsetDelta: Int32)
    /// Producers must not send control batches.
    case controlBatch
    /// An idempotent producer gave no sequence number or no epoch.
    case sequenceMissing(producerID: Int64)
    /// No codec has this number.
    case unknownCodec(UInt8)
    /// The codec is not allowed in this version of the request.
    case codecNotAllowed(UInt8)
    /// The compressed records cannot be decompressed.
    case compression(CompressionError)
    /// The record that starts at `offset` of the (decompressed) records is not one.
    case malformedRecord(offset: Int, RecordFault)
}

/// What is wrong with a record.
public enum RecordFault: Equatable, Sendable {
    /// The records end inside this one.
    case truncated
    /// A variable-length number is too long for its type.
    case varintTooLong
    /// The stated length is negative, or does not end where the record's fields end.
    case lengthMismatch
    /// The offset delta is not the one that follows.
    case offsetDelta(expected: Int32, found: Int32)
    /// The key's or the value's length is impossible.
    case fieldLength
    /// A header cannot be read, or their number is impossible.
    case header
    /// Bytes follow the last record.
    case trailingBytes

    /// Why the record at `start`, which `RecordCursor` could not read, is not one.
    static func diagnose(_ span: RawSpan, recordAt start: Int) -> RecordFault {
        var reader = ByteReader(span.extracting(start...))
        do throws(ByteError) {
            let length = try int32(&reader)
            guard length >= 0 else { return .lengthMismatch }
            var body = ByteReader(try reader.readBytes(length))
            do throws(ByteError) {
                try body.skip(1)
                _ = try body.readVarint()
                _ = try int32(&body)
                for _ in 0..<2 {
                    let length = try int32(&body)
                    guard length >= -1, length <= body.remaining else { return .fieldLength }
                    try body.skip(max(length, 0))
                }
                let headers = try int32(&body)
                return headers == 0 ? .lengthMismatch : .header
            } catch .varintTooLong {
                return .varintTooLong
            } catch {
                // The fields go on behind the end that the length gives.
                return .lengthMismatch
            }
        } catch .varintTooLong {
            return .varintTooLong
        } catch {
            return .truncated
        }
    }

    private static func int32(_ reader: inout ByteReader) throws(ByteError) -> Int {
        let offset = reader.offset
        let value = try reader.readVarint()
        guard let narrow = Int32(exactly: value) else { throw .varintTooLong(offset: offset) }
        return Int(narrow)
    }
}

extension RecordBatchError: CustomStringConvertible {
    /// What happened, for a log line or an answer to a client.
    public var description: String {
        switch self {
        case .truncated(let offset, let needed, let available):
            "record batch at byte \(offset) is cut short: needs \(needed) bytes, has \(available)"
        case .unsupportedMagic(let offset, let magic):
            "record batch at byte \(offset) has format \(magic); only format 2 is supported"
        case .lengthOutOfRange(let offset, let length):
            "record batch at byte \(offset) gives the impossible length \(length)"
        case .checksumMismatch(let stated, let computed):
            "record batch is damaged: its checksum is \(computed), it says \(stated)"
        case .trailingBytes(let count):
            "\(count) bytes follow the record batch; a partition takes one batch per request"
        case .recordCountOutOfRange(let count, let delta):
            "record batch says \(count) records and last offset delta \(delta)"
        case .controlBatch:
            "producers may not send control batches"
        case .sequenceMissing(let producerID):
            "record batch of producer \(producerID) has no sequence number or no epoch"
        case .unknownCodec(let number):
            "record batch is compressed with the unknown codec \(number)"
        case .codecNotAllowed(let number):
            "compression codec \(number) is not allowed in this version of the request"
        case .compression(let error):
            "the records cannot be decompressed: \(error)"
        case .malformedRecord(let offset, let fault):
            "the record at byte \(offset) of the batch's records is malformed: \(fault)"
        }
    }
}
