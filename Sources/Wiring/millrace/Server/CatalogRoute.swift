import CatalogServer
import Clocks
import Configuration
import Gateway
import HTTPServer
import Telemetry

extension LakeService {
    /// Threads that answer requests to the catalog: they wait for the disk.
    private static let catalogThreads = 4

    /// Where the Iceberg REST catalog is, below the HTTP port.
    static let catalogSegment = "iceberg"

    /// The Iceberg REST catalog over the lake's own, below `/iceberg`.
    func catalogMount(
        _ settings: MillraceConfiguration,
        _ metrics: MetricsRegistry,
        _ logger: Logger
    ) -> GatewayMount {
        var options = CatalogServer.Options()
        if let client = settings.catalog.client { options.clients = [client.id: client.secret] }
        options.tokenLifetime = settings.catalog.tokenLifetime
        let server = CatalogServer(
            catalog: catalog,
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
}
