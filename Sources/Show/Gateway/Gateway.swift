public import HTTPServer
import JSONText
public import Telemetry
import Threads

/// The HTTP side of Millrace: which address does what.
///
/// Requests come from the server's threads; what may block runs on the gateway's own: one thread
/// for reports, a few for SQL, both with bounded queues (503 when full).
public final class Gateway: Sendable {
    /// Threads for SQL: statements that run at a time.
    public static let statementsMax = 4
    /// Threads for actions, which may wait for a pipeline: reports must not wait with them.
    public static let actionsMax = 2
    /// Statements, actions and reports that wait for a thread.
    public static let waitingMax = 64

    private let services: GatewayServices
    private let log: Logger
    /// Reports, actions and statements that run.
    private let running = Condition(0)
    private let reports: WorkerPool
    private let actions: WorkerPool
    private let statements: WorkerPool
    private let mounted: [WorkerPool]
    private let routes: RouteTable

    /// A gateway to `services`.
    public init(services: GatewayServices, log: Logger) {
        self.services = services
        let log = log.named("gateway")
        self.log = log
        reports = WorkerPool("reports", threads: 1, waitingMax: Self.waitingMax, running: running)
        statements = WorkerPool(
            "sql",
            threads: Self.statementsMax,
            waitingMax: Self.waitingMax,
            running: running
        )
        actions = WorkerPool(
            "actions",
            threads: Self.actionsMax,
            waitingMax: Self.waitingMax,
            running: running
        )
        var mounted: [WorkerPool] = []
        var mounts: [String: Route.Handler] = [:]
        for mount in services.mounts {
            let pool = WorkerPool(
                mount.segment,
                threads: mount.threads,
                waitingMax: Self.waitingMax,
                running: running
            )
            mounted.append(pool)
            mounts[mount.segment] = mount.handler(pool)
        }
        self.mounted = mounted
        let actionRoutes = services.actions.map { [actions] action in action.route(actions) }
        routes = RouteTable(
            routes: Self.probes(services)
                + Self.reportRoutes(services, reports)
                + actionRoutes
                + [
                    Self.events(services),
                    Route("POST", "/v1/sql") { [statements] request, responder in
                        SQLRoute.answer(request, responder, services, statements, log)
                    },
                ],
            mounts: mounts
        )
    }

    /// Answers one request; give it to `HTTPServer`.
    public func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        switch routes.decide(request) {
        case .handle(let handler): handler(request, responder)
        case .answer(let response): responder.respond(response)
        }
    }

    /// Takes no more work and waits for what runs, at most for `gracePeriod`. Interrupt statements
    /// before.
    public func stop(gracePeriod: Duration) {
        reports.stop()
        actions.stop()
        statements.stop()
        for pool in mounted { pool.stop() }
        let areDone = running.wait(timeout: gracePeriod) { $0 == 0 ? true : nil }
        if areDone != true { log.warning("a report, an action or a statement was still running") }
    }

    // MARK: - Routes

    private static func probes(_ services: GatewayServices) -> [Route] {
        [
            Route("GET", "/") { _, responder in responder.respond(StatusPage.response) },
            Route("GET", "/healthz") { _, responder in
                responder.respond(.json(["status": "alive"]))
            },
            Route("GET", "/readyz") { _, responder in
                switch services.readiness() {
                case .ready: responder.respond(.json(["status": "ready"]))
                case .notReady(let reason):
                    let value: JSONValue = ["status": "not ready", "reason": .string(reason)]
                    responder.respond(.json(value, status: 503))
                }
            },
            Route("GET", "/metrics") { _, responder in
                let type = MetricsRegistry.contentType
                responder.respond(.text(services.metrics(), contentType: type))
            },
        ]
    }

    private static func reportRoutes(
        _ services: GatewayServices,
        _ pool: WorkerPool
    ) -> [Route] {
        let reports: [(String, GatewayServices.Report?)] = [
            ("topics", services.topics), ("tables", services.tables),
            ("pipelines", services.pipelines),
        ]
        return reports.map { name, report in
            Route("GET", "/v1/\(name)") { _, responder in
                guard let report else { return responder.respond(unavailable(name)) }
                let isQueued = pool.run { mayRun in
                    guard mayRun else { return responder.respond(stopping) }
                    do throws(HTTPProblem) {
                        responder.respond(.json(try report()))
                    } catch {
                        responder.respond(error)
                    }
                }
                if !isQueued { responder.respond(busy) }
            }
        }
    }

    private static func events(_ services: GatewayServices) -> Route {
        Route("POST", "/v1/events/{topic}") { request, responder in
            guard let post = services.postEvents else {
                return responder.respond(unavailable("the collector"))
            }
            post(request.segments[2], request, responder)
        }
    }

    static func unavailable(_ what: String) -> HTTPProblem {
        HTTPProblem(503, "This is not running", "\(what) is not part of this process.")
    }

    static var stopping: HTTPProblem {
        HTTPProblem(
            503,
            "Millrace is stopping",
            "Nothing was run. Send it again when it has started.",
            retryAfterSeconds: 5
        )
    }

    static var busy: HTTPProblem {
        HTTPProblem(
            503,
            "Too much waits already",
            "\(waitingMax) requests of this kind wait for a thread. Send it again after a pause.",
            retryAfterSeconds: 1
        )
    }
}
