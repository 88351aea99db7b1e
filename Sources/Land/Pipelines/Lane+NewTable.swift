/// A table without a checkpoint is filled from the log's beginning. That is right for a new one
/// only: one that was filled before and has lost its checkpoint, because another engine dropped it
/// and made it anew, must not get its rows and dead letters a second time.
extension Lane {
    /// Throws when the dead-letter table knows of a checkpoint that the table does not have. It
    /// gets its own in the same commits as the table, and never without it.
    ///
    /// - Parameter version: the table as it is; nil when there is none.
    func checkLetters(of version: TableVersion?) throws(LaneError) {
        guard version?.marker == nil else { return }
        let name = definition.deadLetterTable
        let letters: TableVersion?
        do { letters = try committer.load(name, pipeline: definition.pipeline) } catch {
            throw .table(error)
        }
        guard letters?.marker != nil else { return }
        throw .diverged(
            "the table \(definition.table) was dropped or made anew by somebody else: it has no "
                + "checkpoint of the pipeline \(definition.pipeline), and \(name) still has one; "
                + "bring the table back as it was, or drop \(name) as well to land everything again"
        )
    }

    /// Throws when the table has rows of places that `marker`, its first, will have landed anew. In
    /// a table that several pipelines fill such rows are the others'.
    func checkRows(of version: TableVersion, before marker: CommitMarker) throws(LaneError) {
        if version.hasOtherPipelines { return }
        let find: RowFinder
        do { find = try committer.finder(of: version) } catch { throw .table(error) }
        for topic in source.topics(selectedBy: definition.selectors) {
            for index in 0..<Int32(topic.partitionCount) {
                let partition = SourcePartition(topic: topic.name, index: index)
                let bounds: SourceBounds
                do { bounds = try source.bounds(of: partition) } catch { throw .source(error) }
                let start = marker.progress(in: partition)?.next ?? bounds.start
                if let offset = try firstRow(in: partition, start..<max(start, bounds.end), find) {
                    throw .diverged(
                        "the table \(definition.table) was made anew by somebody else, with "
                            + "rows: it has no checkpoint of the pipeline "
                            + "\(definition.pipeline), and rows of \(topic.name)/\(index) from "
                            + "offset \(offset) on, which would be doubled; bring it back as it "
                            + "was, or land into another table"
                    )
                }
            }
        }
    }

    /// Looks further and further ahead, so that what is held in memory goes with what was looked
    /// through.
    private func firstRow(
        in partition: SourcePartition,
        _ range: Range<Int64>,
        _ find: RowFinder
    ) throws(LaneError) -> Int64? {
        var width: Int64 = 1 << 16
        var start = range.lowerBound
        while start < range.upperBound {
            let end = start + min(width, range.upperBound - start)
            let found: [Int64]
            do { found = try find(partition, start..<end) } catch { throw .table(error) }
            if let first = found.first { return first }
            start = end
            width *= 2
        }
        return nil
    }
}
