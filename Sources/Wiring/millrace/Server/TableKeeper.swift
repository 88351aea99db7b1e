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
    private let cleaning: (interval: Duration, age: Duration)?
    private let nextCleaning = Mutex(MonotonicInstant(nanoseconds: Int64.max))
    private let merged = Atomic<Int>(0)
    /// The metadata files of tables in which there was nothing to merge.
    private let settled = Mutex<[TableIdentifier: String]>([:])

    /// Files from which merging pays by itself.
    private static let filesMin = 16
    /// Manifests of like size from which merging pays by itself.
    private static let manifestsMin = 16
    /// Snapshots from which taking them out is worth a commit.
    private static let snapshotsMin = 50
    /// How long after the start files that nothing names are looked for.
    private static let firstCleaning = Duration.seconds(3600)

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
        let keeper = TableKeeper(
            service,
            upkeep,
            every: interval,
            cleaning: settings.lake.cleaning,
            logger: logger
        )
        keeper.register(in: metrics)
        return keeper
    }

    /// Begins to look after the tables of `service`, a first time after `interval`.
    private init(
        _ service: LakeService,
        _ upkeep: TableUpkeep,
        every interval: Duration,
        cleaning: (interval: Duration, age: Duration)?,
        logger: Logger
    ) {
        self.service = service
        self.upkeep = upkeep
        self.cleaning = cleaning
        if let cleaning {
            let first = min(cleaning.interval, Self.firstCleaning)
            nextCleaning.withLock { $0 = SystemClocks().now() + first }
        }
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
        let cleans = isTimeToClean()
        do {
            for namespace in try service.lake.catalog.listNamespaces() {
                for identifier in try service.lake.catalog.listTables(namespace) {
                    if isEnding.withLock({ $0 }) { return }
                    let table = try service.lake.table(identifier)
                    guard service.lake.catalog.isEmbedded || table.isLanded else { continue }
                    tend(table, cleans: cleans)
                }
            }
        } catch {
            logger.warning("tables could not be looked after", ["reason": "\(error)"])
        }
    }

    private func isTimeToClean() -> Bool {
        guard let cleaning else { return false }
        let now: MonotonicInstant = SystemClocks().now()
        return nextCleaning.withLock { next in
            guard now >= next else { return false }
            next = now + cleaning.interval
            return true
        }
    }

    /// Each part by itself: a table whose files cannot be merged loses its old snapshots, too.
    private func tend(_ table: Table, cleans: Bool) {
        let name = "\(table.identifier)"
        var now = table
        func part(_ what: String, _ body: () throws(MaintenanceError) -> Void) {
            do throws(MaintenanceError) { try body() } catch {
                // A commit that others won, a full disk: the next look tells.
                logger.info(
                    "upkeep was left out",
                    ["table": name, "part": what, "reason": error.description]
                )
            }
        }
        part("merge") { () throws(MaintenanceError) in
            if let done = try merge(now) { now = done }
        }
        part("manifests") { () throws(MaintenanceError) in
            if let done = try mergeManifests(now) { now = done }
        }
        part("expire") { () throws(MaintenanceError) in
            if let done = try expire(now) { now = done }
        }
        if cleans { part("clean") { () throws(MaintenanceError) in try clean(now) } }
    }

    /// Merges small files; nil when the table has not changed since there were none.
    private func merge(_ table: Table) throws(MaintenanceError) -> Table? {
        let known = settled.withLock { $0[table.identifier] }
        if known == table.metadataLocation { return nil }
        let done = try upkeep.merge(
            table,
            filesMin: Self.filesMin,
            isTiered: true,
            groupsMax: Int.max
        )
        guard let done else { return nil }
        settled.withLock { $0[table.identifier] = done.table.metadataLocation }
        if done.files > 0 {
            merged.add(done.files, ordering: .relaxed)
            logger.info(
                "merged small files",
                ["table": "\(table.identifier)", "files": done.files, "rows": done.rows]
            )
        }
        return done.table
    }

    /// So that commits, which merge them at a hundred, seldom have to.
    private func mergeManifests(_ table: Table) throws(MaintenanceError) -> Table? {
        guard table.metadata.properties[TableProperty.mergesManifests] != "false" else {
            return nil
        }
        let done = try upkeep.mergeManifests(
            table,
            manifestsMin: Self.manifestsMin,
            isTiered: true
        )
        guard let done else { return nil }
        logger.info(
            "merged manifests",
            ["table": "\(table.identifier)", "manifests": done.merged, "made": done.made]
        )
        return done.table
    }

    private func expire(_ table: Table) throws(MaintenanceError) -> Table? {
        let expired = try upkeep.expire(
            table,
            SnapshotRetention(),
            snapshotsMin: Self.snapshotsMin
        )
        guard let expired else { return nil }
        logger.info(
            "took old snapshots out",
            [
                "table": "\(table.identifier)", "snapshots": expired.snapshots,
                "data_files": expired.dataFiles, "bytes": expired.bytes,
            ]
        )
        return expired.table
    }

    private func clean(_ table: Table) throws(MaintenanceError) {
        guard let cleaning else { return }
        let age = cleaning.age.components.seconds * 1000
        guard let removed = try upkeep.clean(table, age: age)?.removed else { return }
        logger.info(
            "deleted files that nothing names",
            [
                "table": "\(table.identifier)", "files": removed.files.count,
                "bytes": removed.bytes,
            ]
        )
    }
}

extension Table {
    /// True when a pipeline lands it. In a catalog of somebody else, other tables are left to those
    /// who write them.
    fileprivate var isLanded: Bool {
        metadata.properties.keys.contains { CommitMarker.pipeline(ofKey: $0) != nil }
    }
}
