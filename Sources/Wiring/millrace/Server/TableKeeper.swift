import Catalogs
import Clocks
import Configuration
import IcebergModel
import Maintenance
import Pipelines
import Synchronization
import Tables
import Telemetry
import Threads

/// Looks at every table now and then and does what upkeep it needs.
final class TableKeeper: Sendable {
    private let service: LakeService
    private let upkeep: TableUpkeep
    private let logger: Logger
    private let isEnding = Condition(false)
    private let thread = Mutex<Thread?>(nil)
    private let merged = Atomic<Int>(0)
    /// The metadata files of tables in which there was nothing to merge.
    private let settled = Mutex<[TableIdentifier: String]>([:])

    /// Files from which merging pays by itself.
    private static let filesMin = 16
    /// Snapshots from which taking them out is worth a commit.
    private static let snapshotsMin = 50

    /// The keeper that the settings ask for.
    static func start(
        _ settings: MillraceConfiguration,
        _ service: LakeService,
        _ upkeep: TableUpkeep,
        _ metrics: MetricsRegistry,
        _ logger: Logger
    ) -> TableKeeper? {
        guard let interval = settings.lake.upkeepInterval else { return nil }
        let logger = logger.named("upkeep")
        let keeper = TableKeeper(service, upkeep, every: interval, logger: logger)
        keeper.register(in: metrics)
        return keeper
    }

    /// Begins to look after the tables of `service`, a first time after `interval`.
    private init(
        _ service: LakeService,
        _ upkeep: TableUpkeep,
        every interval: Duration,
        logger: Logger
    ) {
        self.service = service
        self.upkeep = upkeep
        self.logger = logger
        thread.withLock { thread in
            thread = Thread("upkeep") { [self] in
                while isEnding.wait(timeout: interval, until: { $0 ? true : nil }) == nil {
                    tend()
                }
            }
        }
    }

    /// Ends soon; what is under way ends without a commit.
    func stop() {
        upkeep.stop()
        isEnding.update { $0 = true }
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    /// How many files were merged.
    private func register(in metrics: MetricsRegistry) {
        metrics.gauge(
            "millrace_upkeep_files_merged",
            help: "Small data files that were merged into larger ones since the start"
        ) { [self] in Double(merged.load(ordering: .relaxed)) }
    }

    private func tend() {
        do {
            for namespace in try service.lake.catalog.listNamespaces() {
                for identifier in try service.lake.catalog.listTables(namespace) {
                    if isEnding.withLock({ $0 }) { return }
                    let table = try service.lake.table(identifier)
                    if service.lake.catalog.isEmbedded || table.isLanded { tend(table) }
                }
            }
        } catch {
            logger.warning("tables could not be looked after", ["reason": "\(error)"])
        }
    }

    /// Merges small files; nil when the table has not changed since there were none.
    private func merge(_ table: Table) throws(MaintenanceError) -> TableUpkeep.Merged? {
        let known = settled.withLock { $0[table.identifier] }
        if known == table.metadataLocation { return nil }
        let done = try upkeep.merge(
            table,
            filesMin: Self.filesMin,
            isTiered: true,
            groupsMax: Int.max
        )
        if let done {
            settled.withLock { $0[table.identifier] = done.table.metadataLocation }
        }
        return done
    }

    private func tend(_ table: Table) {
        let name = "\(table.identifier)"
        do throws(MaintenanceError) {
            let done = try merge(table)
            if let done, done.files > 0 {
                merged.add(done.files, ordering: .relaxed)
                logger.info(
                    "merged small files",
                    ["table": name, "files": done.files, "rows": done.rows]
                )
            }
            let now = done?.table ?? table
            let expired = try upkeep.expire(
                now,
                SnapshotRetention(),
                snapshotsMin: Self.snapshotsMin
            )
            if let expired {
                logger.info(
                    "took old snapshots out",
                    [
                        "table": name, "snapshots": expired.snapshots,
                        "data_files": expired.dataFiles, "bytes": expired.bytes,
                    ]
                )
            }
        } catch {
            // Deletes of single rows, a commit that others won, a full disk: the next look tells.
            logger.info("upkeep was left out", ["table": name, "reason": error.description])
        }
    }
}

extension Table {
    /// True when a pipeline lands it. In a catalog of somebody else, other tables are left to those
    /// who write them.
    fileprivate var isLanded: Bool {
        metadata.properties.keys.contains { CommitMarker.pipeline(ofKey: $0) != nil }
    }
}
