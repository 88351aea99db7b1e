import HTTPServer
import IcebergModel
import JSONText
import Maintenance
import Tables

extension TableUpkeep {
    /// Merges small manifests of a table, all there are, or only those of like size once there are
    /// `manifestsMin` of them.
    ///
    /// - Returns: nil when there was nothing to do, or somebody else works on the table.
    func mergeManifests(
        _ table: Table,
        manifestsMin: Int,
        isTiered: Bool
    ) throws(MaintenanceError) -> ManifestMerging.Result? {
        let plan = try manifestPlan(table, manifestsMin: manifestsMin, isTiered: isTiered)
        if plan.isEmpty { return nil }
        return try alone(table) { () throws(MaintenanceError) in
            try ManifestMerging(in: service.lake, summary: Self.summary("manifests"))
                .merge(plan, of: table) { !isStopped }
        } ?? nil
    }

    func manifestPlan(
        _ table: Table,
        manifestsMin: Int = 2,
        isTiered: Bool = false
    ) throws(MaintenanceError) -> ManifestPlan {
        let given = table.metadata.properties[TableProperty.manifestBytes].flatMap { Int64($0) }
        let rules = ManifestPlan.Rules(
            targetBytes: given.flatMap { $0 > 0 ? $0 : nil } ?? TableProperty.manifestBytesDefault,
            manifestsMin: manifestsMin,
            isTiered: isTiered
        )
        do throws(TableError) {
            let manifests =
                try table.metadata.currentSnapshot.map { (snapshot) throws(TableError) in
                    try table.manifests(of: snapshot)
                } ?? []
            return ManifestPlan(manifests, rules)
        } catch { throw .table(error) }
    }

    /// `POST /v1/tables/{table}/optimize` with `manifests`: merges small manifests, and nothing
    /// else. With `dry_run` nothing is done.
    func optimizeManifests(_ table: Table, isDry: Bool) throws(HTTPProblem) -> JSONValue {
        var done: ManifestMerging.Result?
        let left: ManifestPlan
        do throws(MaintenanceError) {
            if !isDry { done = try mergeManifests(table, manifestsMin: 2, isTiered: false) }
            left = try manifestPlan(done?.table ?? table)
        } catch {
            throw HTTPProblem(
                error.isRetriable ? 503 : 500,
                "The manifests could not be merged",
                error.description
            )
        }
        if !isDry, done == nil, !left.isEmpty { throw Self.isBusy(table) }
        return [
            "table": .string("\(table.identifier)"), "changed": .bool(done != nil),
            "manifests_merged": .integer(Int64(done?.merged ?? 0)),
            "manifests_made": .integer(Int64(done?.made ?? 0)),
            "manifests_left": .integer(Int64(left.manifestCount)),
        ]
    }
}
