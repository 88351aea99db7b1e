import Broker
import Clocks
import Collector
import Configuration
import EventLog
import Files
import Gateway
import HTTPServer
import KafkaListener
import LogSources
import Pipelines
import Synchronization
import Telemetry

/// Everything `millrace up` runs, in the order in which it starts. It stops in the reverse order:
/// first nobody new comes in, then what has come is finished, then the log closes.
final class Server: Sendable {
    private let log: LocalLog
    private let lake: LakeService
    private let broker: Broker<LocalFiles>
    private let listener: KafkaListener<LocalFiles>
    private let pipelines: PipelineHost
    private let keeper: TableKeeper?
    private let gateway: Gateway
    private let http: HTTPServer
    private let isStopping = Atomic(false)
    /// Port that Kafka clients reach.
    let kafkaPort: UInt16
    /// Port of the HTTP side.
    var httpPort: UInt16 { http.port }

    /// How long requests that are under way may take once the server stops.
    private static let grace = Duration.seconds(2)

    /// Starts everything, or nothing: an error names the part that could not start.
    init(_ settings: MillraceConfiguration, logger: Logger) throws(CommandError) {
        let definitions = try LaneDefinition.all(in: settings)
        let log = try Assembly.openLog(settings)
        self.log = log
        do {
            let lake = try LakeService(settings)
            self.lake = lake
            let local = definitions.filter { $0.source == nil }.flatMap(\.selectors)
            for name in Set(local.filter { !$0.isPattern }.map(\.text)).sorted()
            where log.topic(name) == nil {
                _ = try log.createTopic(name, partitions: settings.log.defaultPartitions)
            }
            let metrics = MetricsRegistry()
            metrics.registerProcessMetrics()
            broker = try Assembly.broker(settings, log, logger)
            let sources = try PipelineSources(
                settings,
                embedded: EmbeddedLog(log),
                logger: logger
            )
            let pipelines = try PipelineHost(
                definitions,
                sources: sources,
                committer: LakeCommitter(lake, logger: logger.named("lake")),
                mirrors: settings.mirrors,
                logger: logger
            )
            self.pipelines = pipelines
            pipelines.register(in: metrics)
            let collector = Collector(
                log: log,
                clock: SystemClocks(),
                options: Assembly.collectorOptions(settings),
                metrics: metrics
            )
            var services = GatewayServices(
                readiness: {
                    pipelines.obstacle.map { .notReady(reason: $0) } ?? .ready
                },
                metrics: { metrics.render() }
            )
            services.postEvents = { collector.post(topic: $0, $1, $2) }
            services.runSQL = { (sql, format) throws(HTTPProblem) in
                try lake.answer(sql, format)
            }
            services.topics = { () throws(HTTPProblem) in log.report }
            services.tables = { () throws(HTTPProblem) in try lake.report() }
            services.pipelines = { () throws(HTTPProblem) in pipelines.report }
            let runs = PipelineRuns(pipelines.lanes)
            let shelf = DeadLetterShelf(lake: lake, definitions: definitions)
            let verification = Verification(
                sources: sources,
                lake: lake,
                definitions: definitions
            )
            let upkeep = TableUpkeep(lake)
            keeper = TableKeeper.start(settings, lake, upkeep, metrics, logger)
            services.actions =
                runs.actions + shelf.actions(pipelines.lanes) + verification.actions
                + upkeep.actions
            services.mounts = lake.catalogMount(settings, metrics, logger).map { [$0] } ?? []
            let gateway = Gateway(services: services, log: logger.named("http"))
            self.gateway = gateway
            http = try Assembly.startHTTP(settings, gateway, metrics, logger)
            (listener, kafkaPort) = try Assembly.startListener(settings, broker, metrics, logger)
        } catch {
            log.close()
            throw error as? CommandError ?? CommandError("\(error)")
        }
    }

    /// Stops within seconds: connections end, pipelines commit what they have read, the log syncs
    /// and closes.
    func stop() {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return }
        listener.stop()
        gateway.stop(gracePeriod: Self.grace)
        http.stop(gracePeriod: Self.grace)
        keeper?.stop()
        pipelines.stop()
        broker.stop()
        log.close()
    }
}
