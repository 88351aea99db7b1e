import Catalogs
import Clocks
import DataFiles
import HTTPServer
import IcebergModel
import JSONText
import Stores
import Tables

/// What can be said of one table: its definition, its snapshots, its files, and what changed
/// between two of its snapshots.
struct TableReports {
    let lake: Lake
    let store: StoreSet

    /// The table called `name`: `events`, or `namespace.events`.
    func table(_ name: String) throws(HTTPProblem) -> Table {
        do throws(TableError) { return try lake.table(Self.identifier(name)) } catch {
            if error.isNoSuchTable {
                throw HTTPProblem(
                    404,
                    "There is no such table",
                    "There is no table \(name); 'millrace tables' lists those there are."
                )
            }
            throw Self.problem(error)
        }
    }

    private static func identifier(_ name: String) -> TableIdentifier {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let last = parts.last else {
            return LakeService.identifier(name)
        }
        return TableIdentifier(namespace: Array(parts.dropLast()), name: last)
    }

    static func problem(_ error: some Error) -> HTTPProblem {
        HTTPProblem(500, "The table cannot be read", "\(error)")
    }

    /// The snapshot that `text` means: an id, a branch or tag, or the last one made before a
    /// moment. Nil means the current one.
    func snapshot(_ text: String?, of table: Table) throws(HTTPProblem) -> Snapshot? {
        let metadata = table.metadata
        guard let text else { return metadata.currentSnapshot }
        if let reference = metadata.references[text] {
            return metadata.snapshot(id: reference.snapshotID)
        }
        if let id = Int64(text), let snapshot = metadata.snapshot(id: id) { return snapshot }
        if let moment = Timestamp(iso8601: text) {
            // The table's log of current snapshots is cut at every gap that an expiry leaves.
            let snapshot = metadata.snapshots.last {
                $0.timestampMilliseconds <= moment.milliseconds
            }
            if let snapshot { return snapshot }
            throw HTTPProblem(
                404,
                "There is no snapshot of that time",
                "\(text): the table has none that old any more; 'millrace tables snapshots' lists "
                    + "those there are."
            )
        }
        throw HTTPProblem(
            404,
            "There is no such snapshot",
            "\(text) is no snapshot, branch or tag of \(table.identifier), and no moment such as "
                + "2026-11-21T08:00:00Z."
        )
    }

    /// `GET /v1/tables/{table}`
    func describe(_ table: Table) -> JSONValue {
        let metadata = table.metadata
        return [
            "namespace": .string(table.identifier.namespace.joined(separator: ".")),
            "name": .string(table.identifier.name), "uuid": .string(metadata.uuid),
            "location": .string(metadata.location),
            "metadata_location": .string(table.metadataLocation),
            "format_version": .integer(Int64(TableMetadata.formatVersion)),
            "updated_at": Self.moment(metadata.lastUpdatedMilliseconds),
            "columns": Self.columns(metadata), "partitions": Self.partitions(metadata),
            "sort_order": Self.sortOrder(metadata),
            "references": .object(
                JSONObject(
                    metadata.references.sorted { $0.key < $1.key }.map { name, reference in
                        (
                            name,
                            [
                                "snapshot_id": Self.id(reference.snapshotID),
                                "kind": .string(reference.kind.rawValue),
                            ]
                        )
                    }
                )
            ),
            "snapshot": metadata.currentSnapshot.map(Self.entry) ?? .null,
            "deleted_rows": deletedRows(of: table).map { .integer($0) } ?? .null,
            "snapshots": .integer(Int64(metadata.snapshots.count)),
            "properties": .object(
                JSONObject(
                    metadata.properties.sorted { $0.key < $1.key }.map { ($0, .string($1)) }
                )
            ),
        ]
    }

    /// `GET /v1/tables/{table}/snapshots`: the newest first.
    func snapshots(_ table: Table) -> JSONValue {
        var names: [Int64: [String]] = [:]
        for (name, reference) in table.metadata.references.sorted(by: { $0.key < $1.key }) {
            names[reference.snapshotID, default: []].append(name)
        }
        let entries: [JSONValue] = table.metadata.snapshots.reversed().map { snapshot in
            var entry = Self.entry(snapshot).objectValue ?? JSONObject()
            entry["references"] = .array((names[snapshot.id] ?? []).map { .string($0) })
            return .object(entry)
        }
        return ["snapshots": .array(entries)]
    }

    /// `GET /v1/tables/{table}/history`: which snapshot was the current one when, the newest first.
    func history(_ table: Table) -> JSONValue {
        let metadata = table.metadata
        let ancestors = Set(metadata.ancestors(of: metadata.currentSnapshotID).map(\.id))
        let entries: [JSONValue] = metadata.snapshotLog.reversed().map { entry in
            [
                "made_current_at": Self.moment(entry.timestampMilliseconds),
                "snapshot_id": Self.id(entry.snapshotID),
                "is_ancestor": .bool(ancestors.contains(entry.snapshotID)),
                "operation": (metadata.snapshot(id: entry.snapshotID)?.summary["operation"])
                    .map { .string($0) } ?? .null,
            ]
        }
        return ["history": .array(entries)]
    }

    /// How many rows of the current snapshot's files are deleted by position; nil when that cannot
    /// be told. Snapshots count all rows of their files.
    func deletedRows(of table: Table) -> Int64? {
        guard let summary = table.metadata.currentSnapshot?.summary else { return 0 }
        if summary["total-delete-files"] == "0" { return 0 }
        do {
            let scan = try table.scan()
            let concerned = scan.files.indices.filter { !scan.files[$0].deletes.isEmpty }
            var deletes = PositionDeletes(of: scan, store: store)
            try deletes.read(for: concerned)
            return try concerned.reduce(0) { $0 + Int64(try deletes.positions(of: $1).count) }
        } catch { return nil }
    }

    /// `GET /v1/tables/{table}/files`
    func files(_ table: Table, at snapshot: Snapshot?) throws(HTTPProblem) -> JSONValue {
        guard let snapshot else { return ["files": [], "delete_files": []] }
        do {
            let scan = try table.scan(snapshotID: snapshot.id)
            var deletes = PositionDeletes(of: scan, store: store)
            try deletes.read(for: scan.files.indices)
            let files: [JSONValue] = try scan.files.indices.map { index in
                var entry = Self.entry(scan.files[index].live.file).objectValue ?? JSONObject()
                let deleted = try deletes.positions(of: index).count
                if deleted > 0 { entry["deleted_rows"] = .integer(Int64(deleted)) }
                return .object(entry)
            }
            return [
                "files": .array(files),
                "delete_files": .array(scan.deletes.map { Self.entry($0.live.file) }),
            ]
        } catch { throw Self.problem(error) }
    }

    /// `GET /v1/tables/{table}/diff`: files and columns that one snapshot has and the other has
    /// not.
    func diff(
        _ table: Table,
        from: Snapshot?,
        to: Snapshot?
    ) throws(HTTPProblem) -> JSONValue {
        let (before, after) = (try fileSet(table, from), try fileSet(table, to))
        let added = after.filter { before[$0.key] == nil }.values.sorted { $0.path < $1.path }
        let removed = before.filter { after[$0.key] == nil }.values.sorted { $0.path < $1.path }
        func of(_ files: [DataFile], _ content: DataFile.Content) -> [DataFile] {
            files.filter { $0.content == content }
        }
        func rows(_ files: [DataFile], deletedBy deletes: [DataFile]) -> JSONValue {
            let all = of(files, .data) + of(deletes, .positionDeletes)
            return .integer(all.reduce(0) { $0 + $1.recordCount })
        }
        func entries(_ files: [DataFile], _ content: DataFile.Content) -> JSONValue {
            .array(of(files, content).map(Self.entry))
        }
        let (old, new) = (schema(of: from, table), schema(of: to, table))
        func columns(_ some: Schema?, without other: Schema?) -> JSONValue {
            let known = Dictionary(
                (other?.allFields ?? []).map { ($0.id, $0) },
                uniquingKeysWith: { first, _ in first }
            )
            // A column that was renamed or got another type is gone and there again.
            let fields = (some?.allFields ?? []).filter { field in
                known[field.id].map { $0.name != field.name || $0.type != field.type } ?? true
            }
            return .array(fields.map(Self.column))
        }
        return [
            "from": from.map { Self.id($0.id) } ?? .null, "to": to.map { Self.id($0.id) } ?? .null,
            "rows_added": rows(added, deletedBy: removed),
            "rows_removed": rows(removed, deletedBy: added),
            "files_added": entries(added, .data), "files_removed": entries(removed, .data),
            "delete_files_added": entries(added, .positionDeletes),
            "delete_files_removed": entries(removed, .positionDeletes),
            "columns_added": columns(new, without: old),
            "columns_removed": columns(old, without: new),
        ]
    }

    private func fileSet(
        _ table: Table,
        _ snapshot: Snapshot?
    ) throws(HTTPProblem) -> [String: DataFile] {
        guard let snapshot else { return [:] }
        do throws(TableError) {
            let scan = try table.scan(snapshotID: snapshot.id)
            let files = scan.files.map(\.live.file) + scan.deletes.map(\.live.file)
            return Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        } catch { throw Self.problem(error) }
    }

    private func schema(of snapshot: Snapshot?, _ table: Table) -> Schema? {
        snapshot.flatMap { snapshot in
            table.metadata.schemas.first { $0.id == snapshot.schemaID }
        }
    }
}

extension TableReports {
    private static func path(_ fieldID: Int, _ schema: Schema) -> String {
        schema.path(toField: fieldID)?.map(\.name).joined(separator: ".") ?? "#\(fieldID)"
    }

    static func columns(_ metadata: TableMetadata) -> JSONValue {
        .array(metadata.schema.fields.map(column))
    }

    static func partitions(_ metadata: TableMetadata) -> JSONValue {
        .array(
            metadata.spec.fields.map { field in
                [
                    "name": .string(field.name), "transform": .string("\(field.transform)"),
                    "source": .string(path(field.sourceID, metadata.schema)),
                ]
            }
        )
    }

    static func sortOrder(_ metadata: TableMetadata) -> JSONValue {
        let order = metadata.sortOrders.first { $0.id == metadata.defaultSortOrderID }
        return .array(
            (order?.fields ?? []).map { field in
                [
                    "source": .string(path(field.sourceID, metadata.schema)),
                    "transform": .string("\(field.transform)"),
                    "direction": .string("\(field.direction)"),
                    "nulls": .string("\(field.nullOrder)"),
                ]
            }
        )
    }

    private static func column(_ field: NestedField) -> JSONValue {
        var entry = JSONObject([
            ("id", .integer(Int64(field.id))), ("name", .string(field.name)),
            ("type", .string("\(field.type)")), ("required", .bool(field.required)),
        ])
        if let doc = field.doc { entry["doc"] = .string(doc) }
        return .object(entry)
    }

    /// As text: many readers of JSON round numbers of that size.
    static func id(_ id: Int64) -> JSONValue { .string(String(id)) }

    static func moment(_ milliseconds: Int64) -> JSONValue {
        .string(Timestamp(milliseconds: milliseconds).iso8601)
    }

    static func entry(_ snapshot: Snapshot) -> JSONValue {
        func count(_ key: String) -> JSONValue {
            snapshot.summary[key].flatMap { Int64($0) }.map { .integer($0) } ?? .null
        }
        return [
            "snapshot_id": id(snapshot.id), "parent_id": snapshot.parentID.map { id($0) } ?? .null,
            "committed_at": moment(snapshot.timestampMilliseconds),
            "operation": .string(snapshot.summary["operation"] ?? ""),
            "added_files": count("added-data-files"), "added_rows": count("added-records"),
            "removed_files": count("deleted-data-files"), "removed_rows": count("deleted-records"),
            "files": count("total-data-files"), "rows": count("total-records"),
            "bytes": count("total-files-size"),
            "engine": (snapshot.summary["engine-name"]).map { .string($0) } ?? .null,
        ]
    }

    static func entry(_ file: DataFile) -> JSONValue {
        [
            "path": .string(file.path), "rows": .integer(file.recordCount),
            "bytes": .integer(file.fileSize),
            "partition": .array(file.partition.map { $0.map { .string("\($0)") } ?? .null }),
        ]
    }
}
