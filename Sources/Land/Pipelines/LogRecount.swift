import Bytes
import Decoding

/// Counts a partition's records again, from the log itself and without the pipeline's own counters.
public final class LogRecount<Source: LogSource> {
    private let source: Source
    private var selection: Selection
    private let limits: LaneLimits
    private let walk: RecordWalk

    /// A count over `source` of what `definition` selects.
    public init(of definition: LaneDefinition, in source: Source) {
        self.source = source
        selection = Selection(definition.predicate)
        limits = definition.limits
        walk = RecordWalk(batchBytesMax: limits.batchBytesMax)
    }

    /// Counts the records of `partition` with offsets in `range`.
    ///
    /// A record whose `where` cannot be decided, because it cannot be read, counts as selected: it
    /// must be a dead letter.
    public func count(
        _ partition: SourcePartition,
        in range: Range<Int64>
    ) throws(LogSourceError) -> LogCount {
        do {
            return try countRecords(of: partition, in: range)
        } catch {
            if case .source(let error) = error { throw error }
            throw .unavailable(error.description)
        }
    }

    private func countRecords(
        of partition: SourcePartition,
        in range: Range<Int64>
    ) throws(LaneError) -> LogCount {
        var count = LogCount()
        var chunk = ByteBuffer(capacity: limits.chunkBytesMax + (1 << 16))
        var next = range.lowerBound
        while next < range.upperBound {
            chunk.removeAll()
            do {
                _ = try source.read(
                    partition,
                    from: next,
                    bytesMax: limits.chunkBytesMax,
                    into: &chunk
                )
            } catch { throw .source(error) }
            guard !chunk.isEmpty else {
                throw .source(.unavailable("the log ends at \(next), before \(range.upperBound)"))
            }
            next = try walk.forEachRecord(in: chunk.bytes, of: partition, from: next) {
                (step, offset, _) throws(LaneError) in
                guard offset < range.upperBound else { return }
                count.records += 1
                if selection.selects(step) {
                    count.selected += 1
                    count.selectedOffsetSum &+= UInt64(bitPattern: offset)
                } else {
                    count.filtered += 1
                }
            }
        }
        return count
    }
}
