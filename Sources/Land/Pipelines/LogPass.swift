import Bytes

/// Goes over the records of stretches of the log once more, for those who count them or explain
/// what became of them. Belongs to one thread.
final class LogPass<Source: LogSource> {
    let walk: RecordWalk
    private let source: Source
    private let chunkBytesMax: Int
    private let emptyReadsMax: Int

    /// - Parameter emptyReadsMax: how often in a row a log far away may deliver nothing in time.
    init(over source: Source, _ limits: LaneLimits, emptyReadsMax: Int = 0) {
        self.source = source
        self.emptyReadsMax = emptyReadsMax
        chunkBytesMax = limits.chunkBytesMax
        walk = RecordWalk(batchBytesMax: limits.batchBytesMax)
    }

    /// Calls `body` with every record of `partition` whose offset lies in `range`.
    func forEachRecord(
        of partition: SourcePartition,
        in range: Range<Int64>,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        var chunk = ByteBuffer(capacity: chunkBytesMax + (1 << 16))
        var next = range.lowerBound
        var patience = emptyReadsMax
        while next < range.upperBound {
            chunk.removeAll()
            do {
                _ = try source.read(partition, from: next, bytesMax: chunkBytesMax, into: &chunk)
            } catch { throw .source(error) }
            if chunk.isEmpty {
                guard patience > 0 else {
                    throw .source(
                        .unavailable("the log ends at \(next), before \(range.upperBound)")
                    )
                }
                patience -= 1
                continue
            }
            patience = emptyReadsMax
            next = try walk.forEachRecord(
                in: chunk.bytes,
                of: partition,
                from: next,
                upTo: range.upperBound,
                body
            )
        }
    }
}
