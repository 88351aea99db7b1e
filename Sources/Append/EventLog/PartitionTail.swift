internal import Bytes
internal import Files
internal import KafkaProtocol
internal import Synchronization

/// The growing end of a partition.
///
/// @unchecked Sendable: owned by the writer thread. It is made before that thread starts or handed
/// to it with the first append, and nobody else touches it until the thread has ended.
internal final class PartitionTail<FS: FileSystem>: @unchecked Sendable {
    /// In order of offsets; the last one grows. Empty until the first append.
    var segments: [Segment<FS>]
    /// Offset the next record gets.
    var nextOffset: Int64
    /// Bytes of the growing segment that are part of the log.
    var size: Int64
    /// True once the topic is gone.
    var isDeleted = false
    /// Idempotent producers.
    var producers: ProducerTable
    /// The journal file that covers the growing segment, by its generation; 0 when none does.
    var coveredBy: UInt64 = 0
    /// True when the files that spare reading the batches at the next opening are behind.
    var isChanged: Bool
    /// The part of the present round that belongs to this partition.
    var round = Round()

    struct Round {
        /// What will be written, in order.
        var slices: [SlabSlice] = []
        /// Where each slice's batches go, for the index.
        var bytes = 0
        var batches: [PlacedBatch] = []
        /// Why nothing of the round was kept.
        var failure: AppendError?

        mutating func removeAll() {
            slices.removeAll(keepingCapacity: true)
            batches.removeAll(keepingCapacity: true)
            bytes = 0
            failure = nil
        }
    }

    init(_ recovered: RecoveredPartition<FS>) {
        segments = recovered.segments
        nextOffset = recovered.nextOffset
        size = recovered.segments.last?.size.load(ordering: .relaxed) ?? 0
        producers = recovered.producers
        isChanged = recovered.isChanged
    }

    /// Offset the next record of the round gets.
    var roundNextOffset: Int64 {
        guard let last = round.batches.last else { return nextOffset }
        return last.baseOffset + Int64(last.header.lastOffsetDelta) + 1
    }
}

/// A partition as recovery found it.
internal struct RecoveredPartition<FS: FileSystem>: Sendable {
    var segments: [Segment<FS>] = []
    var nextOffset: Int64 = 0
    var producers = ProducerTable()
    var isChanged = false
}
