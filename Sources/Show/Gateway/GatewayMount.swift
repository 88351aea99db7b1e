public import HTTPServer

/// A service with addresses, methods and errors of its own, below one first segment.
public struct GatewayMount: Sendable {
    /// Answers a request, on a thread of the gateway's own, and may block.
    public typealias Answer = @Sendable (HTTPRequest) -> HTTPResponse

    let segment: String
    let threads: Int
    let answer: Answer
    let refusal: @Sendable (HTTPProblem) -> HTTPResponse

    /// Everything below `/segment`, on that many threads. `refusal` makes the answer to requests
    /// that are not looked at, because too many wait or the process stops.
    public init(
        _ segment: String,
        threads: Int,
        refusal: @escaping @Sendable (HTTPProblem) -> HTTPResponse,
        answer: @escaping Answer
    ) {
        self.segment = segment
        self.threads = threads
        self.refusal = refusal
        self.answer = answer
    }

    func handler(_ pool: WorkerPool) -> Route.Handler {
        { [answer, refusal] request, responder in
            let isQueued = pool.run { mayRun in
                responder.respond(mayRun ? answer(request) : refusal(Gateway.stopping))
            }
            if !isQueued { responder.respond(refusal(Gateway.busy)) }
        }
    }
}
