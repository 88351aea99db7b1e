import Catalogs
import Columns
import IcebergModel
import Pipelines
import Tables

/// Which partition spec a lane's files belong to: by day of the log's time, or none. Another engine
/// may have given the table another default; then files go on being what they say they are, under
/// the spec that the table still knows.
extension LakeCommitter {
    /// The spec of files by day, or of files that are not divided.
    func landedSpec(of table: Table, byDay: Bool) throws(TableCommitterError) -> PartitionSpec {
        if let spec = table.landedSpec(byDay: byDay) { return spec }
        throw .invalid(
            table: table.identifier.name,
            reason: "it has no partition spec by which the pipeline writes files: "
                + (byDay ? "by day of \(LogColumn.name).timestamp, or none" : "none")
                + "; let the pipeline's setting \"partition\" be as the table is, or add that spec "
                + "with another engine"
        )
    }

    /// The spec of files that a lane has written; nil without files.
    func specID(
        of files: [DataFile],
        in table: Table
    ) throws(TableCommitterError) -> Int? {
        guard let first = files.first else { return nil }
        let isByDay = !first.partition.isEmpty
        guard files.allSatisfy({ $0.partition.isEmpty != isByDay }) else {
            // The spec by day came while the files were written; the next ones are all by day.
            throw .storage(
                table: table.identifier.name,
                reason: "some of its files are by day and some are not divided; one commit takes "
                    + "one kind"
            )
        }
        return try landedSpec(of: table, byDay: isByDay).id
    }
}

extension Table {
    /// The spec by which a lane's files are divided: the default, if it is such a one, else the
    /// newest such. Files by day may lie in a table that is not divided, too.
    func landedSpec(byDay: Bool) -> PartitionSpec? {
        let timestamp = metadata.schema.field(named: "\(LogColumn.name).timestamp")?.id
        let specs = [metadata.spec] + metadata.partitionSpecs.reversed()
        let undivided = specs.first { $0.fields.isEmpty }
        guard byDay else { return undivided }
        let divided = specs.first { spec in
            spec.fields.count == 1 && spec.fields[0].transform == .day
                && spec.fields[0].sourceID == timestamp
        }
        return divided ?? undivided
    }

    /// The specs of files that lanes write.
    var landedSpecIDs: Set<Int> {
        Set([true, false].compactMap { landedSpec(byDay: $0)?.id })
    }
}
