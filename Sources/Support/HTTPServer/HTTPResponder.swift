import Synchronization

/// The way to answer one request. Usable from any thread, now or later, once.
///
/// A responder that is let go of without an answer answers 500, so that no client waits for ever.
public final class HTTPResponder: Sendable {
    private enum Receiver: Sendable {
        case exchange(Exchange)
        case closure(@Sendable (HTTPResponse) -> Void)
    }

    private let receiver: Receiver
    private let isAnswered = Atomic(false)

    init(_ exchange: Exchange) { receiver = .exchange(exchange) }

    /// A responder without a connection, for calling handlers from elsewhere: `receive` gets the
    /// answer, on the thread that gives it.
    public init(_ receive: @escaping @Sendable (HTTPResponse) -> Void) {
        receiver = .closure(receive)
    }

    deinit {
        guard !isAnswered.load(ordering: .relaxed) else { return }
        let problem = HTTPProblem(
            500,
            "The request was not answered",
            "The server lost track of this request; this is a bug."
                + " Whether it had an effect is not known."
        )
        deliver(problem.response)
    }

    /// Sends `response`. Dropped when the client or the server has gone in the meantime.
    ///
    /// Traps when the request has been answered before.
    public func respond(_ response: HTTPResponse) {
        let wasAnswered = isAnswered.exchange(true, ordering: .relaxed)
        precondition(!wasAnswered, "a request was answered twice")
        deliver(response)
    }

    /// Sends `problem`.
    public func respond(_ problem: HTTPProblem) { respond(problem.response) }

    private func deliver(_ response: HTTPResponse) {
        switch receiver {
        case .exchange(let exchange): exchange.answer(response)
        case .closure(let receive): receive(response)
        }
    }
}
