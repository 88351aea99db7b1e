public import Bytes
internal import Checksums
public import Compression

/// Makes one record batch (format 2).
///
/// Records are appended in order; the first one's timestamp becomes the base timestamp. Use again
/// after `removeAll`: the blocks are kept. One owner, one thread.
public struct RecordBatchBuilder: ~Copyable {
    private var records: ByteBuffer
    private var baseTimestamp: Int64 = 0
    private var maxTimestamp: Int64 = -1
    /// Records appended so far.
    public private(set) var recordCount: Int32 = 0

    /// What a batch says besides its records.
    public struct Options: Sendable {
        /// Offset of the first record; producers send 0.
        public var baseOffset: Int64 = 0
        /// Epoch of the leader; producers send -1.
        public var partitionLeaderEpoch: Int32 = -1
        /// Flags; the codec's bits are set by the builder.
        public var attributes: RecordBatchHeader.Attributes = []
        /// Idempotent producer, or -1.
        public var producerID: Int64 = -1
        /// Its epoch, or -1.
        public var producerEpoch: Int16 = -1
        /// Sequence number of the first record, or -1.
        public var baseSequence: Int32 = -1

        /// A plain batch: no producer id, no flags.
        public init() {}
    }

    /// An empty batch with room for about `capacity` bytes of records.
    public init(capacity: Int = 4096) {
        records = ByteBuffer(capacity: capacity)
    }

    /// Bytes of the records so far, uncompressed.
    public var recordBytes: Int { records.count }
    /// True when nothing was appended.
    public var isEmpty: Bool { recordCount == 0 }

    /// Forgets all records and keeps the memory.
    public mutating func removeAll() {
        records.removeAll()
        recordCount = 0
        maxTimestamp = -1
    }

    /// Appends a record without headers.
    ///
    /// - Parameter timestamp: milliseconds since 1970.
    public mutating func append(key: RawSpan?, value: RawSpan?, timestamp: Int64) {
        begin(key, value, timestamp, headerBytes: 1)
        records.append(0 as UInt8)
        recordCount += 1
    }

    /// Appends a record with headers.
    ///
    /// - Parameter timestamp: milliseconds since 1970.
    public mutating func append(
        key: RawSpan?,
        value: RawSpan?,
        headers: [(key: String, value: [UInt8]?)],
        timestamp: Int64
    ) {
        var headerBytes = Varint.size(Int64(headers.count))
        for header in headers {
            headerBytes += Self.size(ofField: header.key.utf8.count)
            headerBytes += Self.size(ofField: header.value?.count)
        }
        begin(key, value, timestamp, headerBytes: headerBytes)
        records.appendVarint(Int64(headers.count))
        for header in headers {
            records.appendVarint(Int64(header.key.utf8.count))
            records.append(utf8: header.key)
            if let value = header.value {
                appendField(value.bytes)
            } else {
                records.appendVarint(-1)
            }
        }
        recordCount += 1
    }

    /// Writes everything of a record up to its headers, which will take `headerBytes` bytes.
    private mutating func begin(
        _ key: RawSpan?,
        _ value: RawSpan?,
        _ timestamp: Int64,
        headerBytes: Int
    ) {
        if recordCount == 0 { baseTimestamp = timestamp }
        maxTimestamp = max(maxTimestamp, timestamp)
        let delta = timestamp &- baseTimestamp
        let length =
            1 + Varint.size(delta) + Varint.size(Int64(recordCount))
            + Self.size(ofField: key?.byteCount) + Self.size(ofField: value?.byteCount)
            + headerBytes
        records.reserve(length + 5)
        records.appendVarint(Int64(length))
        records.append(0 as UInt8)
        records.appendVarint(delta)
        records.appendVarint(Int64(recordCount))
        appendField(key)
        appendField(value)
    }

    private mutating func appendField(_ bytes: RawSpan?) {
        guard let bytes else {
            records.appendVarint(-1)
            return
        }
        records.appendVarint(Int64(bytes.byteCount))
        records.append(bytes)
    }

    /// Bytes that a field of `length` bytes takes with its length; nil is a field that is null.
    private static func size(ofField length: Int?) -> Int {
        guard let length else { return 1 }
        return Varint.size(Int64(length)) + length
    }

    /// Appends the finished batch, checksum included, to `output`.
    ///
    /// The builder keeps its records: call `removeAll` to begin the next batch. An empty batch
    /// must not be finished.
    public func finish(_ options: Options = Options(), into output: inout ByteBuffer) {
        precondition(recordCount > 0, "a record batch has at least one record")
        let start = output.count
        appendHeader(options, codecNumber: 0, into: &output)
        output.append(records.bytes)
        Self.seal(&output, from: start)
    }

    /// Like `finish`, with the records compressed.
    ///
    /// On an error `output` is as it was.
    public func finish(
        _ options: Options = Options(),
        compressing codec: CompressionCodec,
        with compressor: Compressor,
        into output: inout ByteBuffer
    ) throws(CompressionError) {
        precondition(recordCount > 0, "a record batch has at least one record")
        let start = output.count
        appendHeader(options, codecNumber: Int16(codec.rawValue), into: &output)
        do throws(CompressionError) {
            try compressor.compress(records.bytes, with: codec, into: &output)
        } catch {
            output.truncate(to: start)
            throw error
        }
        Self.seal(&output, from: start)
    }

    private func appendHeader(
        _ options: Options,
        codecNumber: Int16,
        into output: inout ByteBuffer
    ) {
        output.append(options.baseOffset)
        output.append(0 as Int32)
        output.append(options.partitionLeaderEpoch)
        output.append(2 as Int8)
        output.append(0 as UInt32)
        output.append(options.attributes.rawValue & ~7 | codecNumber)
        output.append(recordCount - 1)
        output.append(baseTimestamp)
        output.append(maxTimestamp)
        output.append(options.producerID)
        output.append(options.producerEpoch)
        output.append(options.baseSequence)
        output.append(recordCount)
    }

    /// Writes the length and the checksum of the batch that begins at `start` and ends with the
    /// buffer.
    private static func seal(_ output: inout ByteBuffer, from start: Int) {
        let size = output.count - start
        output.overwrite(
            Int32(truncatingIfNeeded: size - RecordBatchHeader.lengthPrefixSize),
            at: start + 8
        )
        let checksummed = (start + RecordBatchHeader.checksumStart)..<output.count
        output.overwrite(crc32c(output.bytes.extracting(checksummed)), at: start + 17)
    }
}

/// Sizes of Kafka's variable-length numbers.
enum Varint {
    /// Bytes that `value` takes in zig-zag form.
    static func size(_ value: Int64) -> Int {
        unsignedSize(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Bytes that `value` takes.
    static func unsignedSize(_ value: UInt64) -> Int {
        let bits = UInt64.bitWidth - value.leadingZeroBitCount
        return max(1, (bits + 6) / 7)
    }
}
