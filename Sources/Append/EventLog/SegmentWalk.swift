internal import Bytes
internal import Clocks
internal import Files
internal import KafkaProtocol

/// Goes through one segment at recovery, batch by batch, filling holes from the journal.
internal struct SegmentWalk<File: OpenFile> {
    let file: File
    private(set) var index: SegmentIndex
    /// Bytes of the file.
    private(set) var size: Int64
    /// The next segment's base offset: batches at or beyond it do not belong here.
    let limit: Int64
    /// End of the batches found or filled in so far.
    private(set) var position: Int64 = 0
    /// The offset after them.
    private(set) var nextOffset: Int64

    init(file: File, index: SegmentIndex, size: Int64, limit: Int64) {
        self.file = file
        self.index = index
        self.size = size
        self.limit = limit
        nextOffset = index.baseOffset
    }

    /// Begins behind what `index` knows.
    mutating func resume(_ index: SegmentIndex, at point: RecoveryPoint) {
        self.index = index
        position = point.position
        nextOffset = point.offset
    }

    /// Walks to the end of what is whole. Batches before `point` are believed, those from
    /// `snapshot` on change `producers`.
    ///
    /// What the journal has is written in any case, also where the segment reads the same: after a
    /// sync that failed, the system may show bytes that the device does not have and would not
    /// write again.
    mutating func run<FS: FileSystem>(
        _ point: RecoveryPoint,
        _ snapshot: Int64,
        _ journal: [JournalReader<FS>.Entry],
        _ now: Timestamp,
        _ producers: inout ProducerTable,
        _ report: inout RecoveryReport
    ) throws(FileError) where FS.File == File {
        var next = journal[...]
        while nextOffset < limit {
            while let entry = next.first, entry.nextOffset <= max(nextOffset, point.offset) {
                next.removeFirst()
            }
            var end = limit
            if let entry = next.first {
                if entry.baseOffset <= nextOffset {
                    try write(entry, &report)
                    end = min(limit, entry.nextOffset)
                    next.removeFirst()
                } else {
                    end = min(limit, entry.baseOffset)
                }
            }
            let isWhole = try readBatches(to: end, point, snapshot, now, &producers, &report)
            if !isWhole { return }
        }
    }

    /// Takes the whole batches from `position` on. True when the offset `end` was reached.
    private mutating func readBatches(
        to end: Int64,
        _ point: RecoveryPoint,
        _ snapshot: Int64,
        _ now: Timestamp,
        _ producers: inout ProducerTable,
        _ report: inout RecoveryReport
    ) throws(FileError) -> Bool {
        var scanner = BatchScanner(file, from: position, to: size)
        while nextOffset < end {
            let isBelieved = nextOffset < point.offset
            guard let header = try isBelieved ? scanner.peek() : scanner.peekVerified(),
                header.baseOffset == nextOffset, header.nextOffset <= end
            else { return false }
            if !isBelieved { report.verifiedBatches += 1 }
            index.note(header, baseOffset: nextOffset, position: position)
            if nextOffset >= snapshot {
                producers.replay(header, baseOffset: nextOffset, now: now)
            }
            scanner.skip(header)
            position = scanner.position
            nextOffset = header.nextOffset
        }
        return true
    }

    /// Writes the entry's batches from `nextOffset` on to `position`.
    private mutating func write<FS: FileSystem>(
        _ entry: JournalReader<FS>.Entry,
        _ report: inout RecoveryReport
    ) throws(FileError) where FS.File == File {
        let end = entry.position + Int64(entry.bytes)
        var scanner = BatchScanner<FS.File>(entry.file, from: entry.position, to: end)
        while let header = try scanner.peekVerified(), header.baseOffset < nextOffset {
            scanner.skip(header)
        }
        var bytes = ByteBuffer(capacity: Int(end - scanner.position))
        var present = ByteBuffer(capacity: bytes.capacity)
        let count = Int(end - scanner.position)
        _ = try entry.file.read(at: scanner.position, count: count, into: &bytes)
        _ = try file.read(at: position, count: count, into: &present)
        if !bytes.bytes.isSame(as: present.bytes) { report.replayedRounds += 1 }
        try file.write(bytes.bytes, at: position)
        size = max(size, position + Int64(count))
    }
}

extension RawSpan {
    /// True when both have the same bytes.
    internal func isSame(as other: RawSpan) -> Bool {
        if byteCount != other.byteCount { return false }
        // SAFETY: both pointers are used only for the comparison of as many bytes as both have.
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in unsafe left.elementsEqual(right) }
        }
    }
}
