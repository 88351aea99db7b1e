import Clocks
import HTTPServer
import IcebergModel
import JSONText
import Maintenance
import Stores
import Synchronization
import Tables

/// Keeps tables small in number. A table is worked on by one thread at a time.
final class TableUpkeep: Sendable {
    /// What merging came to.
    struct Merged {
        var files = 0
        var rows: Int64 = 0
        /// What would be merged next.
        var left: [CompactionPlan.Group]
        /// The table with what was merged.
        var table: Table
    }

    let service: LakeService
    /// How far the cleaning of tables has come, by their names.
    let cleaning = Mutex<[String: OrphanFiles.Progress]>([:])
    private let isStopping = Atomic<Bool>(false)
    private let busy = Mutex<Set<String>>([])

    /// Bytes of a merged file unless the table's property says otherwise.
    private static let targetBytes: Int64 = 256 << 20
    private static let targetProperty = "write.target-file-size-bytes"

    init(_ service: LakeService) { self.service = service }

    /// What is under way ends without a commit.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// True once `stop` was called.
    var isStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// Merges small files of a table, `groupsMax` groups of them at most.
    ///
    /// - Parameters:
    ///   - filesMin: fewest files that are merged.
    ///   - isTiered: only files of like size.
    /// - Returns: nil when somebody else works on the table.
    func merge(
        _ table: Table,
        filesMin: Int,
        isTiered: Bool,
        groupsMax: Int
    ) throws(MaintenanceError) -> Merged? {
        try alone(table) { () throws(MaintenanceError) in
            let given = table.metadata.properties[Self.targetProperty].flatMap { Int64($0) }
            let rules = CompactionPlan.Rules(
                targetBytes: given.flatMap { $0 > 0 ? $0 : nil } ?? Self.targetBytes,
                filesMin: filesMin,
                isTiered: isTiered
            )
            // Files whose columns are all different stay, and would be met again and again.
            var hopeless: Set<String> = []
            var merged = Merged(left: try groups(table, rules), table: table)
            var done = 0
            while done < groupsMax, let group = merged.left.first {
                if let result = try merge(group, of: merged.table) {
                    merged.files += result.removed.count
                    merged.rows += result.added.reduce(0) { $0 + $1.recordCount }
                    merged.table = result.table
                } else {
                    hopeless.formUnion(group.files.map(\.file.path))
                }
                done += 1
                merged.left = try groups(merged.table, rules).filter { group in
                    !group.files.allSatisfy { hopeless.contains($0.file.path) }
                }
            }
            return merged
        }
    }

    private func groups(
        _ table: Table,
        _ rules: CompactionPlan.Rules
    ) throws(MaintenanceError) -> [CompactionPlan.Group] {
        do throws(TableError) {
            let scan = try table.scan()
            return CompactionPlan(
                scan.files.map(\.live),
                withDeletes: Set(scan.files.filter { !$0.deletes.isEmpty }.map(\.live.file.path)),
                rules
            ).groups
        } catch { throw .table(error) }
    }

    private func merge(
        _ group: CompactionPlan.Group,
        of table: Table
    ) throws(MaintenanceError) -> Compaction.Result? {
        try Compaction(
            in: service.lake,
            store: service.store,
            summary: Self.summary("compaction")
        ).merge(
            group,
            of: table,
            newName: { file in
                let folder = file.path.split(separator: "/", omittingEmptySubsequences: false)
                    .dropLast().joined(separator: "/")
                return "\(folder)/compacted-\(service.newUUID()).parquet"
            },
            goesOn: { _ in !isStopped }
        )
    }

    /// What snapshots say of who made them.
    static func summary(_ what: String) -> [String: String] {
        [
            "engine-name": "millrace", "engine-version": Millrace.version,
            "millrace.maintenance": what,
        ]
    }

    /// Takes out the snapshots that `retention` does not keep, if they are `snapshotsMin` at least.
    ///
    /// - Returns: nil when there are fewer, or somebody else works on the table.
    func expire(
        _ table: Table,
        _ retention: SnapshotRetention,
        snapshotsMin: Int = 1
    ) throws(MaintenanceError) -> Expiry.Result? {
        let choice = choice(table, retention)
        guard choice.snapshotIDs.count >= snapshotsMin || !choice.references.isEmpty else {
            return nil
        }
        return try alone(table) { () throws(MaintenanceError) in
            try Expiry(in: service.lake, store: service.store).expire(choice, of: table)
        } ?? nil
    }

    private func choice(
        _ table: Table,
        _ retention: SnapshotRetention
    ) -> SnapshotRetention.Choice {
        retention.choice(from: table.metadata, at: SystemClocks().now().milliseconds)
    }

    /// Runs `body` unless somebody else works on the table.
    func alone<Result>(
        _ table: Table,
        _ body: () throws(MaintenanceError) -> Result
    ) throws(MaintenanceError) -> Result? {
        let uuid = table.metadata.uuid
        guard busy.withLock({ $0.insert(uuid).inserted }) else { return nil }
        defer { _ = busy.withLock { $0.remove(uuid) } }
        return try body()
    }
}

extension TableUpkeep {
    /// `POST /v1/tables/{table}/optimize`: merges small files, `groups` of them at most, and says
    /// what is left to do. With `dry_run` nothing is done.
    func optimize(_ table: Table, _ body: JSONValue) throws(HTTPProblem) -> JSONValue {
        let isDry = body["dry_run"]?.boolValue ?? false
        if body["manifests"]?.boolValue ?? false {
            return try optimizeManifests(table, isDry: isDry)
        }
        let groupsMax = body["groups"]?.integerValue.map { Int(clamping: $0) } ?? Int.max
        let merged: Merged?
        do throws(MaintenanceError) {
            merged = try merge(
                table,
                filesMin: 2,
                isTiered: false,
                groupsMax: isDry ? 0 : groupsMax
            )
        } catch {
            throw HTTPProblem(
                error.isRetriable ? 503 : 500,
                "The files could not be merged",
                error.description
            )
        }
        guard let merged else { throw Self.isBusy(table) }
        return [
            "table": .string("\(table.identifier)"), "changed": .bool(merged.files > 0),
            "files_merged": .integer(Int64(merged.files)), "rows_copied": .integer(merged.rows),
            "groups_left": .integer(Int64(merged.left.count)),
            "files_left": .integer(Int64(merged.left.reduce(0) { $0 + $1.files.count })),
            "bytes_left": .integer(merged.left.reduce(0) { $0 + $1.bytes }),
        ]
    }

    /// `POST /v1/tables/{table}/expire`: takes old snapshots out. With `older_than_ms`, all but the
    /// last `keep` (1) that are older; with `dry_run` nothing is done.
    func expire(_ table: Table, _ body: JSONValue) throws(HTTPProblem) -> JSONValue {
        var retention = SnapshotRetention()
        if let age = body["older_than_ms"]?.integerValue {
            let keep = Int(clamping: body["keep"]?.integerValue ?? 1)
            retention = SnapshotRetention(maxAge: age, countMin: keep)
        }
        let chosen = choice(table, retention)
        var result: Expiry.Result?
        if body["dry_run"]?.boolValue != true {
            do throws(MaintenanceError) { result = try expire(table, retention) } catch {
                throw HTTPProblem(
                    error.isRetriable ? 503 : 500,
                    "The snapshots could not be taken out",
                    error.description
                )
            }
            if result == nil, !chosen.snapshotIDs.isEmpty { throw Self.isBusy(table) }
        }
        let left = chosen.snapshotIDs.count - (result?.snapshots ?? 0)
        return [
            "table": .string("\(table.identifier)"), "changed": .bool(result != nil),
            "snapshots_expired": .integer(Int64(result?.snapshots ?? 0)),
            "snapshots_left": .integer(Int64(left)),
            "references_expired": .array(chosen.references.map { .string($0) }),
            "data_files_deleted": .integer(Int64(result?.dataFiles ?? 0)),
            "metadata_files_deleted": .integer(Int64(result?.metadataFiles ?? 0)),
            "bytes_deleted": .integer(result?.bytes ?? 0),
        ]
    }

    static func isBusy(_ table: Table) -> HTTPProblem {
        HTTPProblem(
            409,
            "The table is being worked on",
            "Upkeep of \(table.identifier) is under way; try again in a while."
        )
    }
}
