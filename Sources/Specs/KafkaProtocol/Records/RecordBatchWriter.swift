public import Bytes
internal import Checksums

/// Writes one uncompressed record batch (format 2) straight into a buffer, with offsets that may
/// have gaps.
///
/// For records that have offsets already, such as those of another cluster: `begin`, then `append`
/// for each record and `appendHeader` for each of its headers, then `finish`. Where there are no
/// records between two offsets, because they were removed or are not for readers, the batch simply
/// steps over them; a batch without any record covers offsets that hold none. One owner, one
/// thread.
public struct RecordBatchWriter: Sendable {
    /// Where the batch begins in the buffer.
    private var start = 0
    /// Offset of the first record of the batch.
    public private(set) var baseOffset: Int64 = 0
    private var baseTimestamp: Int64 = 0
    private var maxTimestamp: Int64 = -1
    /// Records appended since `begin`.
    public private(set) var recordCount: Int32 = 0

    /// The longest distance between the first and the last offset of a batch.
    public static let offsetDeltaMax = Int64(Int32.max)

    /// A writer that has not begun.
    public init() {}

    /// Begins a batch at the end of `output`.
    ///
    /// - Parameter baseOffset: offset of the first record.
    public mutating func begin(baseOffset: Int64, into output: inout ByteBuffer) {
        start = output.count
        self.baseOffset = baseOffset
        baseTimestamp = 0
        maxTimestamp = -1
        recordCount = 0
        output.appendZeros(RecordBatchHeader.size)
    }

    /// True when a record with this offset can be part of the batch.
    public func canHold(offset: Int64) -> Bool {
        offset - baseOffset <= Self.offsetDeltaMax && recordCount < Int32.max
    }

    /// Appends a record up to its headers; exactly `headerCount` calls of `appendHeader` follow.
    ///
    /// - Parameters:
    ///   - offset: at or above that of the record before.
    ///   - timestamp: milliseconds since 1970.
    ///   - headerBytes: the sum of `headerSize` over the headers.
    public mutating func append(
        offset: Int64,
        timestamp: Int64,
        key: RawSpan?,
        value: RawSpan?,
        headerCount: Int = 0,
        headerBytes: Int = 0,
        into output: inout ByteBuffer
    ) {
        if recordCount == 0 { baseTimestamp = timestamp }
        maxTimestamp = max(maxTimestamp, timestamp)
        let timestampDelta = timestamp &- baseTimestamp
        let offsetDelta = offset - baseOffset
        precondition(offsetDelta >= 0 && offsetDelta <= Self.offsetDeltaMax, "offset out of order")
        let length =
            1 + Varint.size(timestampDelta) + Varint.size(offsetDelta)
            + Self.fieldSize(key?.byteCount) + Self.fieldSize(value?.byteCount)
            + Varint.size(Int64(headerCount)) + headerBytes
        output.reserve(length + 5)
        output.appendVarint(Int64(length))
        output.append(0 as UInt8)
        output.appendVarint(timestampDelta)
        output.appendVarint(offsetDelta)
        Self.appendField(key, into: &output)
        Self.appendField(value, into: &output)
        output.appendVarint(Int64(headerCount))
        recordCount += 1
    }

    /// Appends one header of the record appended last.
    public func appendHeader(key: RawSpan, value: RawSpan?, into output: inout ByteBuffer) {
        Self.appendField(key, into: &output)
        Self.appendField(value, into: &output)
    }

    /// Bytes of a header with a key and a value of these lengths; nil for a value that is null.
    public static func headerSize(keyBytes: Int, valueBytes: Int?) -> Int {
        fieldSize(keyBytes) + fieldSize(valueBytes)
    }

    /// Writes the fixed part and the checksum.
    ///
    /// - Parameters:
    ///   - lastOffset: the last offset that the batch accounts for, at or above that of its last
    ///     record.
    ///   - attributes: what the batch is besides uncompressed.
    public mutating func finish(
        lastOffset: Int64,
        attributes: RecordBatchHeader.Attributes = [],
        into output: inout ByteBuffer
    ) {
        let delta = lastOffset - baseOffset
        precondition(delta >= 0 && delta <= Self.offsetDeltaMax, "offset out of order")
        let size = output.count - start
        let length = Int32(truncatingIfNeeded: size - RecordBatchHeader.lengthPrefixSize)
        output.overwrite(baseOffset, at: start)
        output.overwrite(length, at: start + 8)
        output.overwrite(-1 as Int32, at: start + 12)
        output.overwrite(2 as Int8, at: start + 16)
        output.overwrite(attributes.rawValue, at: start + 21)
        output.overwrite(Int32(truncatingIfNeeded: delta), at: start + 23)
        output.overwrite(baseTimestamp, at: start + 27)
        output.overwrite(maxTimestamp, at: start + 35)
        output.overwrite(-1 as Int64, at: start + 43)
        output.overwrite(-1 as Int16, at: start + 51)
        output.overwrite(-1 as Int32, at: start + 53)
        output.overwrite(recordCount, at: start + 57)
        let checksummed = (start + RecordBatchHeader.checksumStart)..<output.count
        output.overwrite(crc32c(output.bytes.extracting(checksummed)), at: start + 17)
    }

    private static func fieldSize(_ length: Int?) -> Int {
        guard let length else { return 1 }
        return Varint.size(Int64(length)) + length
    }

    private static func appendField(_ bytes: RawSpan?, into output: inout ByteBuffer) {
        guard let bytes else {
            output.appendVarint(-1)
            return
        }
        output.appendVarint(Int64(bytes.byteCount))
        output.append(bytes)
    }
}
