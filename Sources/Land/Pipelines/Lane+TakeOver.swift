import Clocks
import Columns
import IcebergModel
import Threads

extension Lane {
    /// Makes this lane the table's only writer: raises the epoch, so that no commit of an older
    /// writer can be applied any more, and removes what such writers left behind. Creates the table
    /// if there is none.
    func takeOver() throws(LaneError) -> TableVersion {
        // A log that does not answer must not cost the table an epoch.
        let clusterID: String
        do { clusterID = try source.clusterID } catch { throw .source(error) }
        var random = SystemRandom()
        var attempted: CommitMarker?
        var pause = definition.limits.retryPause.lowerBound
        while true {
            let version: TableVersion
            do { version = try loadOrCreate() } catch { throw .table(error) }
            if let attempted, version.marker?.commitID == attempted.commitID {
                committer.removeLeftovers(of: version, pipeline: definition.pipeline)
                return version
            }
            let marker = try nextEpoch(
                after: version,
                clusterID: clusterID,
                commitID: UUID16(random: &random).description
            )
            do {
                let change = TableChange<Committer.Writer.File>(
                    base: version,
                    files: [],
                    marker: marker
                )
                let versions = try committer.commit([change])
                committer.removeLeftovers(of: versions[0], pipeline: definition.pipeline)
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

    private func loadOrCreate() throws(TableCommitterError) -> TableVersion {
        let pipeline = definition.pipeline
        if let version = try committer.load(definition.table, pipeline: pipeline) {
            try check(version)
            let missing = definition.columns.filter { column in
                version.schema.column(named: column.name) == nil
            }
            if missing.isEmpty { return version }
            return try committer.addColumns(missing, to: version, pipeline: pipeline)
        }
        return try committer.create(
            definition.table,
            columns: definition.columns,
            isPartitionedByDay: definition.isPartitionedByDay,
            hasTopicColumn: definition.hasTopicColumn,
            hasIndexColumn: definition.hasIndexColumn,
            pipeline: pipeline
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
                !present.type.isSame(as: column.type)
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
        commitID: String
    ) throws(LaneError) -> CommitMarker {
        guard var marker = version.marker else {
            return CommitMarker(
                pipeline: definition.pipeline,
                epoch: 1,
                sequence: 1,
                commitID: commitID,
                clusterID: clusterID,
                topics: [:]
            )
        }
        guard marker.clusterID == clusterID else {
            throw .diverged(
                "the table \(definition.table) was filled from the log \(marker.clusterID), "
                    + "this log is \(clusterID): its offsets mean other records; "
                    + "bring the old log back or land into another table"
            )
        }
        marker.epoch += 1
        marker.sequence += 1
        marker.commitID = commitID
        return marker
    }
}
