internal import Bytes
internal import Files
internal import KafkaProtocol

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

    init(files: FS, options: LogOptions) {
        self.files = files
        self.options = options
    }

    /// Writes the rounds of `partitions` and makes them durable. A partition whose bytes cannot be
    /// written gets a failure of its own and is left as it was; a failure of a sync is thrown.
    func write(_ partitions: [Partition<FS>]) throws(StorageFailure) {
        for partition in partitions {
            do throws(FileError) {
                try prepareSegment(of: partition)
            } catch {
                partition.tail.round.failure =
                    error.isNoSpace ? .noSpace(error) : .storage("\(error)")
                continue
            }
            try writeSegment(of: partition)
        }
        guard options.durability == .fsync else { return }
        for partition in partitions where partition.tail.round.failure == nil {
            guard let segment = partition.tail.segments.last else { continue }
            do throws(FileError) { try segment.file().sync() } catch {
                throw StorageFailure(reason: "\(error)")
            }
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
            try files.createDirectories(partition.directory)
        }
        let path = "\(partition.directory)/\(Segment<FS>.name(tail.nextOffset, ".log"))"
        let file = try files.open(path, .create)
        // What an earlier attempt, or a crash, may have left under this name was never
        // acknowledged.
        try file.truncate(to: 0)
        try files.syncDirectory(partition.directory)
        let index = SegmentIndex(
            baseOffset: tail.nextOffset,
            intervalBytes: options.indexIntervalBytes
        )
        tail.segments.append(
            Segment(files: files, path: path, file: file, size: 0, index: index)
        )
        tail.size = 0
    }

    /// Writes the round's bytes behind the segment's.
    private func writeSegment(of partition: Partition<FS>) throws(StorageFailure) {
        let tail = partition.tail
        guard let segment = tail.segments.last else { return }
        do throws(FileError) {
            try segment.file().write(tail.round.slices, at: tail.size)
        } catch {
            tail.round.failure = error.isNoSpace ? .noSpace(error) : .storage("\(error)")
            // The part that was written must be gone, durably, before anything else takes its
            // place: after a crash it would look like batches that were acknowledged.
            do throws(FileError) {
                try segment.file().truncate(to: tail.size)
                try segment.file().sync()
            } catch {
                throw StorageFailure(reason: "\(error)")
            }
        }
    }
}
