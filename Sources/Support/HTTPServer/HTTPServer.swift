internal import CMicroHTTPD
import Glibc
import Synchronization
public import Telemetry
import Threads

/// An HTTP/1.1 server on libmicrohttpd's own epoll threads.
///
/// The handler is called on one of those threads as soon as a request has arrived completely. It
/// must not block: it answers through the responder at once, or hands the responder on and returns.
/// While an answer is outstanding its connection sleeps and costs no thread.
@safe
public final class HTTPServer: Sendable {
    /// Answers one request; see `HTTPResponder`.
    public typealias Handler = @Sendable (HTTPRequest, HTTPResponder) -> Void

    private enum State {
        case idle
        /// The daemon, as bits because pointers are not Sendable; owned by this state.
        case running(daemon: UInt, port: UInt16)
        case stopped
    }

    private let core: ServerCore
    private let state = Mutex(State.idle)

    /// A server that is not started yet.
    public init(
        configuration: Configuration,
        log: Logger,
        metrics: MetricsRegistry,
        handler: @escaping Handler
    ) {
        core = ServerCore(
            configuration: configuration,
            log: log.named("http"),
            metrics: metrics,
            handler: handler
        )
        let labels: KeyValuePairs = ["server": configuration.name]
        metrics.gauge(
            "millrace_http_requests_open",
            help: "Requests that have arrived and are not answered completely.",
            labels: labels,
            read: { [weak core] in Double(core?.requestsOpen ?? 0) }
        )
        metrics.gauge(
            "millrace_http_bodies_bytes",
            help: "Memory held by the bodies of open requests.",
            labels: labels,
            read: { [weak core] in Double(core?.bodyBytesHeld ?? 0) }
        )
    }

    deinit { stop(gracePeriod: .zero) }

    /// The port the server listens on; 0 when it does not run.
    public var port: UInt16 {
        state.withLock { if case .running(_, let port) = $0 { port } else { 0 } }
    }

    /// Opens the socket and starts the threads. Once only.
    public func start() throws(HTTPServerError) {
        try state.withLock { state throws(HTTPServerError) in
            guard case .idle = state else { preconditionFailure("a server is started once") }
            let configuration = core.configuration
            let socket = try ListenSocket.open(
                address: configuration.address,
                port: configuration.port,
                backlog: 1024
            )
            var options = unsafe c_microhttpd_options()
            unsafe options.listen_socket = socket.descriptor
            unsafe options.threads = UInt32(configuration.threads)
            unsafe options.connections = UInt32(configuration.connectionsMax)
            unsafe options.idle_seconds = UInt32(configuration.idleTimeout.components.seconds)
            unsafe options.connection_bytes = configuration.connectionBytesMax
            // SAFETY: the core outlives the daemon: this object holds it and stops the daemon
            // before it goes.
            unsafe options.context = Unmanaged.passUnretained(core).toOpaque()
            unsafe options.begin = Callbacks.begin
            unsafe options.access = Callbacks.access
            unsafe options.completed = Callbacks.completed
            guard let daemon = unsafe c_microhttpd_start(&options) else {
                close(socket.descriptor)
                throw .library
            }
            state = .running(daemon: UInt(bitPattern: daemon), port: socket.port)
            core.log.info(
                "listening",
                ["address": configuration.address, "port": Int(socket.port)]
            )
        }
    }

    /// Stops taking connections, lets open requests finish for at most `gracePeriod`, and ends the
    /// threads.
    ///
    /// Requests that arrive on open connections meanwhile are answered 503; those whose handlers
    /// have not answered in time are, too. Must not be called from a handler.
    public func stop(gracePeriod: Duration) {
        let running: UInt? = state.withLock { state in
            defer { state = .stopped }
            if case .running(let daemon, _) = state { return daemon }
            return nil
        }
        guard let running, let daemon = unsafe OpaquePointer(bitPattern: running) else { return }
        core.drain()
        // SAFETY: the daemon is running and nobody else can stop it: the state above says so.
        let listener = unsafe MHD_quiesce_daemon(daemon)
        if listener >= 0 { close(listener) }
        if !waitUntilIdle(gracePeriod) {
            core.wakeEverything()
            if !waitUntilIdle(.seconds(1)) {
                core.log.warning("requests were cut off", ["open": core.requestsOpen])
            }
        }
        unsafe MHD_stop_daemon(daemon)
        core.log.info("stopped")
    }

    private func waitUntilIdle(_ timeout: Duration) -> Bool {
        core.open.wait(timeout: timeout) { $0 == 0 ? true : nil } ?? false
    }
}
