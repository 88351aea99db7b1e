import CatalogServer
import Clocks
import Configuration
import Gateway
import HTTPServer
import Stores
import Telemetry

extension LakeService {
    /// Threads that answer requests to the catalog: they wait for the disk.
    private static let catalogThreads = 4

    /// Where the Iceberg REST catalog is, below the HTTP port.
    static let catalogSegment = "iceberg"

    /// The Iceberg REST catalog over the lake's own, below `/iceberg`; nil when tables are in
    /// somebody else's, which serves them.
    func catalogMount(
        _ settings: MillraceConfiguration,
        _ metrics: MetricsRegistry,
        _ logger: Logger
    ) -> GatewayMount? {
        guard let embedded else { return nil }
        var options = CatalogServer.Options()
        if let client = settings.catalog.client { options.clients = [client.id: client.secret] }
        options.tokenLifetime = settings.catalog.tokenLifetime
        options.tableConfiguration = Self.tableConfiguration(settings)
        let server = CatalogServer(
            catalog: embedded,
            lake: lake,
            options: options,
            clock: SystemClocks(),
            random: SystemRandom(),
            metrics: metrics,
            logger: logger.named("catalog")
        )
        return GatewayMount(
            Self.catalogSegment,
            threads: Self.catalogThreads,
            refusal: { CatalogServer.refusal($0) },
            answer: { server.answer($0, path: $0.segments.dropFirst()) }
        )
    }

    /// How clients reach the files of tables in S3: everything but the keys, which they have
    /// themselves.
    private static func tableConfiguration(
        _ settings: MillraceConfiguration
    ) -> [String: String] {
        guard settings.lake.warehouse?.hasPrefix("s3://") == true, let s3 = settings.stores[.s3]
        else { return [:] }
        var configuration: [String: String] = [:]
        if let endpoint = s3.endpoint {
            configuration["s3.endpoint"] = endpoint
            configuration["s3.path-style-access"] = s3.style == .host ? "false" : "true"
        }
        if let region = s3.region ?? (s3.endpoint == nil ? nil : "us-east-1") {
            configuration["s3.region"] = region
            configuration["client.region"] = region
        }
        return configuration
    }
}
