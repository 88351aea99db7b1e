internal import Bytes
internal import Clocks
internal import Files
internal import Synchronization
internal import Threads

/// The thread behind the writer: syncs segments so that journal files can be used again, keeps the
/// files that make opening quick, and forgets producers. Not closing the log leaves nothing undone
/// that matters.
internal final class Flusher<FS: FileSystem>: Sendable {
    private let files: FS
    private let directory: String
    private let options: LogOptions
    private let queue: FlushQueue<FS>
    private let writer: Writer<FS>
    private let partitions: @Sendable () -> [Partition<FS>]

    init(
        _ files: FS,
        directory: String,
        options: LogOptions,
        queue: FlushQueue<FS>,
        writer: Writer<FS>,
        partitions: @escaping @Sendable () -> [Partition<FS>]
    ) {
        self.files = files
        self.directory = directory
        self.options = options
        self.queue = queue
        self.writer = writer
        self.partitions = partitions
    }

    /// How often producers are looked through.
    private static var expiryInterval: Duration { .seconds(600) }

    /// Works until the log is closed. The body of the flusher thread.
    func run() {
        var pause = Self.expiryInterval
        if case .interval(let interval) = options.durability { pause = min(pause, interval) }
        while true {
            let isOver: Bool? = queue.state.wait(timeout: pause) { state in
                if !state.sealedFiles.isEmpty || !state.closedSegments.isEmpty { return false }
                return state.isStopping ? true : nil
            }
            if isOver == true { return }
            if isOver == nil { writer.expireProducers() }
            if isOver == nil, case .interval = options.durability { syncAll() }
            _ = step()
        }
    }

    /// Does everything that waits; false when there was nothing.
    func step() -> Bool {
        var sealed: [JournalFile<FS>] = []
        var closed: [ClosedSegment<FS>] = []
        queue.state.withLock { state in
            swap(&sealed, &state.sealedFiles)
            swap(&closed, &state.closedSegments)
        }
        if sealed.isEmpty && closed.isEmpty { return false }
        do throws(StorageFailure) {
            for file in sealed {
                for (partition, segment) in file.covered { try sync(segment, of: partition) }
            }
            for closed in closed { try keep(closed) }
        } catch {
            writer.stop(because: error.reason)
            return true
        }
        if !sealed.isEmpty {
            queue.state.update { $0.freeFiles.append(contentsOf: sealed) }
        }
        storeCheckpoint()
        return true
    }

    /// Syncs every segment that has unsynced bytes.
    func syncAll() {
        do throws(StorageFailure) {
            for partition in partitions() {
                guard let view = try? partition.view() else { continue }
                for segment in view.segments { try sync(segment, of: partition) }
            }
        } catch {
            writer.stop(because: error.reason)
        }
    }

    /// Makes the readable part of a segment durable.
    private func sync(
        _ segment: Segment<FS>,
        of partition: Partition<FS>
    ) throws(StorageFailure) {
        guard let view = try? partition.view(), let end = view.end(of: segment) else { return }
        do throws(FileError) { try segment.sync(to: end) } catch {
            // The files of a deleted topic are gone, and nobody misses them.
            if !partition.isDeleted { throw StorageFailure(reason: "\(error)") }
        }
    }

    /// Writes what spares reading a closed segment at the next opening.
    private func keep(_ closed: ClosedSegment<FS>) throws(StorageFailure) {
        try sync(closed.segment, of: closed.partition)
        if closed.partition.isDeleted { return }
        // Both files can be made again from the batches: without space for them the log works on.
        try? closed.segment.storeIndex(
            coveredBytes: closed.segment.size.load(ordering: .acquiring),
            nextOffset: closed.nextOffset,
            isClosed: true
        )
        try? closed.partition.storeProducers(closed.producers, at: closed.nextOffset)
    }

    /// Writes down how far everything is durable. Without it the next opening reads more.
    func storeCheckpoint() {
        try? Checkpoint(of: partitions()).store(directory, files)
    }

    /// After the writer has ended: makes everything durable and writes what makes the next opening
    /// quick. False when a sync failed.
    func finish() -> Bool {
        if writer.hasFailed { return false }
        _ = step()
        syncAll()
        if writer.hasFailed { return false }
        for partition in partitions() where !partition.isDeleted { try? partition.storeState() }
        storeCheckpoint()
        return true
    }
}

extension PartitionView {
    /// The readable end of one of the segments; nil when it is not among them.
    internal func end(of segment: Segment<FS>) -> Segment<FS>.SyncedEnd? {
        guard let number = segments.lastIndex(where: { $0 === segment }) else { return nil }
        return end(ofSegment: number)
    }

    private func end(ofSegment number: Int) -> Segment<FS>.SyncedEnd {
        if number == segments.count - 1 {
            return .init(position: end, offset: highWatermark)
        }
        return .init(
            position: segments[number].size.load(ordering: .acquiring),
            offset: segments[number + 1].baseOffset
        )
    }

    /// The place before which everything is durable; nil when the partition has no segments.
    internal func recoveryPoint() -> RecoveryPoint? {
        for (number, segment) in segments.enumerated() {
            let synced = segment.synced
            if number == segments.count - 1 || synced.position < end(ofSegment: number).position {
                return RecoveryPoint(
                    segment: segment.baseOffset,
                    position: synced.position,
                    offset: synced.offset
                )
            }
        }
        return nil
    }
}
