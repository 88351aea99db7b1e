import ArrowData
import Clocks
import Configuration
import Decoding
import EventLog
import FileSource
import Files
import Glibc
import IcebergModel
import JSONText
import Pipelines
import Telemetry
import Threads

typealias LocalLog = EventLog<LocalFiles>
typealias ServerLane = Lane<PipelineLog, LakeCommitter, SystemClocks>

/// The lanes of all pipelines, each on a thread of its own.
final class PipelineHost: Sendable {
    /// One lane for each table of each pipeline.
    let lanes: [ServerLane]
    private let threads: [Thread]
    /// Those of them that share their partitions with other processes.
    private let shares: [SharedLane]
    private let mirrors: [CheckpointMirror]

    /// Bytes of rows that all lanes together may gather before they are handed to files, about.
    private static let waitingBytesMax = 128 << 20
    /// Bytes that each of them may gather however many there are.
    private static let waitingBytesMin = 256 << 10
    /// Bytes of memory for rows that are kept for later.
    private static let idleBytesMax = 32 << 20

    /// Starts a lane for each definition.
    init(
        _ definitions: [LaneDefinition],
        sources: PipelineSources,
        committer: LakeCommitter,
        mirrors: [String: MirrorConfiguration],
        logger: Logger
    ) throws(CommandError) {
        let commits = Condition(UInt64(0))
        var lanes: [ServerLane] = []
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let reading = SharedReading(sources.embeddedLog, parallelism: cores + 1)
        let pool = BlockPool(bytesRetainedMax: Self.idleBytesMax)
        for var definition in definitions {
            definition.limits.waitingBytesMax = max(
                Self.waitingBytesMax / definitions.count,
                Self.waitingBytesMin
            )
            lanes.append(
                ServerLane(
                    definition,
                    source: try sources.lane(definition),
                    committer: committer,
                    clock: SystemClocks(),
                    logger: logger.named("pipelines"),
                    ownership: definition.isShared ? nil : .all,
                    reading: definition.source == nil ? reading : nil,
                    pool: pool,
                    afterCommit: { commits.update { $0 &+= 1 } }
                )
            )
        }
        self.lanes = lanes
        var shares: [SharedLane] = []
        for lane in lanes where lane.definition.isShared {
            shares.append(try sources.share(lane))
        }
        self.shares = shares
        self.mirrors = mirrors.sorted { $0.key < $1.key }.compactMap { name, mirror in
            let shown = lanes.filter { $0.definition.pipeline == name }
            if shown.isEmpty { return nil }
            return CheckpointMirror(
                mirror,
                of: shown,
                commits: commits,
                logger: logger.named("mirror").with(["pipeline": name])
            )
        }
        threads = lanes.map { lane in
            Thread("lane \(lane.definition.table)") { lane.run() }
        }
    }

    /// Lets every lane commit what it has read, and waits for them.
    func stop() {
        for lane in lanes { lane.stop() }
        for thread in threads { thread.join() }
        for mirror in mirrors { mirror.stop() }
        for share in shares { share.leave() }
        for lane in lanes { lane.source.close() }
    }

    /// Why requests should not come yet: a lane that has stopped for good, or has not begun.
    var obstacle: String? {
        for lane in lanes {
            let status = lane.status
            if status.state == .starting {
                return "the pipeline into \(status.table) is starting"
            }
        }
        return nil
    }

    /// Waits until every lane has taken its table over, or cannot.
    func waitUntilStarted(_ timeout: Duration) {
        let clock = SystemClocks()
        let begun: MonotonicInstant = clock.now()
        let pause = Condition(())
        while lanes.contains(where: { $0.status.state == .starting }),
            clock.now() - begun < timeout
        {
            let nothing: Void? = pause.wait(timeout: .milliseconds(5)) { _ in nil }
            _ = nothing
        }
    }

    /// Durable records that no commit covers yet.
    func lag(of lane: ServerLane) -> Int64 {
        let committed = lane.status.committed
        var lag: Int64 = 0
        for partition in lane.partitions {
            // One that does not answer now is counted when it does.
            guard let bounds = try? lane.source.bounds(of: partition) else { continue }
            lag += bounds.end - (committed?.progress(in: partition)?.next ?? bounds.start)
        }
        return lag
    }

    /// `GET /v1/pipelines`
    var report: JSONValue {
        let entries: [JSONValue] = lanes.map { lane in
            let status = lane.status
            let totals = status.committed?.totals
            return [
                "name": .string(status.pipeline), "table": .string(status.table),
                "source": lane.definition.source.map { .string($0) } ?? .null,
                "files": lane.source.files.map(\.report.json) ?? .null,
                "topics": .array(status.topics.map { .string($0) }),
                "mode": .string(lane.definition.mode.name),
                "state": .string(status.state.name),
                "reason": status.state.reason.map { .string($0) } ?? .null,
                "landed": .integer(totals?.landed ?? 0),
                "filtered": .integer((totals?.filtered ?? 0) + (totals?.discards.records ?? 0)),
                "discarded": .object(Self.counts(totals?.discards.reasons ?? [:])),
                "dead_lettered": .integer(totals?.deadLettered ?? 0),
                "pending": .integer(status.pending), "lag": .integer(lag(of: lane)),
                "epoch": .integer(status.committed?.epoch ?? 0),
                "last_commit": status.lastCommit.map { .string($0.iso8601) } ?? .null,
            ]
        }
        return ["pipelines": .array(entries)]
    }

    /// Counts by name, in order.
    private static func counts(_ counts: [String: Int64]) -> JSONObject {
        JSONObject(counts.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })
    }

    /// Gauges of every lane, read when metrics are asked for.
    func register(in metrics: MetricsRegistry) {
        for mirror in mirrors { mirror.register(in: metrics) }
        for lane in lanes {
            let labels: KeyValuePairs = [
                "pipeline": lane.definition.pipeline, "table": lane.definition.table,
            ]
            metrics.gauge(
                "millrace_pipeline_lag_records",
                help: "Durable records not committed yet",
                labels: labels
            ) { [self] in Double(lag(of: lane)) }
            metrics.counter(
                "millrace_pipeline_landed_records_total",
                help: "Records that are committed rows",
                labels: labels
            ) { Double(lane.status.committed?.totals.landed ?? 0) }
            metrics.counter(
                "millrace_pipeline_filtered_records_total",
                help: "Records left out by where, a contract or the error policy",
                labels: labels
            ) {
                let totals = lane.status.committed?.totals
                return Double((totals?.filtered ?? 0) + (totals?.discards.records ?? 0))
            }
            // Goes down when letters are landed again.
            metrics.gauge(
                "millrace_pipeline_dead_letters",
                help: "Records in the dead-letter table",
                labels: labels
            ) { Double(lane.status.committed?.totals.deadLettered ?? 0) }
            metrics.gauge(
                "millrace_pipeline_up",
                help: "1 while the lane lands",
                labels: labels
            ) { lane.status.state == .running ? 1 : 0 }
        }
    }
}

extension MillraceConfiguration {
    /// Where pipelines' checkpoints are shown besides, by pipeline.
    var mirrors: [String: MirrorConfiguration] {
        var mirrors: [String: MirrorConfiguration] = [:]
        for pipeline in pipelines { mirrors[pipeline.name] = pipeline.mirror }
        return mirrors
    }
}

extension LaneDefinition {
    /// The lanes that the configuration declares.
    static func all(in settings: MillraceConfiguration) throws(CommandError) -> [LaneDefinition] {
        var definitions: [LaneDefinition] = []
        for pipeline in settings.pipelines {
            for table in pipeline.tables {
                var predicate: Predicate?
                if let text = table.predicate {
                    do { predicate = try Predicate(parsing: text) } catch {
                        throw CommandError(
                            "pipelines.\(pipeline.name), where of \(table.name): \(error)",
                            code: .usage
                        )
                    }
                }
                var definition = LaneDefinition(
                    pipeline: pipeline.name,
                    source: pipeline.files == nil ? pipeline.source : "files",
                    topics: pipeline.topics,
                    table: table.name,
                    predicate: predicate,
                    columns: table.columns.compactMap { column in
                        column.type.map { NewColumn(column.name, $0) }
                    },
                    infersColumns: table.infersColumns,
                    freshness: pipeline.freshness,
                    isPartitionedByDay: table.partitioning == .day
                )
                definition.decoding = DecodingPlan(table)
                definition.isShared = pipeline.isShared
                definition.onError = pipeline.onError
                if let sql = table.sql { try definition.transform(with: sql) }
                definition.mode = LaneMode(pipeline.mode)
                definition.start = StartPosition(pipeline.mode.start)
                definitions.append(definition)
            }
        }
        return definitions
    }
}

extension LaneMode {
    init(_ configuration: ModeConfiguration) {
        switch configuration.mode {
        case .stream: self = .stream
        case .batch: self = .batch
        case .watch:
            let watch = configuration.watch
            self = .watch(
                WatchTrigger(
                    records: watch?.records.map(Int64.init),
                    bytes: watch?.bytes.map(Int64.init),
                    age: watch?.age,
                    poll: watch?.poll ?? .seconds(10)
                )
            )
        }
    }
}

extension StartPosition {
    init(_ start: ModeConfiguration.Start) {
        switch start {
        case .earliest: self = .earliest
        case .latest: self = .latest
        case .time(let moment): self = .time(moment)
        }
    }
}

extension DecodingPlan {
    /// What the configuration says of a table's rows.
    init(_ table: TableConfiguration) {
        self.init()
        format = table.format.format
        documents = table.format.documents
        nested = table.format.nested
        contract = table.contract
        for column in table.columns {
            switch column.origin {
            case .field(let field):
                if field != column.name { columnsByField[field] = column.name }
            case .outside(let origin):
                guard let type = column.type else { continue }
                outsideColumns.append(OutsideColumn(column.name, type, origin))
            }
            if column.casts { castColumns.insert(column.name) }
        }
    }
}
