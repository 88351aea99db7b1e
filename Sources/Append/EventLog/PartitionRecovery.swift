internal import Bytes
internal import Clocks
internal import Files
internal import KafkaProtocol

/// Brings one partition's files into the state of its last acknowledged batch, or a little after
/// it.
///
/// 1. Segments before the recovery point are as they should be; only their names and sizes are
///    looked at.
/// 2. From the newest usable producer snapshot on, batch headers are read to rebuild the producers
///    and the index.
/// 3. From the recovery point on, every batch is verified. What the journal has is written into the
///    segment. Where neither has the batch of the next offset, nothing later can have been
///    acknowledged: it is cut off.
/// 4. What was found is synced, because readers will see it.
internal struct PartitionRecovery<FS: FileSystem> {
    private let files: FS
    private let options: LogOptions
    private let directory: PartitionDirectory<FS>
    private let journal: [JournalReader<FS>.Entry]
    private let now: Timestamp
    private var recovered = RecoveredPartition<FS>()
    private var report = RecoveryReport()
    /// Damage that is no torn tail: the partition must not be opened, lest more be lost.
    private var corruption: LogError?
    private var point = RecoveryPoint(segment: 0, position: 0, offset: 0)

    init(
        files: FS,
        options: LogOptions,
        directory: PartitionDirectory<FS>,
        journal: [JournalReader<FS>.Entry],
        now: Timestamp
    ) {
        self.files = files
        self.options = options
        self.directory = directory
        self.journal = journal
        self.now = now
    }

    /// Recovers the partition and adds to `total` what was done. `checkpointed` is the recovery
    /// point that was written down.
    mutating func recover(
        from checkpointed: RecoveryPoint?,
        _ total: inout RecoveryReport
    ) throws(LogError) -> RecoveredPartition<FS> {
        do throws(FileError) { try recover(from: checkpointed) } catch { throw .storage(error) }
        if let corruption { throw corruption }
        total.add(report)
        return recovered
    }

    private mutating func recover(from checkpointed: RecoveryPoint?) throws(FileError) {
        let hadRecords = !journal.isEmpty || checkpointed.map { $0.offset > 0 } ?? false
        guard try directory.isOurs() else {
            if hadRecords { return corruption = gone }
            return try directory.remove()
        }
        let bases = try directory.offsets(Segment<FS>.suffix)
        guard let first = bases.first else {
            if hadRecords { corruption = gone }
            return
        }
        recovered.nextOffset = first
        point = RecoveryPoint(segment: first, position: 0, offset: first)
        if let checkpointed, bases.contains(checkpointed.segment) {
            if try size(ofSegment: checkpointed.segment) < checkpointed.position {
                corruption = .corrupt(
                    path: path(checkpointed.segment, Segment<FS>.suffix),
                    detail: "it was \(checkpointed.position) bytes long and is shorter now"
                )
                return
            }
            point = checkpointed
        }
        try scan(bases)
    }

    private var gone: LogError {
        .corrupt(path: directory.path, detail: "it had durable records, and its files are gone")
    }

    private func path(_ base: Int64, _ suffix: String) -> String {
        "\(directory.path)/\(OffsetName.make(base, suffix))"
    }

    private func size(ofSegment base: Int64) throws(FileError) -> Int64 {
        try files.open(path(base, Segment<FS>.suffix), .read).size()
    }

    private mutating func scan(_ bases: [Int64]) throws(FileError) {
        let snapshot = try loadProducers(atOrBefore: point.offset) ?? bases[0]
        // The segment that holds the snapshot's offset, or the one that begins with it.
        let start = bases.lastIndex { $0 <= snapshot } ?? 0
        for (number, base) in bases.enumerated() {
            let next = number + 1 < bases.count ? bases[number + 1] : nil
            if number < start, let next {
                try trust(base, next: next)
            } else if try !read(base, next: next, snapshot: snapshot) {
                if corruption == nil { try drop(bases[(number + 1)...]) }
                return
            }
        }
    }

    /// Loads the newest usable snapshot, removing those beyond `offset`; returns its offset.
    private mutating func loadProducers(atOrBefore offset: Int64) throws(FileError) -> Int64? {
        for candidate in try directory.offsets(ProducerTable.suffix).reversed() {
            let path = path(candidate, ProducerTable.suffix)
            guard candidate <= offset else { continue }
            if let table = try ProducerTable.load(
                path,
                files,
                topicID: directory.topicID,
                offset: candidate
            ) {
                recovered.producers = table
                return candidate
            }
        }
        return nil
    }

    /// Takes a segment over without reading it.
    private mutating func trust(_ base: Int64, next: Int64) throws(FileError) {
        recovered.segments.append(
            Segment(
                files: files,
                directory: directory.path,
                topicID: directory.topicID,
                baseOffset: base,
                size: try size(ofSegment: base),
                nextOffset: next,
                intervalBytes: options.indexIntervalBytes
            )
        )
        recovered.nextOffset = next
    }

    /// Reads and repairs a segment. False when what follows it must go.
    private mutating func read(
        _ base: Int64,
        next: Int64?,
        snapshot: Int64
    ) throws(FileError) -> Bool {
        var file = try files.open(path(base, Segment<FS>.suffix), .readWrite)
        var walk = SegmentWalk(
            file: file,
            index: SegmentIndex(baseOffset: base, intervalBytes: options.indexIntervalBytes),
            size: try file.size(),
            limit: next ?? .max
        )
        if base == point.segment && snapshot == point.offset,
            let index = try SegmentIndex.load(
                path(base, SegmentIndex.suffix),
                files,
                topicID: directory.topicID,
                baseOffset: base,
                coveredBytes: point.position,
                intervalBytes: options.indexIntervalBytes
            )
        {
            walk.resume(index, at: point)
        }
        try walk.run(point, snapshot, journal, now, &recovered.producers, &report)
        if walk.nextOffset < min(point.offset, next ?? .max) {
            corruption = .corrupt(
                path: path(base, Segment<FS>.suffix),
                detail: "the batch at byte \(walk.position), long durable, cannot be read"
            )
            return false
        }
        let isWhole = next == nil || walk.nextOffset == next
        if walk.position < walk.size {
            report.truncatedPartitions = 1
            report.truncatedBytes += walk.size - walk.position
            try file.truncate(to: walk.position)
        }
        if base >= point.segment {
            if walk.position == 0 {
                // Perhaps the name is there only because the machine stayed up: a sync of the
                // directory that failed once would not write it again.
                try files.replace(path(base, Segment<FS>.suffix), with: ByteBuffer().bytes)
                file = try files.open(path(base, Segment<FS>.suffix), .readWrite)
            } else {
                try file.sync()
            }
        }
        recovered.nextOffset = walk.nextOffset
        recovered.isChanged = recovered.isChanged || walk.position > point.position
        recovered.segments.append(
            Segment(
                files: files,
                directory: directory.path,
                topicID: directory.topicID,
                file: file,
                size: walk.position,
                synced: .init(position: walk.position, offset: walk.nextOffset),
                index: walk.index
            )
        )
        return isWhole
    }

    /// Removes segments that nobody was told of.
    private mutating func drop(_ bases: ArraySlice<Int64>) throws(FileError) {
        if bases.isEmpty { return }
        report.truncatedPartitions = 1
        // The last one first: whatever survives a crash now still follows on without a gap.
        for base in bases.reversed() {
            report.truncatedBytes += try size(ofSegment: base)
            try files.remove(path(base, Segment<FS>.suffix))
            try files.syncDirectory(directory.path)
        }
    }
}

extension RecoveryReport {
    /// Adds what was done for one partition.
    internal mutating func add(_ other: RecoveryReport) {
        truncatedPartitions += other.truncatedPartitions
        truncatedBytes += other.truncatedBytes
        replayedRounds += other.replayedRounds
        verifiedBatches += other.verifiedBatches
    }
}
