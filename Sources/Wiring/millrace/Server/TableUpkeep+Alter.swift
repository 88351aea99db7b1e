import Catalogs
import HTTPServer
import IcebergModel
import JSONText
import Tables

extension TableUpkeep {
    /// `POST /v1/tables/{table}/alter`: applies `changes`, each an object such as
    /// `{"add": "discount decimal(10, 2) after price"}`, in their order and in one commit. With
    /// `dry_run` nothing is done.
    func alter(_ table: Table, _ body: JSONValue) throws(HTTPProblem) -> JSONValue {
        let alterations = try Self.alterations(body)
        let change = try define(table, body) { (metadata) throws(AlterationError) in
            let landed = LandedTable(metadata, name: table.identifier.name)
            for alteration in alterations { try landed.check(alteration) }
            return try TableAlteration(alterations, of: metadata).updates()
        }
        let lines = change.before.differences(in: change.after)
        return [
            "table": .string("\(table.identifier)"),
            "changed": .bool(change.isChange && !Self.isDry(body)),
            "changes": .array(lines.map { .string($0) }),
            "schema_id": .integer(Int64(change.after.currentSchemaID)),
            "partition_spec_id": .integer(Int64(change.after.defaultSpecID)),
            "sort_order_id": .integer(Int64(change.after.defaultSortOrderID)),
            "columns": TableReports.columns(change.after),
            "partitions": TableReports.partitions(change.after),
            "sort_order": TableReports.sortOrder(change.after),
        ]
    }

    private static func isDry(_ body: JSONValue) -> Bool { body["dry_run"]?.boolValue ?? false }

    private static func alterations(_ body: JSONValue) throws(HTTPProblem) -> [Alteration] {
        var alterations: [Alteration] = []
        for change in body["changes"]?.arrayValue ?? [] {
            let members = change.objectValue?.members ?? []
            guard members.count == 1, let text = members[0].value.stringValue else {
                throw HTTPProblem(
                    400,
                    "The change is not understood",
                    "Each of \"changes\" is an object with one member, such as "
                        + "{\"add\": \"note string\"}."
                )
            }
            let verb = String(members[0].key.map { $0 == "_" ? "-" : $0 })
            do throws(AlterationError) { alterations.append(try Alteration(verb, text)) } catch {
                throw HTTPProblem(400, "The change is not understood", error.description)
            }
        }
        guard !alterations.isEmpty else {
            throw HTTPProblem(
                400,
                "There is nothing to change",
                "Send \"changes\": a list of objects such as {\"add\": \"note string\"}."
            )
        }
        return alterations
    }

    private func define(
        _ table: Table,
        _ body: JSONValue,
        _ plan: (TableMetadata) throws(AlterationError) -> (
            updates: [TableUpdate], requirements: [TableRequirement]
        )
    ) throws(HTTPProblem) -> DefinitionChange {
        do throws(DefinitionError) {
            return try service.lake.define(
                table.identifier,
                isRehearsal: Self.isDry(body),
                plan: plan
            )
        } catch {
            switch error {
            case .refused(let reason):
                throw HTTPProblem(409, "The table cannot be changed so", reason)
            case .failed(let error):
                throw HTTPProblem(
                    error.isRetriable ? 503 : 500,
                    "The table was not changed",
                    error.description
                )
            case .unknownOutcome(let reason):
                throw HTTPProblem(
                    500,
                    "The table may have been changed",
                    "\(reason); 'millrace tables describe \(table.identifier)' tells."
                )
            }
        }
    }

    /// `POST /v1/tables/{table}/branch` and `…/tag`: gives the snapshot `at`, the current one if
    /// it is left out, the name `name`; or takes the name away with `delete`. With `dry_run`
    /// nothing is done.
    func refer(
        _ table: Table,
        _ kind: SnapshotReference.Kind,
        _ body: JSONValue
    ) throws(HTTPProblem) -> JSONValue {
        let name = body["name"]?.stringValue ?? ""
        guard !name.isEmpty, Int64(name) == nil, name != SnapshotReference.main else {
            throw HTTPProblem(
                400,
                "The name is not usable",
                "\"\(name)\": a \(kind.rawValue) needs a name that is no number, and "
                    + "\(SnapshotReference.main) is moved by commits and 'rollback' alone."
            )
        }
        let isDeleted = body["delete"]?.boolValue ?? false
        let reports = TableReports(lake: service.lake, store: service.store)
        let target = isDeleted ? nil : try reports.snapshot(body["at"]?.stringValue, of: table)
        guard isDeleted || target != nil else {
            throw HTTPProblem(
                409,
                "There is nothing to name",
                "\(table.identifier) has no snapshots yet."
            )
        }
        let change = try define(table, body) { (metadata) throws(AlterationError) in
            let wanted = target.map { SnapshotReference(snapshotID: $0.id, kind: kind) }
            return try Self.naming(name, wanted, kind, in: metadata)
        }
        let id = (target?.id ?? change.before.references[name]?.snapshotID)
        return [
            "table": .string("\(table.identifier)"), "kind": .string(kind.rawValue),
            "name": .string(name), "snapshot_id": id.map { TableReports.id($0) } ?? .null,
            "deleted": .bool(isDeleted), "changed": .bool(change.isChange && !Self.isDry(body)),
        ]
    }

    private static func naming(
        _ name: String,
        _ wanted: SnapshotReference?,
        _ kind: SnapshotReference.Kind,
        in metadata: TableMetadata
    ) throws(AlterationError) -> (updates: [TableUpdate], requirements: [TableRequirement]) {
        let found = metadata.references[name]
        if let found, found.kind != kind {
            throw AlterationError("\(name) is a \(found.kind.rawValue), not a \(kind.rawValue)")
        }
        let requirements: [TableRequirement] = [
            .tableUUID(metadata.uuid), .reference(name, snapshotID: found?.snapshotID),
        ]
        guard let wanted else {
            guard found != nil else {
                throw AlterationError("there is no \(kind.rawValue) \(name)")
            }
            return ([.removeReference(name)], requirements)
        }
        if let found {
            guard found.snapshotID == wanted.snapshotID else {
                throw AlterationError(
                    "the \(kind.rawValue) \(name) is at snapshot \(found.snapshotID); delete it "
                        + "first if it is to name another one"
                )
            }
            return ([], requirements)
        }
        return ([.setReference(name, wanted)], requirements)
    }
}
