import Clocks
import Columns
import Decoding
import IcebergModel
import Threads

extension Lane {
    /// Makes this lane the only writer of what it owns: raises the epoch, so that no commit of an
    /// older writer can be applied any more, and removes what such writers left behind. Creates the
    /// table if there is none.
    func takeOver(_ ownership: Ownership) throws(LaneError) -> TableVersion {
        // A log that does not answer must not cost the table an epoch.
        let clusterID: String
        do { clusterID = try source.clusterID } catch { throw .source(error) }
        var random = SystemRandom()
        var attempted: CommitMarker?
        var pause = definition.limits.retryPause.lowerBound
        while true {
            let version: TableVersion
            let present: TableVersion?
            do {
                present = try committer.load(definition.table, pipeline: definition.pipeline)
            } catch { throw .table(error) }
            try checkLetters(of: present)
            do { version = try ready(present) } catch { throw .table(error) }
            if let attempted, version.marker?.commitID == attempted.commitID {
                removeLeftovers(of: version)
                return version
            }
            let marker = try nextEpoch(
                after: version,
                clusterID: clusterID,
                ownership,
                commitID: UUID16(random: &random).description
            )
            do {
                let change = TableChange<Committer.Writer.File>(
                    base: version,
                    files: [],
                    marker: marker,
                    epoch: marker.epoch
                )
                let versions = try committer.commit([change])
                removeLeftovers(of: versions[0])
                return versions[0]
            } catch {
                switch error {
                case .conflict: break
                case .unknownOutcome: attempted = marker
                case .storage, .invalid: throw .table(error)
                }
            }
            let isStopping: Bool? = control.wait(timeout: pause) { $0.isStopping ? true : nil }
            if isStopping == true { throw .stopping }
            pause = min(pause * 2, definition.limits.retryPause.upperBound)
        }
    }

    /// Removes what writers before this one left behind, in the dead-letter table too: its files
    /// are committed together with the table's, so the table's marker tells who still can.
    private func removeLeftovers(of version: TableVersion) {
        let pipeline = definition.pipeline
        committer.removeLeftovers(of: version, pipeline: pipeline)
        // Only tidying: what cannot be looked at now is left to the next take-over.
        guard let letters = try? committer.load(definition.deadLetterTable, pipeline: pipeline)
        else { return }
        let judged = TableVersion(
            table: letters.table,
            uuid: letters.uuid,
            token: letters.token,
            schema: letters.schema,
            marker: version.marker
        )
        committer.removeLeftovers(of: judged, pipeline: pipeline)
    }

    /// The table that is there, or a new one, with all declared columns.
    private func ready(_ version: TableVersion?) throws(TableCommitterError) -> TableVersion {
        guard let version else { return try create() }
        try check(version)
        let missing = definition.columns.filter { version.schema.column(named: $0.name) == nil }
        if missing.isEmpty { return version }
        return try committer.addColumns(missing, to: version, pipeline: definition.pipeline)
    }

    private func create() throws(TableCommitterError) -> TableVersion {
        guard definition.decoding.contract.tables != .freeze else {
            throw .invalid(
                table: definition.table,
                reason: "it does not exist, and the contract of the pipeline "
                    + "\(definition.pipeline) says that tables are frozen; make it, or let "
                    + "contract.tables be evolve"
            )
        }
        return try committer.create(
            definition.table,
            columns: definition.columns,
            isPartitionedByDay: definition.isPartitionedByDay,
            hasTopicColumn: definition.hasTopicColumn,
            hasIndexColumn: definition.hasIndexColumn,
            pipeline: definition.pipeline
        )
    }

    /// Makes sure that the table is as the definition wants it.
    private func check(_ version: TableVersion) throws(TableCommitterError) {
        if definition.hasTopicColumn, !LogColumn.hasTopic(in: version.schema) {
            throw .invalid(
                table: definition.table,
                reason: "it was made for one topic, so its _log has no topic; "
                    + "land several topics into another table"
            )
        }
        if definition.hasIndexColumn, !LogColumn.hasIndex(in: version.schema) {
            throw .invalid(
                table: definition.table,
                reason: "it was made for one row a record, so its _log has no index; "
                    + "land records of many rows into another table"
            )
        }
        for column in definition.columns {
            guard let present = version.schema.column(named: column.name),
                // Somebody may have made it wider since: it holds all that is declared.
                !present.type.isSame(as: column.type), !column.type.canWiden(to: present.type)
            else { continue }
            throw .invalid(
                table: definition.table,
                reason: "its column \"\(column.name)\" is \(present.type), and the pipeline "
                    + "\(definition.pipeline) declares it as \(column.type); declare it as it "
                    + "is, or take the values into a column of another name"
            )
        }
    }

    private func nextEpoch(
        after version: TableVersion,
        clusterID: String,
        _ ownership: Ownership,
        commitID: String
    ) throws(LaneError) -> CommitMarker {
        var marker: CommitMarker
        if let found = version.marker {
            guard found.clusterID == clusterID else {
                throw .diverged(
                    "the table \(definition.table) was filled from the log \(found.clusterID), "
                        + "this log is \(clusterID): its offsets mean other records; "
                        + "bring the old log back or land into another table"
                )
            }
            marker = found
            marker.commitID = commitID
        } else {
            marker = CommitMarker(
                pipeline: definition.pipeline,
                epoch: 0,
                sequence: 0,
                commitID: commitID,
                clusterID: clusterID,
                topics: try beginning()
            )
        }
        try marker.takeOver(ownership) { (partition) throws(LaneError) in
            guard let topic = source.topic(named: partition.topic) else {
                throw .source(.unknownPartition(partition))
            }
            do throws(LogSourceError) {
                return (topic.id, try source.bounds(of: partition).start)
            } catch { throw .source(error) }
        }
        if version.marker == nil { try checkRows(of: version, before: marker) }
        return marker
    }

    /// Where a table that nothing was landed into begins: nowhere in particular, unless it is told
    /// to leave out what is in the log already.
    private func beginning() throws(LaneError) -> [String: TopicProgress] {
        if definition.start == .earliest { return [:] }
        var topics: [String: TopicProgress] = [:]
        for topic in source.topics(selectedBy: definition.selectors) {
            var progress = TopicProgress(topicID: topic.id)
            for index in 0..<Int32(topic.partitionCount) {
                let partition = SourcePartition(topic: topic.name, index: index)
                let offset = try startOffset(of: partition)
                progress.partitions[index] = PartitionProgress(start: offset, next: offset)
            }
            topics[topic.name] = progress
        }
        return topics
    }

    private func startOffset(of partition: SourcePartition) throws(LaneError) -> Int64 {
        do throws(LogSourceError) {
            switch definition.start {
            case .earliest: return try source.bounds(of: partition).start
            case .latest: return try source.bounds(of: partition).end
            case .time(let moment):
                return try source.offset(in: partition, atOrAfter: moment.milliseconds)
            }
        } catch { throw .source(error) }
    }
}
