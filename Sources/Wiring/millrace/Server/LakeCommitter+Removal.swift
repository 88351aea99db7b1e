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
        let removal = RowRemoval(from: table, fields: fields, store: service.store)
        do throws(RowRemovalError) {
            let result = try removal.rewrite(without: Set(wanted.keys)) { file in
                // Where its predecessor lies: the same partition, so the same folder.
                let end = file.path.lastIndex(of: "/") ?? file.path.endIndex
                return newFile(
                    in: String(file.path[..<end]),
                    of: table,
                    pipeline: pipeline,
                    epoch: epoch
                )
            }
            return RemovedRows(
                removedFiles: result.removed,
                files: result.added,
                found: Set(result.found.compactMap { wanted[$0] })
            )
        } catch {
            throw error.isRetriable
                ? .storage(table: version.table, reason: error.description)
                : .invalid(table: version.table, reason: error.description)
        }
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
