public import Broker
public import Files
public import Reactor
internal import Synchronization
public import Telemetry
internal import Threads

/// Accepts Kafka clients and serves each on one of its reactors.
///
/// Lifecycle: `start` once, `stop` once. Both block and are not for a reactor's thread.
public final class KafkaListener<FS: FileSystem>: Sendable {
    private let broker: Broker<FS>
    private let options: ListenerOptions
    private let logger: Logger
    private let metrics: ListenerMetrics
    private let state = Condition(State())

    private struct State: Sendable {
        var reactors: [Reactor] = []
        var listener: SocketListener?
        var connections: [ObjectIdentifier: Connection<FS>] = [:]
        /// Accepted, but not yet on their reactors.
        var arriving = 0
        var isStopping = false
    }

    /// A listener in front of `broker`.
    public init(
        broker: Broker<FS>,
        options: ListenerOptions = ListenerOptions(),
        logger: Logger,
        metrics: MetricsRegistry
    ) {
        precondition(options.reactors > 0, "a listener needs a reactor")
        self.broker = broker
        self.options = options
        self.logger = logger
        self.metrics = ListenerMetrics(metrics)
    }

    /// Begins to listen on `host` (a name or a number) and `port` (0: any); returns the port.
    public func start(host: String, port: UInt16) throws(ReactorError) -> UInt16 {
        var reactors: [Reactor] = []
        var pools: [BufferPool] = []
        for number in 0..<options.reactors {
            reactors.append(try Reactor(name: "kafka-\(number)"))
            pools.append(BufferPool())
        }
        state.update { [reactors] in $0.reactors = reactors }
        let opened = Condition<Result<SocketListener, ReactorError>?>(nil)
        let acceptor = reactors[0]
        acceptor.spawn { [self, reactors, pools] in
            do throws(ReactorError) {
                let listener = try SocketListener(host: host, port: port, on: acceptor)
                state.update { $0.listener = listener }
                opened.update { $0 = .success(listener) }
                await accept(from: listener, reactors, pools)
            } catch {
                opened.update { $0 = .failure(error) }
            }
        }
        switch opened.wait(until: { $0 }) {
        case .success(let listener):
            logger.info("listening", ["address": listener.address.description])
            return listener.address.port
        case .failure(let error):
            for reactor in reactors { reactor.stop() }
            throw error
        case nil: preconditionFailure("a wait without a timeout ended without a result")
        }
    }

    /// Accepts no more connections and no more requests, lets what is under way be answered for at
    /// most `grace`, and ends.
    public func stop(grace: Duration = .seconds(3)) {
        let (reactors, listener, connections) = state.update { state in
            state.isStopping = true
            return (state.reactors, state.listener, Array(state.connections.values))
        }
        if let listener { listener.reactor.execute { listener.close() } }
        for connection in connections {
            connection.reactor.execute { connection.assumeIsolated { $0.stop() } }
        }
        var left = grace
        while left > .zero {
            // Again and again: a request that was on its way may have begun to wait since.
            broker.releaseWaiting()
            let pause = min(left, .milliseconds(20))
            let isQuiet: Void? = state.wait(timeout: pause) {
                $0.connections.isEmpty && $0.arriving == 0 ? () : nil
            }
            if isQuiet != nil { break }
            left -= pause
        }
        for reactor in reactors { reactor.stop() }
    }

    /// Connections that are open.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    private func accept(
        from listener: SocketListener,
        _ reactors: [Reactor],
        _ pools: [BufferPool]
    ) async {
        var turn = 0
        while let accepted = await listener.accept() {
            let isRoom = state.update { state in
                if state.connections.count + state.arriving >= options.connectionsMax {
                    return false
                }
                state.arriving += 1
                return true
            }
            guard isRoom else {
                logger.warning(
                    "connection refused: there are too many",
                    ["peer": accepted.peer.description, "limit": options.connectionsMax]
                )
                continue
            }
            turn = (turn + 1) % reactors.count
            serve(accepted, on: reactors[turn], pools[turn])
        }
    }

    /// Hands a connection to its reactor.
    private func serve(
        _ accepted: consuming AcceptedConnection,
        on reactor: Reactor,
        _ pool: BufferPool
    ) {
        let parcel = Parcel(accepted)
        reactor.execute { [self] in
            guard let accepted = parcel.open() else { return }
            let socket: Socket
            do throws(ReactorError) {
                socket = try Socket(accepted, on: reactor)
            } catch {
                logger.warning("connection lost", ["reason": error.description])
                state.update { $0.arriving -= 1 }
                return
            }
            let connection = Connection(socket, broker, options, pool, metrics, logger)
            let isStopping = state.update { state in
                state.arriving -= 1
                state.connections[ObjectIdentifier(connection)] = connection
                return state.isStopping
            }
            metrics.connections.add(1)
            if isStopping { connection.assumeIsolated { $0.stop() } }
            reactor.spawn { [self] in
                await connection.run()
                metrics.connections.add(-1)
                state.update { $0.connections[ObjectIdentifier(connection)] = nil }
            }
        }
    }
}

/// Carries a connection, which cannot be copied, into a closure.
private final class Parcel: Sendable {
    private let content: Mutex<AcceptedConnection?>

    init(_ accepted: consuming AcceptedConnection) { content = Mutex(accepted) }

    func open() -> AcceptedConnection? { content.withLock { $0.take() } }
}
