import Bytes
internal import CMicroHTTPD
import Synchronization
import Threads

/// One request and its answer, from the request line to the last byte sent.
///
/// Made by libmicrohttpd's first callback, retained as the connection's request context, released
/// when the request is completed. Everything but `phase` belongs to the libmicrohttpd thread that
/// owns the connection; `phase` is the meeting point with whoever answers.
final class Exchange: @unchecked Sendable {
    // @unchecked Sendable: `phase` has its lock; all other properties are touched by the
    // connection's thread alone.
    enum Phase {
        /// The request is still arriving.
        case receiving
        /// The handler is being called; an answer given now is sent when it returns.
        case handling
        /// The connection sleeps until somebody answers.
        case suspended
        /// There is an answer that has not been handed to libmicrohttpd.
        case answered(HTTPResponse)
        /// The answer is libmicrohttpd's, or nobody is there to read it.
        case closed
    }

    let server: ServerCore
    let target: HTTPTarget?
    let connection: ConnectionHandle
    private let phase = Mutex(Phase.receiving)

    var hasBegun = false
    /// True when the server waits for this exchange before it stops: from the handler's call to the
    /// last byte sent.
    private var isOpen = false
    var method = ""
    var headers = HTTPHeaders()
    var body: ByteBuffer?
    /// Bytes charged to the server's budget for bodies.
    var chargedBytes = 0
    /// Set when the request is refused but its body is still arriving: it is read and thrown away.
    var refusal: HTTPProblem?
    var discardedBytes = 0
    /// The body of the answer, if it is made while it is sent.
    var stream: BodyQueue?

    init(server: ServerCore, target: String, connection: ConnectionHandle) {
        self.server = server
        self.target = HTTPTarget(target)
        self.connection = connection
    }

    // MARK: - Answering

    /// Takes the answer. Called by any thread, at any time.
    func answer(_ response: HTTPResponse) {
        phase.withLock { phase in
            switch phase {
            case .handling:
                phase = .answered(response)
            case .suspended:
                phase = .answered(response)
                server.suspended.remove(self)
                // The only resumption of this sleep: the phase says so, under its lock. Completing
                // the exchange takes the same lock, so the connection lives until this returns.
                connection.resume()
            case .answered, .closed:
                // The server stopped, or the client went: nobody is there to read it.
                break
            case .receiving:
                preconditionFailure("a request was answered before it was complete")
            }
        }
    }

    /// Calls the handler, then sends its answer or puts the connection to sleep until there is one.
    func handle(_ request: HTTPRequest) -> MHD_Result {
        phase.withLock { $0 = .handling }
        isOpen = true
        server.open.withLock { $0 += 1 }
        server.handler(request, HTTPResponder(self))
        let (isAnswered, maySleep) = phase.withLock { phase in
            if case .answered = phase { return (true, false) }
            // Before the phase says so: whoever reads `suspended` may resume.
            connection.suspend()
            phase = .suspended
            return (false, server.suspended.insert(self))
        }
        if isAnswered { return sendAnswer() }
        if !maySleep { answer(ServerCore.stoppedEarly) }
        return c_microhttpd_yes
    }

    /// Hands the answer to libmicrohttpd, if there is one. Also called when a connection wakes up.
    func sendAnswer() -> MHD_Result {
        let response: HTTPResponse? = phase.withLock { phase in
            guard case .answered(let response) = phase else { return nil }
            phase = .closed
            return response
        }
        guard let response else { return c_microhttpd_no }
        return queue(response)
    }

    /// True when the handler has been called.
    var isHandled: Bool {
        phase.withLock { if case .receiving = $0 { false } else { true } }
    }

    /// The request is over, answered or not.
    func complete() {
        phase.withLock { $0 = .closed }
        body = nil
        server.release(bytes: chargedBytes)
        chargedBytes = 0
        if let stream { server.suspended.remove(stream) }
        if isOpen { server.open.update { $0 -= 1 } }
    }
}
