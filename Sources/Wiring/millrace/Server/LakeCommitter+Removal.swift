import Columns
import DataFiles
import IcebergModel
import Pipelines
import Tables

extension LakeCommitter {
    func removeRows(
        at places: Set<RecordPlace>,
        from version: TableVersion,
        pipeline: String,
        epoch: Int64
    ) throws(TableCommitterError) -> RemovedRows<DataFile> {
        let table = try table(at: version)
        let hasTopic = LogColumn.hasTopic(in: version.schema)
        let fields = try placeFields(of: version)
        var wanted: [RowPlace: RecordPlace] = [:]
        for place in places {
            let row = RowPlace(
                topic: hasTopic ? place.partition.topic : nil,
                partition: place.partition.index,
                offset: place.offset
            )
            wanted[row] = place
        }
        let removal = RowRemoval(
            from: table,
            fields: fields,
            store: service.store,
            specIDs: table.landedSpecIDs
        )
        do throws(RowRemovalError) {
            let result = try removal.rewrite(without: Set(wanted.keys)) {
                newFile(besides: $0, of: table, pipeline: pipeline, epoch: epoch)
            }
            return RemovedRows(
                removedFiles: result.removed,
                appliedDeletes: result.appliedDeletes,
                files: result.added,
                found: Set(result.found.compactMap { wanted[$0] })
            )
        } catch { throw failure(version, error) }
    }

    func finder(of version: TableVersion) throws(TableCommitterError) -> RowFinder {
        let name = version.table
        func failure(_ error: any Error) -> TableCommitterError {
            .storage(table: name, reason: "its rows cannot be looked for: \(error)")
        }
        let table = try table(at: version)
        // Every new table is asked for; that needs no engine.
        if table.metadata.currentSnapshot == nil { return { (_, _) in [] } }
        let files: PlaceFiles
        do { files = try PlaceFiles(of: table, like: service.engine) } catch {
            throw failure(error)
        }
        return { (partition, offsets) throws(TableCommitterError) in
            do { return try files.offsets(in: partition, offsets) } catch { throw failure(error) }
        }
    }

    func removeRows(
        in ranges: [SourcePartition: OffsetRanges],
        from version: TableVersion,
        pipeline: String,
        epoch: Int64,
        isRehearsal: Bool
    ) throws(TableCommitterError) -> RemovedRanges<DataFile> {
        let table = try table(at: version)
        let hasTopic = LogColumn.hasTopic(in: version.schema)
        var places: [PlaceRanges.Partition: [Range<Int64>]] = [:]
        for (partition, ranges) in ranges {
            let key = PlaceRanges.Partition(
                topic: hasTopic ? partition.topic : nil,
                number: partition.index
            )
            places[key] = ranges.ranges
        }
        let removal = RowRemoval(
            from: table,
            fields: try placeFields(of: version),
            store: service.store,
            specIDs: table.landedSpecIDs
        )
        do throws(RowRemovalError) {
            let result = try removal.rewrite(
                without: PlaceRanges(places),
                isRehearsal: isRehearsal
            ) { newFile(besides: $0, of: table, pipeline: pipeline, epoch: epoch) }
            return RemovedRanges(
                removedFiles: result.removed,
                appliedDeletes: result.appliedDeletes,
                files: result.added,
                rows: result.rows,
                dropped: result.dropped
            )
        } catch { throw failure(version, error) }
    }

    /// The URI of a file in the place of `file`: in the same partition, so in the same folder.
    private func newFile(
        besides file: DataFile,
        of table: Table,
        pipeline: String,
        epoch: Int64
    ) -> String {
        let end = file.path.lastIndex(of: "/") ?? file.path.endIndex
        return newFile(
            in: String(file.path[..<end]),
            of: table,
            pipeline: pipeline,
            epoch: epoch
        )
    }

    private func failure(_ version: TableVersion, _ error: RowRemovalError) -> TableCommitterError {
        error.isRetriable
            ? .storage(table: version.table, reason: error.description)
            : .invalid(table: version.table, reason: error.description)
    }

    /// Where the table's rows tell their places.
    private func placeFields(of version: TableVersion) throws(TableCommitterError) -> PlaceFields {
        guard let fields = PlaceFields(version.schema) else {
            throw .invalid(
                table: version.table,
                reason: "it has no \(LogColumn.name), so its rows cannot be told apart"
            )
        }
        return fields
    }
}
