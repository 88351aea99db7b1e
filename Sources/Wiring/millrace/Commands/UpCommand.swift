import Arguments
import Configuration
import Glibc
import Settings
import Telemetry

/// `millrace up`
struct UpCommand: Command {
    let description = CommandDescription(
        "up",
        summary: "Run the log, the collector, the pipelines and SQL",
        discussion: """
            Runs until Ctrl-C or SIGTERM, then stops within seconds and loses nothing. A second
            Ctrl-C ends it at once; that loses nothing either: what is acknowledged is on disk.
            """,
        options: [Commands.configOption],
        examples: [
            ("millrace up", "with ./millrace.yaml, or the defaults"),
            ("millrace up --config shop.yaml", "with another configuration"),
            ("MILLRACE_LOG_LISTEN=127.0.0.1:19092 millrace up", "with one setting changed"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let settings = try CommandConfiguration(arguments).settings
        let signals = try StopSignals()
        let logger = Assembly.logger(settings)
        for warning in settings.warnings {
            logger.warning("configuration", ["problem": warning.description])
        }
        let server = try Server(settings, logger: logger)
        announce(server, settings, logger)
        let signal = await signals.wait()
        logger.info("stopping", ["signal": signal == SIGINT ? "SIGINT" : "SIGTERM"])
        server.stop()
        logger.info("stopped")
        return .success
    }

    private func announce(
        _ server: Server,
        _ settings: MillraceConfiguration,
        _ logger: Logger
    ) {
        logger.info(
            "ready",
            [
                "log": "\(settings.log.listen.host):\(server.kafkaPort)",
                "http": "http://\(settings.http.listen.host):\(server.httpPort)",
                "catalog": settings.lake.foreign?.uri
                    ?? "http://\(settings.http.listen.host):\(server.httpPort)/"
                    + LakeService.catalogSegment,
                "data": settings.dataDirectory,
                "pipelines": settings.pipelines.count,
            ]
        )
    }
}
