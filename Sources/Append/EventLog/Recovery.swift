internal import Files
internal import KafkaProtocol

/// What opening a log found and repaired.
public struct RecoveryReport: Sendable, Equatable {
    /// Partitions whose last segment ended in bytes that are no whole batch; they were cut off.
    public var truncatedPartitions = 0
    /// Bytes cut off, none of them ever acknowledged.
    public var truncatedBytes: Int64 = 0
    /// Batches taken from the journal because their segment did not have them.
    public var replayedBatches = 0
    /// Batches whose checksums were verified.
    public var scannedBatches = 0

    /// True when there was nothing to repair.
    public var isClean: Bool { truncatedBytes == 0 && replayedBatches == 0 }
}

/// Brings one partition's files into the state of the last acknowledged batch.
internal struct PartitionRecovery<FS: FileSystem> {
    let files: FS
    let options: LogOptions
    let directory: String

    func recover(_ report: inout RecoveryReport) throws(LogError) -> RecoveredPartition<FS> {
        var recovered = RecoveredPartition<FS>()
        guard files.exists(directory) else { return recovered }
        do throws(FileError) {
            let names = try files.list(directory)
            let bases = names.compactMap { Segment<FS>.baseOffset(ofName: $0, ".log") }
            for base in bases {
                try open(base, isLast: base == bases.last, &recovered, &report)
            }
        } catch {
            throw .storage(error)
        }
        return recovered
    }

    private func open(
        _ base: Int64,
        isLast: Bool,
        _ recovered: inout RecoveredPartition<FS>,
        _ report: inout RecoveryReport
    ) throws(FileError) {
        let path = "\(directory)/\(Segment<FS>.name(base, ".log"))"
        let file = try files.open(path, .readWrite)
        let size = try file.size()
        var index = SegmentIndex(baseOffset: base, intervalBytes: options.indexIntervalBytes)
        var next = base
        var scanner = BatchScanner(file, from: 0, to: size)
        while let header = try isLast ? scanner.peekVerified() : scanner.peek() {
            if header.baseOffset != next { break }
            index.note(header, baseOffset: next, position: scanner.position)
            recovered.producers.replay(header, baseOffset: next)
            next = header.nextOffset
            scanner.skip(header)
            report.scannedBatches += isLast ? 1 : 0
        }
        if isLast && scanner.position < size {
            report.truncatedPartitions += 1
            report.truncatedBytes += size - scanner.position
            try file.truncate(to: scanner.position)
        }
        // What is readable from now on must be durable, also when the process died and the machine
        // did not.
        if isLast { try file.sync() }
        recovered.nextOffset = next
        recovered.segments.append(
            Segment(
                files: files,
                path: path,
                file: file,
                size: scanner.position,
                index: index
            )
        )
    }
}
