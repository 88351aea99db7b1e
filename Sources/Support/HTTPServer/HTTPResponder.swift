/// The way to answer one request. Usable from any thread, now or later, once.
///
/// A responder that is let go of without an answer answers 500, so that no client waits for ever.
public final class HTTPResponder: Sendable {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    deinit {
        exchange.answer(
            HTTPProblem(
                500,
                "The request was not answered",
                "The server lost track of this request; this is a bug."
                    + " Whether it had an effect is not known."
            ).response,
            isFallback: true
        )
    }

    /// Sends `response`. Dropped when the client or the server has gone in the meantime.
    ///
    /// Traps when the request has been answered before.
    public func respond(_ response: HTTPResponse) {
        exchange.answer(response, isFallback: false)
    }

    /// Sends `problem`.
    public func respond(_ problem: HTTPProblem) { respond(problem.response) }
}
