public import Compression

/// The fixed part of a record batch, format 2: 61 bytes, all integers big-endian.
///
///     offset  0  baseOffset            i64  ┐
///             8  batchLength           i32  │ not under the checksum: the log writes
///            12  partitionLeaderEpoch  i32  │ its own base offset and epoch in place
///            16  magic = 2             i8   │
///            17  crc (CRC-32C)         u32  ┘
///            21  attributes            i16  ┐
///            23  lastOffsetDelta       i32  │
///            27  baseTimestamp         i64  │
///            35  maxTimestamp          i64  │ under the checksum
///            43  producerId            i64  │
///            51  producerEpoch         i16  │
///            53  baseSequence          i32  │
///            57  recordCount           i32  │
///            61  records                    ┘
///
/// Source: Apache Kafka documentation, "Record Batch".
public struct RecordBatchHeader: Equatable, Sendable {
    /// Bytes of the fixed part.
    public static let size = 61
    /// Bytes before and including the length field, which `batchLength` does not count.
    public static let lengthPrefixSize = 12
    /// Where the bytes under the checksum begin.
    public static let checksumStart = 21
    /// The smallest `batchLength` a batch can have: no records.
    public static let batchLengthMin = Int32(size - lengthPrefixSize)

    /// Offset of the first record (0 when a producer sends it).
    public var baseOffset: Int64
    /// Bytes after the length field.
    public var batchLength: Int32
    /// Epoch of the leader that appended the batch; -1 when a producer sends it.
    public var partitionLeaderEpoch: Int32
    /// CRC-32C of everything from `checksumStart` on.
    public var crc: UInt32
    /// Codec and flags.
    public var attributes: Attributes
    /// Offset of the last record, relative to `baseOffset`.
    public var lastOffsetDelta: Int32
    /// Timestamp that the records' deltas are relative to, in milliseconds since 1970.
    public var baseTimestamp: Int64
    /// Largest timestamp of a record, in milliseconds since 1970; -1 if none has one.
    public var maxTimestamp: Int64
    /// Idempotent producer, or -1.
    public var producerID: Int64
    /// Epoch of the idempotent producer, or -1.
    public var producerEpoch: Int16
    /// Sequence number of the first record, or -1.
    public var baseSequence: Int32
    /// Number of records.
    public var recordCount: Int32

    /// The flag bits of a batch.
    public struct Attributes: OptionSet, Hashable, Sendable {
        /// The bits as they stand in the batch.
        public let rawValue: Int16
        /// Attributes of these bits.
        @inlinable
        public init(rawValue: Int16) { self.rawValue = rawValue }

        /// Timestamps were set by the log (LogAppendTime), not by the producer.
        public static let logAppendTime = Attributes(rawValue: 1 << 3)
        /// The batch belongs to a transaction.
        public static let transactional = Attributes(rawValue: 1 << 4)
        /// The batch holds control records (transaction markers), not data.
        public static let control = Attributes(rawValue: 1 << 5)
        /// `baseTimestamp` is a delete horizon (compacted topics).
        public static let deleteHorizon = Attributes(rawValue: 1 << 6)

        /// The number of the codec the records are compressed with; 0 is none.
        @inlinable public var codecNumber: UInt8 { UInt8(truncatingIfNeeded: rawValue & 7) }
    }

    /// Reads the header of the batch that begins at `offset` of `span`.
    ///
    /// Checks that 61 bytes are there, that the format is 2 and that the length is possible; the
    /// rest of the batch need not be there. For all else see `RecordBatch`.
    @inlinable
    public init(_ span: RawSpan, at offset: Int = 0) throws(RecordBatchError) {
        guard offset >= 0, span.byteCount &- offset >= Self.size else {
            throw .truncated(offset: offset, needed: Self.size, available: span.byteCount - offset)
        }
        // SAFETY: all 61 bytes lie inside the span, checked just above; so do all loads below.
        let magic = unsafe span.unsafeLoad(fromByteOffset: offset &+ 16, as: Int8.self)
        guard magic == 2 else { throw .unsupportedMagic(offset: offset, magic: magic) }
        batchLength = Self.load(span, offset &+ 8)
        guard batchLength >= Self.batchLengthMin else {
            throw .lengthOutOfRange(offset: offset, length: Int(batchLength))
        }
        baseOffset = Self.load(span, offset)
        partitionLeaderEpoch = Self.load(span, offset &+ 12)
        crc = Self.load(span, offset &+ 17)
        attributes = Attributes(rawValue: Self.load(span, offset &+ 21))
        lastOffsetDelta = Self.load(span, offset &+ 23)
        baseTimestamp = Self.load(span, offset &+ 27)
        maxTimestamp = Self.load(span, offset &+ 35)
        producerID = Self.load(span, offset &+ 43)
        producerEpoch = Self.load(span, offset &+ 51)
        baseSequence = Self.load(span, offset &+ 53)
        recordCount = Self.load(span, offset &+ 57)
    }

    /// One big-endian field. Only for `init`, which has checked that the whole header is there.
    @inlinable
    @inline(__always)
    internal static func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ span: RawSpan,
        _ offset: Int
    ) -> T {
        // SAFETY: the caller checked that 61 bytes from the batch's start are inside the span.
        T(bigEndian: unsafe span.unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Bytes of the whole batch, header included.
    @inlinable public var totalSize: Int { Int(batchLength) &+ Self.lengthPrefixSize }
    /// Offset of the last record.
    @inlinable public var lastOffset: Int64 { baseOffset &+ Int64(lastOffsetDelta) }
    /// Offset after the last record.
    @inlinable public var nextOffset: Int64 { lastOffset &+ 1 }
    /// Sequence number of the last record, wrapping from 2^31-1 to 0 as Kafka's do; -1 if none.
    @inlinable public var lastSequence: Int32 {
        guard baseSequence >= 0 else { return -1 }
        return Int32(
            truncatingIfNeeded: (Int64(baseSequence) + Int64(lastOffsetDelta)) & 0x7fff_ffff
        )
    }
    /// True when an idempotent producer made the batch.
    @inlinable public var hasProducerID: Bool { producerID >= 0 }
    /// True for transaction markers.
    @inlinable public var isControl: Bool { attributes.contains(.control) }
    /// True when the batch belongs to a transaction.
    @inlinable public var isTransactional: Bool { attributes.contains(.transactional) }
    /// True when the log set the timestamps.
    @inlinable public var isLogAppendTime: Bool { attributes.contains(.logAppendTime) }
    /// The codec of the records, or nil if no codec has the number in the attributes.
    public var codec: CompressionCodec? { CompressionCodec(rawValue: attributes.codecNumber) }
    /// True when the records are compressed.
    @inlinable public var isCompressed: Bool { attributes.codecNumber != 0 }
}
