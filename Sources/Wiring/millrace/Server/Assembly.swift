import Broker
import Clocks
import Collector
import Configuration
import EventLog
import Files
import Gateway
import Glibc
import HTTPServer
import KafkaListener
import Reactor
import Settings
import Telemetry

/// How settings become parts.
enum Assembly {
    /// The logger that the settings ask for.
    static func logger(_ settings: MillraceConfiguration) -> Logger {
        Logger(
            component: "millrace",
            level: settings.telemetry.level,
            sink: LogSink(
                descriptor: STDERR_FILENO,
                format: settings.telemetry.format,
                clock: SystemClocks()
            )
        )
    }

    /// Opens the embedded log; repairs what a crash left.
    static func openLog(_ settings: MillraceConfiguration) throws(CommandError) -> LocalLog {
        var options = LogOptions()
        options.segmentBytesMax = settings.log.segmentBytes
        options.queuedBytesMax = settings.log.queueBytes
        options.durability =
            switch settings.log.durability {
            case .fsync: .fsync
            case .interval: .interval(settings.log.syncInterval)
            case .os: .os
            }
        do throws(LogError) {
            return try LocalLog.open(
                at: "\(settings.dataDirectory)/log",
                files: LocalFiles(),
                options: options
            )
        } catch {
            throw CommandError("the log cannot be opened: \(error)")
        }
    }

    /// The broker over `log`; reads the committed offsets back.
    static func broker(
        _ settings: MillraceConfiguration,
        _ log: LocalLog,
        _ logger: Logger
    ) throws(CommandError) -> Broker<LocalFiles> {
        var options = BrokerOptions()
        options.createsTopics = settings.log.autoCreateTopics
        options.partitionsDefault = settings.log.defaultPartitions
        do throws(BrokerError) {
            return try Broker(
                log: log,
                files: LocalFiles(),
                options: options,
                clocks: SystemClocks(),
                logger: logger.named("broker")
            )
        } catch {
            throw CommandError("the broker cannot start: \(error)")
        }
    }

    /// What the collector may take.
    static func collectorOptions(_ settings: MillraceConfiguration) -> CollectorOptions {
        var options = CollectorOptions()
        options.bodyBytesMax = settings.http.bodyBytesMax
        options.createsTopics = settings.log.autoCreateTopics
        options.newTopicPartitions = settings.log.defaultPartitions
        return options
    }

    /// Listens for HTTP.
    static func startHTTP(
        _ settings: MillraceConfiguration,
        _ gateway: Gateway,
        _ metrics: MetricsRegistry,
        _ logger: Logger
    ) throws(CommandError) -> HTTPServer {
        var configuration = HTTPServer.Configuration(
            address: settings.http.listen.host,
            port: settings.http.listen.port
        )
        configuration.bodyBytesMax = settings.http.bodyBytesMax
        if let threads = settings.http.threads { configuration.threads = threads }
        let server = HTTPServer(
            configuration: configuration,
            log: logger.named("http"),
            metrics: metrics,
            handler: { gateway.handle($0, $1) }
        )
        do throws(HTTPServerError) { try server.start() } catch {
            throw CommandError("http.listen \(settings.http.listen): \(error)")
        }
        return server
    }

    /// Listens for Kafka clients; returns the listener and its port.
    static func startListener(
        _ settings: MillraceConfiguration,
        _ broker: Broker<LocalFiles>,
        _ metrics: MetricsRegistry,
        _ logger: Logger
    ) throws(CommandError) -> (listener: KafkaListener<LocalFiles>, port: UInt16) {
        var options = ListenerOptions()
        options.advertisedHost = settings.log.advertised?.host
        options.advertisedPort = settings.log.advertised?.port
        let listener = KafkaListener(
            broker: broker,
            options: options,
            logger: logger.named("kafka"),
            metrics: metrics
        )
        let address = settings.log.listen
        do throws(ReactorError) {
            return (listener, try listener.start(host: address.host, port: address.port))
        } catch {
            throw CommandError("log.listen \(address): \(error)")
        }
    }
}
