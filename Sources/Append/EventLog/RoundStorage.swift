internal import Bytes
internal import Files
internal import KafkaProtocol
internal import Synchronization

/// A failure after which the log must take no more appends: what is on the device is unknown.
internal struct StorageFailure: Error {
    let reason: String
}

/// Puts the bytes of a round on the device. Owned by the writer thread.
///
/// @unchecked Sendable: made before the writer thread starts, used by it alone.
internal final class RoundStorage<FS: FileSystem>: @unchecked Sendable {
    private let files: FS
    private let options: LogOptions

    private let journal: Journal<FS>
    private let flushing: FlushQueue<FS>
    /// The partitions of the round whose bytes are in their segments.
    private var written: [Partition<FS>] = []

    init(files: FS, options: LogOptions, journal: Journal<FS>, flushing: FlushQueue<FS>) {
        self.files = files
        self.options = options
        self.journal = journal
        self.flushing = flushing
    }

    /// Writes the rounds of `partitions` and makes them durable. A partition whose bytes cannot be
    /// written gets a failure of its own and is left as it was; a failure of a sync is thrown.
    func write(_ partitions: [Partition<FS>]) throws(StorageFailure) {
        written.removeAll(keepingCapacity: true)
        var bytes = 0
        for partition in partitions {
            do throws(FileError) { try prepareSegment(of: partition) } catch {
                if error.isFailedSync { throw StorageFailure(reason: "\(error)") }
                partition.tail.round.failure = AppendError(error)
                continue
            }
            try writeSegment(of: partition)
            if partition.tail.round.failure == nil {
                written.append(partition)
                bytes += partition.tail.round.bytes
            }
        }
        guard options.durability == .fsync, !written.isEmpty else { return }
        let isSmall = bytes <= options.journalRoundBytesMax
        let isWide = written.count > options.journalRoundPartitionsMax
        if (isSmall || isWide), try journal.append(written, bytes: bytes) { return }
        for partition in written { try syncSegment(of: partition) }
    }

    /// Takes the round's bytes out of the segments again, as far as that still works, after a sync
    /// has failed: the system may show them to the next reader though the device does not have
    /// them.
    func takeBack(_ partitions: [Partition<FS>]) {
        for partition in partitions {
            try? partition.tail.segments.last?.file().truncate(to: partition.tail.size)
        }
    }

    /// Makes sure that the partition has a segment with room for its round.
    private func prepareSegment(of partition: Partition<FS>) throws(FileError) {
        let tail = partition.tail
        if let active = tail.segments.last {
            let isFull =
                tail.size > 0
                && tail.size + Int64(tail.round.bytes) > Int64(options.segmentBytesMax)
            let isFar = tail.roundNextOffset - active.baseOffset > Int64(Int32.max)
            if !isFull && !isFar { return }
        } else {
            try partition.directoryFiles.make()
        }
        let path = "\(partition.directory)/\(OffsetName.make(tail.nextOffset, Segment<FS>.suffix))"
        let file = try files.open(path, .create)
        // What an earlier attempt may have left under this name was never acknowledged.
        try file.truncate(to: 0)
        try files.syncDirectory(partition.directory)
        begin(file, in: partition)
    }

    /// Makes `file` the growing segment.
    private func begin(_ file: FS.File, in partition: Partition<FS>) {
        let tail = partition.tail
        if let closed = tail.segments.last {
            var producers = tail.producers
            producers.rollBackRound()
            let snapshot = producers.encoded(
                topicID: partition.topicID,
                offset: tail.nextOffset
            )
            flushing.close(
                ClosedSegment(
                    partition: partition,
                    segment: closed,
                    nextOffset: tail.nextOffset,
                    producers: Slab(snapshot)
                )
            )
        }
        let index = SegmentIndex(
            baseOffset: tail.nextOffset,
            intervalBytes: options.indexIntervalBytes
        )
        tail.segments.append(
            Segment(
                files: files,
                directory: partition.directory,
                topicID: partition.topicID,
                file: file,
                size: 0,
                synced: .init(position: 0, offset: tail.nextOffset),
                index: index
            )
        )
        tail.size = 0
        tail.coveredBy = 0
    }

    /// Syncs the growing segment, the present round included.
    private func syncSegment(of partition: Partition<FS>) throws(StorageFailure) {
        let tail = partition.tail
        guard let segment = tail.segments.last else { return }
        let end = Segment<FS>.SyncedEnd(
            position: tail.size + Int64(tail.round.bytes),
            offset: tail.roundNextOffset
        )
        do throws(FileError) { try segment.sync(to: end) } catch {
            throw StorageFailure(reason: "\(error)")
        }
    }

    /// Writes the round's bytes behind the segment's.
    private func writeSegment(of partition: Partition<FS>) throws(StorageFailure) {
        let tail = partition.tail
        guard let segment = tail.segments.last else { return }
        do throws(FileError) {
            try segment.file().write(tail.round.slices, at: tail.size)
        } catch {
            tail.round.failure = AppendError(error)
            // The part that was written must be gone, durably, before anything else takes its
            // place: after a crash it would look like batches that were acknowledged.
            do throws(FileError) {
                try segment.file().truncate(to: tail.size)
                let end = Segment<FS>.SyncedEnd(position: tail.size, offset: tail.nextOffset)
                try segment.sync(to: end, always: true)
            } catch {
                throw StorageFailure(reason: "\(error)")
            }
        }
    }
}

extension AppendError {
    /// What a failed write means to the producer.
    internal init(_ error: FileError) {
        self = error.isNoSpace ? .noSpace(error) : .storage("\(error)")
    }
}
