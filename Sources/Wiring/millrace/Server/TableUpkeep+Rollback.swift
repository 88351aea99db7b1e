import HTTPServer
import IcebergModel
import JSONText
import Pipelines
import Tables

extension TableUpkeep {
    /// `POST /v1/tables/{table}/rollback`: makes the snapshot `to` the current one again. With
    /// `dry_run` nothing is done.
    ///
    /// Tables that pipelines land are refused: their checkpoint says that later rows are there, and
    /// nobody would land them again.
    func rollback(_ table: Table, _ body: JSONValue) throws(HTTPProblem) -> JSONValue {
        guard let text = body["to"]?.stringValue else {
            throw HTTPProblem(400, "There is no target", "Send the snapshot as \"to\".")
        }
        let metadata = table.metadata
        let reports = TableReports(lake: service.lake, store: service.store)
        guard let target = try reports.snapshot(text, of: table) else {
            throw HTTPProblem(400, "There is no target", "\(table.identifier) has no snapshots.")
        }
        guard
            metadata.ancestors(of: metadata.currentSnapshotID).contains(where: {
                $0.id == target.id
            })
        else {
            throw HTTPProblem(
                409,
                "The snapshot is not in the table's past",
                "\(target.id) belongs to another branch, or to a past that was rolled back."
            )
        }
        if let pipeline = metadata.properties.keys.compactMap(CommitMarker.pipeline(ofKey:)).min() {
            throw HTTPProblem(
                409,
                "A pipeline lands this table",
                "The checkpoint of \(pipeline) says that the rows after \(target.id) are there. "
                    + "'millrace pipelines state reset \(pipeline) --to …' takes rows out and "
                    + "moves the checkpoint in one commit."
            )
        }
        let isDry = body["dry_run"]?.boolValue ?? false
        let isMove = target.id != metadata.currentSnapshotID
        if isMove, !isDry { try move(table, to: target) }
        let after = try reports.diff(table, from: metadata.currentSnapshot, to: target)
        var answer = after.objectValue ?? JSONObject()
        answer["table"] = .string("\(table.identifier)")
        answer["changed"] = .bool(isMove && !isDry)
        return .object(answer)
    }

    private func move(_ table: Table, to target: Snapshot) throws(HTTPProblem) {
        let main = SnapshotReference.main
        var reference =
            table.metadata.references[main]
            ?? SnapshotReference(snapshotID: target.id, kind: .branch)
        let current = table.metadata.currentSnapshotID
        reference.snapshotID = target.id
        let change = CatalogChange(
            table.identifier,
            requirements: [
                .tableUUID(table.metadata.uuid), .reference(main, snapshotID: current),
            ],
            updates: [.setReference(main, reference)]
        )
        do throws(CatalogChangeError) { _ = try service.lake.catalog.commit([change]) } catch {
            switch error {
            case .rejected(_, let reason):
                throw HTTPProblem(409, "Somebody else changed the table", reason.description)
            case .failed(let error):
                throw HTTPProblem(500, "The table was not rolled back", error.description)
            case .unknownOutcome(let reason, _):
                throw HTTPProblem(
                    500,
                    "The table may have been rolled back",
                    "\(reason); 'millrace tables history' tells."
                )
            }
        }
    }
}
