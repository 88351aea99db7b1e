import Decoding

/// Counts a partition's records again, from the log itself and without the pipeline's own counters.
public final class LogRecount<Source: LogSource> {
    private var selection: Selection
    private let pass: LogPass<Source>

    /// A count over `source` of what `definition` selects.
    public init(of definition: LaneDefinition, in source: Source) {
        selection = Selection(definition)
        pass = LogPass(over: source, definition.limits)
    }

    /// Counts the records of `partition` with offsets in `ranges`.
    ///
    /// A record whose `where` cannot be decided, because it cannot be read, counts as selected: it
    /// must be a dead letter. `deadLettered` are the offsets of those that are, in order; it is
    /// needed only where records have many rows. `mended` are dead letters that were landed with
    /// other values than the log has, with the rows they became; none: they are left out.
    public func count(
        _ partition: SourcePartition,
        in ranges: OffsetRanges,
        deadLettered: [Int64] = [],
        mended: [Int64: SelectedRows] = [:]
    ) throws(LogSourceError) -> LogCount {
        var tally = LogTally(isByHour: false)
        try count(partition, in: ranges, deadLettered: deadLettered, mended: mended, into: &tally)
        return tally.total
    }

    /// As `count`, added to `tally`, which may tell the hours apart.
    public func count(
        _ partition: SourcePartition,
        in ranges: OffsetRanges,
        deadLettered: [Int64] = [],
        mended: [Int64: SelectedRows] = [:],
        into tally: inout LogTally
    ) throws(LogSourceError) {
        do {
            for range in ranges.ranges {
                try countRecords(of: partition, in: range, deadLettered, mended, into: &tally)
            }
            tally.finish()
        } catch {
            if case .source(let error) = error { throw error }
            throw .unavailable(error.description)
        }
    }

    private func countRecords(
        of partition: SourcePartition,
        in range: Range<Int64>,
        _ deadLettered: [Int64],
        _ mended: [Int64: SelectedRows],
        into tally: inout LogTally
    ) throws(LaneError) {
        var letters = deadLettered[...]
        try pass.forEachRecord(of: partition, in: range) {
            (step, offset, timestamp) throws(LaneError) in
            tally.turn(to: timestamp)
            tally.current.records += 1
            guard let rows = mended[offset] ?? selection.rows(of: step), rows.count > 0 else {
                tally.current.filtered += 1
                return
            }
            tally.current.select(offset)
            while let first = letters.first, first < offset { letters.removeFirst() }
            if letters.first == offset { return }
            tally.current.rows += rows.count
            tally.current.rowSum &+= LogCount.rowSum(offset: offset, rows)
        }
    }
}
