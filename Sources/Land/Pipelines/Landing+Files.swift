import ArrowData
import Clocks
import Columns
import Decoding
import IcebergModel

extension Landing {
    /// The file of the day that `timestampMicros` lies in; makes room if too much is waiting.
    ///
    /// Rows of many days wait side by side, and only few files are open: a batch in which every
    /// record is of another day than the one before makes one file a day all the same.
    mutating func file(for timestampMicros: Int64) throws(LaneError) -> DayFile<Committer> {
        let day =
            definition.isPartitionedByDay ? Int32(timestampMicros / 86_400_000_000) : nil
        if current < files.count, files[current].day == day {
            hot = HotFile(files[current], isPartitionedByDay: day != nil)
            return files[current]
        }
        hot = HotFile()
        uses += 1
        if current < files.count { waitingBytes += files[current].measure() }
        if let present = places[day] {
            current = present
        } else {
            if files.count >= definition.limits.daysMax { try closeOldest() }
            let file = DayFile<Committer>(day: day, layout: rowLayout, pool: pool)
            file.columns.setTopic(topic)
            places[day] = files.count
            current = files.count
            files.append(file)
        }
        files[current].lastUse = uses
        if waitingBytes > definition.limits.waitingBytesMax { try relieve() }
        return files[current]
    }

    /// Hands rows to their files until half of the memory for them is free, beginning with the day
    /// that has most.
    private mutating func relieve() throws(LaneError) {
        for file in files.sorted(by: { $0.footprint > $1.footprint }) {
            if waitingBytes <= definition.limits.waitingBytesMax / 2 { break }
            try flush(file)
            file.renew(pool)
            file.columns.setTopic(topic)
            waitingBytes += file.measure()
        }
    }

    private mutating func closeOldest() throws(LaneError) {
        guard let oldest = files.min(by: { $0.lastUse < $1.lastUse }) else { return }
        try close(oldest)
        remove(oldest)
    }

    /// Forgets a day that has no rows waiting.
    private mutating func remove(_ file: DayFile<Committer>) {
        guard let place = places.removeValue(forKey: file.day) else { return }
        waitingBytes -= file.footprint
        let last = files.count - 1
        files.swapAt(place, last)
        files.removeLast()
        if place < last { places[files[place].day] = place }
        if current == place { current = files.count } else if current == last { current = place }
    }

    /// Closes a file if too many are open for another one.
    private mutating func makeRoomToOpen() throws(LaneError) {
        if opened.count < definition.limits.openFilesMax { return }
        let oldest = opened.filter { $0.lastUse < uses }.min { $0.lastUse < $1.lastUse }
        if let oldest { try close(oldest) }
    }

    /// Hands the waiting rows of `file` to it when they are many.
    mutating func flushIfFull(_ file: DayFile<Committer>) throws(LaneError) {
        if file.columns.rowCount >= definition.limits.batchRowsMax
            || file.columns.byteCount >= definition.limits.waitingBytesMax
        {
            try flush(file)
        }
    }

    mutating func flush(_ file: DayFile<Committer>) throws(LaneError) {
        let wasOpen = file.isOpen
        if !wasOpen, file.columns.rowCount > 0 { try makeRoomToOpen() }
        defer { if !wasOpen, file.isOpen { opened.append(file) } }
        if let transform { return try flush(file, through: transform) }
        do throws(TableCommitterError) {
            try file.flush { () throws(TableCommitterError) in
                try committer.openFile(
                    for: main,
                    day: file.day,
                    pipeline: definition.pipeline,
                    epoch: epoch
                )
            }
        } catch { throw .table(error) }
    }

    /// Hands the waiting rows over as `transform` makes them, and notes which records it left out.
    private mutating func flush(
        _ file: DayFile<Committer>,
        through transform: any RowTransform
    ) throws(LaneError) {
        guard file.columns.rowCount > 0 else { return }
        let (committer, main, epoch, pipeline) = (committer, main, epoch, definition.pipeline)
        let batch = file.columns.takeBatch()
        var account = RowAccount(batch, topic: sourceTopic)
        do throws(TableCommitterError) {
            try transform.apply(batch, as: layout.fields) { part throws(TableCommitterError) in
                if let place = account.take(part) {
                    throw .invalid(
                        table: main.table,
                        reason: "its SQL makes more than one row of the record of "
                            + "\(place.partition.topic)-\(place.partition.index) at offset "
                            + "\(place.offset), or changes _log"
                    )
                }
                if part.rowCount == 0 { return }
                try file.write(part) { () throws(TableCommitterError) in
                    try committer.openFile(
                        for: main,
                        day: file.day,
                        pipeline: pipeline,
                        epoch: epoch
                    )
                }
            }
        } catch { throw .table(error) }
        leftOut += account.left
    }

    /// Counts the records that the transform left out as such. Once all files are finished.
    mutating func settle(_ marker: inout CommitMarker) {
        for place in leftOut {
            let (topic, index) = (place.partition.topic, place.partition.index)
            marker.topics[topic]?.partitions[index]?.landed -= 1
            marker.topics[topic]?.partitions[index]?.discards.add(
                place.offset,
                .one,
                reason: "sql"
            )
        }
        leftOut = []
    }

    private mutating func close(_ file: DayFile<Committer>) throws(LaneError) {
        try flush(file)
        try end(file)
    }

    /// Finishes the file with the rows that it has.
    private mutating func end(_ file: DayFile<Committer>) throws(LaneError) {
        opened.removeAll { $0 === file }
        do throws(TableCommitterError) {
            if let closed = try file.close() { finished.append(closed) }
        } catch { throw .table(error) }
    }

    /// Finishes every file for the commit.
    mutating func finish() throws(LaneError) -> FinishedWork<Committer.Writer.File> {
        hot = HotFile()
        // Those that are open first, so that the others need not close them.
        for file in opened { try close(file) }
        for file in files { try close(file) }
        let dead = try deadLetters.finish()
        let work = FinishedWork(rows: finished, deadLetters: dead)
        // From here on the files are the commit's, not ours to remove.
        forgetFiles()
        finished = []
        return work
    }

    private mutating func forgetFiles() {
        files = []
        places = [:]
        opened = []
        waitingBytes = 0
        current = 0
    }

    /// Goes on from the versions that a commit has made.
    mutating func adopt(_ versions: CommittedVersions) throws(LaneError) {
        main = versions.main
        layout = try Self.layout(of: main)
        deadLetters.adopt(versions.deadLetters)
        commitID = UUID16(random: &random).description
    }

    /// Removes everything that was gathered and not committed.
    mutating func abandon() {
        hot = HotFile()
        for file in files { file.abandon() }
        forgetFiles()
        deadLetters.abandon()
        leftOut = []
        committer.discard(finished, of: main.table)
        finished = []
    }

    /// Gives the table columns for `fields`, so that the record that has them can become a row.
    ///
    /// Files of the narrower table are finished first; the rows that wait stay and get nulls in the
    /// new columns.
    mutating func evolve(_ fields: [InferredField]) throws(LaneError) {
        for file in opened { try end(file) }
        var pause = definition.limits.retryPause.lowerBound
        while true {
            let columns = fields.filter { !main.schema.has($0) }.map(\.column)
            if columns.isEmpty { break }
            do throws(TableCommitterError) {
                main = try committer.addColumns(
                    columns,
                    to: main,
                    pipeline: definition.pipeline
                )
            } catch {
                switch error {
                case .conflict, .unknownOutcome: try reload()
                case .storage, .invalid: throw .table(error)
                }
                pause = min(pause * 2, definition.limits.retryPause.upperBound)
            }
        }
        layout = try Self.layout(of: main)
        for file in files {
            do throws(ColumnError) { try file.columns.adopt(layout) } catch {
                throw .table(.invalid(table: main.table, reason: error.description))
            }
        }
    }

    /// Reads the table again after somebody else changed it, and makes sure that it is still ours
    /// to write.
    private mutating func reload() throws(LaneError) {
        let found: TableVersion?
        do throws(TableCommitterError) {
            found = try committer.load(main.table, pipeline: definition.pipeline)
        } catch { throw .table(error) }
        guard let found, found.uuid == main.uuid else {
            throw .diverged("the table \(main.table) was dropped or made anew by somebody else")
        }
        guard found.marker == main.marker else {
            throw .fenced(
                table: main.table,
                byEpoch: found.marker?.epoch ?? main.marker?.epoch ?? 0
            )
        }
        main = found
    }
}

extension Schema {
    /// True when there is such a column, or such a field in the struct it belongs into.
    fileprivate func has(_ field: InferredField) -> Bool {
        guard let parentID = field.parentID else { return column(named: field.name) != nil }
        return self.field(id: parentID)?.type.children.contains { $0.name == field.name } ?? false
    }
}
