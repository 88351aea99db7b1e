public import Bytes
public import Files
internal import KafkaProtocol

/// Batches for one partition. The bytes are those of the producer's request: they are written from
/// there without a copy, after the log's writer has put the offsets into them, so nobody else may
/// use the slab's range until the completion was called.
public struct Append<FS: FileSystem>: Sendable {
    /// Where to.
    public let partition: Partition<FS>
    /// One or more whole record batches, one behind the other.
    public let batches: SlabSlice

    /// Batches for a partition.
    public init(_ partition: Partition<FS>, _ batches: SlabSlice) {
        self.partition = partition
        self.batches = batches
    }
}

/// Where batches went.
public struct Appended: Sendable, Equatable {
    /// Offset of the first record.
    public let baseOffset: Int64
    /// Offset of the last record.
    public let lastOffset: Int64
    /// First offset the partition still has.
    public let logStartOffset: Int64
    /// True when an idempotent producer had sent them before: these are the offsets they got then.
    public let isDuplicate: Bool

    /// The time the log gave the records, or -1 when the producer's own stand (always, for now).
    public var logAppendTime: Int64 { -1 }
}

/// The fate of one entry of an append.
public typealias AppendResult = Result<Appended, AppendError>

/// One entry of an append on its way to the writer: checked, with its batch headers read.
internal struct QueuedEntry<FS: FileSystem>: Sendable {
    let partition: Partition<FS>
    let slice: SlabSlice
    /// The first batch's header, or why the entry is refused.
    let first: Result<RecordBatchHeader, AppendError>
    /// Headers of the batches behind the first; nearly always none.
    let more: [RecordBatchHeader]

    /// Checks structure and checksum of every batch. Runs on the caller's thread.
    init(checking append: Append<FS>, batchBytesMax: Int) {
        partition = append.partition
        slice = append.batches
        do throws(AppendError) {
            let (header, others) = try Self.headers(of: append.batches, batchBytesMax)
            first = .success(header)
            more = others
        } catch {
            first = .failure(error)
            more = []
        }
    }

    private static func headers(
        of slice: SlabSlice,
        _ batchBytesMax: Int
    ) throws(AppendError) -> (RecordBatchHeader, [RecordBatchHeader]) {
        let first = try check(slice.bytes, at: 0, batchBytesMax)
        var end = first.totalSize
        var more: [RecordBatchHeader] = []
        while end < slice.count {
            let next = try check(slice.bytes, at: end, batchBytesMax)
            more.append(next)
            end += next.totalSize
        }
        if !more.isEmpty {
            for header in [first] + more where header.hasProducerID {
                throw .severalIdempotentBatches(producerID: header.producerID)
            }
        }
        return (first, more)
    }

    private static func check(
        _ bytes: RawSpan,
        at offset: Int,
        _ batchBytesMax: Int
    ) throws(AppendError) -> RecordBatchHeader {
        let size = try translating { () throws(RecordBatchError) in
            try RecordBatchHeader(bytes, at: offset).totalSize
        }
        if size > batchBytesMax { throw .batchTooLarge(bytes: size, limit: batchBytesMax) }
        let batch = bytes.extracting(offset..<min(offset + size, bytes.byteCount))
        return try translating { () throws(RecordBatchError) in try RecordBatch.validate(batch) }
    }

    private static func translating<T>(
        _ body: () throws(RecordBatchError) -> T
    ) throws(AppendError) -> T {
        do throws(RecordBatchError) { return try body() } catch { throw .invalidBatch(error) }
    }
}

/// One call of `EventLog.append` waiting for the writer.
internal struct QueuedAppend<FS: FileSystem>: Sendable {
    let entries: [QueuedEntry<FS>]
    let bytes: Int
    let completion: @Sendable ([AppendResult]) -> Void
}
