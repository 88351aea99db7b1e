import Synchronization
import Telemetry
import Threads

/// What all exchanges of a server share: its limits, its handler, its counts. Usable from any
/// thread.
final class ServerCore: Sendable {
    let configuration: HTTPServer.Configuration
    let log: Logger
    let handler: HTTPServer.Handler
    let suspended = Suspensions()

    /// Exchanges whose handlers were called and that are not completed.
    let open = Condition(0)
    private let bodyBytes = Atomic(0)
    private let stopping = Atomic(false)
    private let answers: [Counter]

    init(
        configuration: HTTPServer.Configuration,
        log: Logger,
        metrics: MetricsRegistry,
        handler: @escaping HTTPServer.Handler
    ) {
        self.configuration = configuration
        self.log = log
        self.handler = handler
        answers = (2...5).map { hundred in
            metrics.counter(
                "millrace_http_answers_total",
                help: "Answers sent, by the hundreds of their status.",
                labels: ["server": configuration.name, "status": "\(hundred)xx"]
            )
        }
    }

    var bodyBytesHeld: Int { bodyBytes.load(ordering: .relaxed) }
    var requestsOpen: Int { open.withLock { $0 } }

    func count(status: Int) { answers[status / 100 - 2].add() }

    // MARK: - Limits

    /// Takes `bytes` of the memory for bodies; false when there is not as much left.
    func reserve(bytes: Int) -> Bool {
        let held = bodyBytes.add(bytes, ordering: .relaxed).newValue
        if held <= configuration.allBodiesBytesMax { return true }
        release(bytes: bytes)
        return false
    }

    func release(bytes: Int) { bodyBytes.subtract(bytes, ordering: .relaxed) }

    var bodiesTooLarge: HTTPProblem {
        HTTPProblem(
            503,
            "The server holds too many bodies",
            "Requests in progress hold \(bodyBytesHeld) bytes of bodies and the limit is"
                + " \(configuration.allBodiesBytesMax). Nothing was done;"
                + " send the request again later.",
            retryAfterSeconds: 1
        )
    }

    /// Why no request is admitted at the moment; nil when they are.
    func admissionRefusal() -> HTTPProblem? {
        if isDraining {
            return HTTPProblem(
                503,
                "The server is stopping",
                "Nothing was done; send the request again to the server that takes its place.",
                retryAfterSeconds: 5
            )
        }
        return nil
    }

    // MARK: - Stopping

    /// True from the moment a stop has begun: new requests are refused, connections are closed
    /// after their answer.
    var isDraining: Bool { stopping.load(ordering: .relaxed) }

    func drain() { stopping.store(true, ordering: .releasing) }

    /// Answers every exchange whose handler took longer than the grace period; cuts every stream.
    func wakeEverything() {
        let sleeping = suspended.end()
        for exchange in sleeping.exchanges { exchange.answer(Self.stoppedEarly) }
        for stream in sleeping.streams { stream.cut() }
    }

    /// What a client reads whose request was still with its handler when the server stopped.
    static var stoppedEarly: HTTPResponse {
        HTTPProblem(
            503,
            "The server stopped before it could answer",
            "Whether the request had an effect is not known; look before sending it again."
        ).response
    }
}
