import Gateway
import HTTPServer
import IcebergModel
import JSONText
import Tables

extension TableReports {
    /// The report that `verb` names: describe, snapshots, history, files (`snapshot`), or diff
    /// (`from`, `to`).
    func answer(
        _ verb: String,
        _ table: Table,
        _ value: (String) -> String?
    ) throws(HTTPProblem) -> JSONValue {
        switch verb {
        case "snapshots": return snapshots(table)
        case "history": return history(table)
        case "files": return try files(table, at: snapshot(value("snapshot"), of: table))
        case "diff":
            let to = try snapshot(value("to"), of: table)
            let parent = to?.parentID.flatMap { table.metadata.snapshot(id: $0) }
            guard let text = value("from") else { return try diff(table, from: parent, to: to) }
            return try diff(table, from: snapshot(text, of: table), to: to)
        default: return describe(table)
        }
    }

    /// `GET /v1/tables/{table}`, `…/snapshots`, `…/history`, `…/files`, `…/diff`.
    var actions: [GatewayAction] {
        ["describe", "snapshots", "history", "files", "diff"].map { verb in
            let path = verb == "describe" ? "" : "/\(verb)"
            return GatewayAction("GET", "/v1/tables/{table}\(path)") {
                (call) throws(HTTPProblem) in
                (200, try answer(verb, try table(call.segments[2]), call.query))
            }
        }
    }
}

extension TableUpkeep {
    /// What can be asked for: the name, which is also the last segment of the address.
    func answer(
        _ verb: String,
        _ table: Table,
        _ body: JSONValue
    ) throws(HTTPProblem) -> JSONValue {
        switch verb {
        case "clean": try clean(table, body)
        case "expire": try expire(table, body)
        case "rollback": try rollback(table, body)
        case "alter": try alter(table, body)
        case "branch": try refer(table, .branch, body)
        case "tag": try refer(table, .tag, body)
        default: try optimize(table, body)
        }
    }

    /// `POST /v1/tables/{table}/optimize`, `…/clean`, `…/expire`, `…/rollback`,
    /// `…/alter`, `…/branch`, `…/tag`, and the reports.
    var actions: [GatewayAction] {
        let reports = TableReports(lake: service.lake, store: service.store)
        let progress = GatewayAction("GET", "/v1/tables/{table}/clean") {
            (call) throws(HTTPProblem) in
            (200, self.cleanProgress(try reports.table(call.segments[2])))
        }
        return reports.actions + [progress]
            + ["optimize", "clean", "expire", "rollback", "alter", "branch", "tag"].map { verb in
                GatewayAction("POST", "/v1/tables/{table}/\(verb)") { (call) throws(HTTPProblem) in
                    (200, try self.answer(verb, try reports.table(call.segments[2]), call.body))
                }
            }
    }
}
