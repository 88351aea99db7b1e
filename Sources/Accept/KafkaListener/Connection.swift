internal import Broker
internal import Bytes
internal import EventLog
internal import Files
internal import KafkaProtocol
internal import Reactor
internal import Telemetry

/// One client's connection: frames in, answers out, in the order of the requests.
///
/// Lives on its reactor. Produce requests are handed to the log one behind the other without
/// waiting for the one before to be durable; after any other request the next one is handled when
/// it is answered. A Fetch that waits for records holds no memory but its request. Nothing is read
/// while too much of what was read waits, so a fast client fills its own socket.
internal actor Connection<FS: FileSystem> {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        // SAFETY: the reactor is held by this actor.
        unsafe reactor.actors.asUnownedSerialExecutor()
    }
    private let socket: Socket
    private let broker: Broker<FS>
    private let options: ListenerOptions
    private let client: Client
    private let logger: Logger
    private let metrics: ListenerMetrics
    private let pool: BufferPool
    private let frames: FrameReader
    private var answers = AnswerQueue()
    /// A Fetch, whose answer is the next one to be written.
    private var fetch: ParkedFetch?
    /// A Produce the log had no room for; it is tried again before anything else.
    private var postponed: SlabSlice?
    /// The log had no room; nothing is handled until a moment has passed.
    private var isPaused = false
    /// Answers on their way to the socket, and how much of them was sent.
    private var output: PooledBuffer?
    private var sent = 0
    /// The peer will send no more.
    private var peerHasFinished = false
    private var isStopping = false
    /// Reads since the connection last gave way to others.
    private var readsInTurn = 0
    /// Requests so far: to see whether the connection is idle.
    private var requests: UInt64 = 0

    private struct ParkedFetch {
        let call: FetchCall<FS>
        /// There may be more to say than at the last attempt.
        var isWoken = true
        /// The client is not willing to wait longer.
        var isDue = false
        var timer: TimerID?
    }

    /// A connection that always has more bytes gives way to others after so many reads.
    private static var readsPerTurnMax: Int { 16 }
    /// Answers are sent before more requests are handled when so many bytes wait.
    private static var outputBytesMax: Int { 1 << 20 }
    /// Pause before a request is tried again that the log had no room for.
    private static var overloadPause: Duration { .milliseconds(2) }

    init(
        _ socket: Socket,
        _ broker: Broker<FS>,
        _ options: ListenerOptions,
        _ pool: BufferPool,
        _ metrics: ListenerMetrics,
        _ logger: Logger
    ) {
        reactor = socket.reactor
        self.socket = socket
        self.broker = broker
        self.options = options
        self.pool = pool
        self.metrics = metrics
        self.logger = logger
        frames = FrameReader(frameBytesMax: options.frameBytesMax, pool: pool)
        client = Client(
            host: socket.peer.host,
            advertisedHost: options.advertisedHost ?? socket.local.host,
            advertisedPort: options.advertisedPort ?? socket.local.port
        )
    }

    /// Serves the connection until it ends, and closes it.
    func run() async {
        watchIdleness(since: 0)
        do throws(ConnectionEnd) {
            while !socket.isClosed && !isFinished {
                try handleFrames()
                try sendAnswers()
                if isFinished { break }
                // Sending may have made room for requests that arrived long ago: no event will
                // tell of them again.
                if hasFrameToHandle { continue }
                if try receive() {
                    await takeTurns()
                } else {
                    await socket.wait()
                }
            }
        } catch {
            report(error)
        }
        dropFetch()
        frames.close()
        if let output { pool.giveBack(output) }
        output = nil
        socket.close()
    }

    /// Lets the reactor's other connections go on when this one has read much without a pause.
    private func takeTurns() async {
        readsInTurn += 1
        guard readsInTurn == Self.readsPerTurnMax else { return }
        readsInTurn = 0
        await Task.yield()
    }

    /// Handles no more requests; ends when those under way are answered.
    func stop() {
        isStopping = true
        dropFetch()
        if !socket.isClosed { socket.wake() }
    }

    /// Nothing more is to come, in either direction.
    private var isFinished: Bool {
        (peerHasFinished || isStopping) && answers.isEmpty && unsentBytes == 0 && fetch == nil
            && postponed == nil
    }

    private func report(_ end: ConnectionEnd) {
        let peer = socket.peer.description
        switch end {
        case .violation(let reason):
            metrics.violations.add()
            logger.warning("connection closed", ["peer": peer, "reason": reason])
        case .socket(let error):
            logger.debug("connection lost", ["peer": peer, "reason": error.description])
        case .peerIsGone:
            logger.debug("connection closed by the client", ["peer": peer])
        }
    }

    private func watchIdleness(since seen: UInt64) {
        reactor.schedule(after: options.idleMax) { [weak self] in
            self?.assumeIsolated { connection in
                guard !connection.socket.isClosed else { return }
                if connection.requests == seen && connection.answers.isEmpty
                    && connection.fetch == nil
                {
                    connection.logger.debug(
                        "idle connection closed",
                        ["peer": connection.socket.peer.description]
                    )
                    connection.socket.close()
                } else {
                    connection.watchIdleness(since: connection.requests)
                }
            }
        }
    }
}

/// Why a connection ends before its peer has finished.
internal enum ConnectionEnd: Error {
    /// The bytes are no requests.
    case violation(String)
    /// The socket failed: most often the peer is gone.
    case socket(ReactorError)
    /// The peer hung up while it was waiting for an answer.
    case peerIsGone
}

// MARK: Requests

extension Connection {
    /// More requests may be handled, and bytes read for them.
    private var isOpenForRequests: Bool {
        !answers.isBlocked && fetch == nil && postponed == nil && !isPaused && !isStopping
            && answers.count < options.pipelinedRequestsMax
            && answers.waitingBytes < options.pipelinedBytesMax
            && unsentBytes < Self.outputBytesMax
    }

    /// A request is there, whole or wrong, and may be handled.
    private var hasFrameToHandle: Bool {
        guard isOpenForRequests else { return false }
        if case .incomplete = frames.find() { return false }
        return true
    }

    private func handleFrames() throws(ConnectionEnd) {
        if let slice = postponed, !isPaused {
            postponed = nil
            try perform(decide(slice.bytes, slice), kept: slice)
        }
        while isOpenForRequests {
            switch frames.find() {
            case .incomplete: return
            case .badLength(let length):
                throw .violation(
                    "a frame of \(length) bytes was announced, at most \(options.frameBytesMax) "
                        + "are accepted"
                )
            case .frame(let range): try handleFrame(range)
            }
        }
    }

    private func handleFrame(_ range: Range<Int>) throws(ConnectionEnd) {
        if frames.withFrame(range, Broker<FS>.keepsBytes(ofFrame:)) {
            requests &+= 1
            let slice = frames.take(range)
            try perform(decide(slice.bytes, slice), kept: slice)
            return
        }
        let handling = frames.withFrame(range) { decide($0, nil) }
        if case .overloaded = handling {
            // The frame stays where it is.
            pause()
            return
        }
        requests &+= 1
        frames.discard(range)
        try perform(handling, kept: nil)
    }

    private func decide(_ frame: RawSpan, _ owner: SlabSlice?) -> Handling<FS> {
        metrics.requests.add()
        let number = answers.nextNumber
        return broker.handle(frame, owner: owner, from: client) { [self] reply in
            reactor.execute { [self] in
                assumeIsolated { $0.complete(number, reply) }
            }
        }
    }

    private func perform(
        _ handling: Handling<FS>,
        kept slice: SlabSlice?
    ) throws(ConnectionEnd) {
        switch handling {
        case .answer(let answer): answers.append(.answer(answer))
        case .later(let isPipelined):
            answers.reserve(bytes: slice?.count ?? 0, isPipelined: isPipelined)
        case .fetch(let call): fetch = ParkedFetch(call: call)
        case .overloaded:
            postponed = slice
            pause()
        case .close(let reason): throw .violation(reason)
        }
    }

    private func complete(_ number: Int, _ reply: Reply) {
        guard !socket.isClosed else { return }
        answers.complete(number, reply)
        socket.wake()
    }

    private func pause() {
        isPaused = true
        reactor.schedule(after: Self.overloadPause) { [weak self] in
            self?.assumeIsolated { connection in
                connection.isPaused = false
                if !connection.socket.isClosed { connection.socket.wake() }
            }
        }
    }

    /// Reads what is there; false when there was nothing, or nothing is wanted.
    private func receive() throws(ConnectionEnd) -> Bool {
        guard isOpenForRequests, !peerHasFinished else {
            // Nobody is there any more to get what is waited for.
            if socket.isHungUp && (answers.isBlocked || fetch != nil) {
                dropFetch()
                peerHasFinished = true
                throw .peerIsGone
            }
            return false
        }
        let received: Socket.Received
        do throws(ReactorError) {
            received = try frames.fill { (buffer, limit) throws(ReactorError) in
                try socket.receive(into: &buffer, limit: limit)
            }
        } catch {
            throw .socket(error)
        }
        switch received {
        case .bytes(let count):
            metrics.receivedBytes.add(count)
            return true
        case .nothingYet: return false
        case .end:
            peerHasFinished = true
            return true
        }
    }
}

// MARK: Answers

extension Connection {
    private var unsentBytes: Int { (output?.bytes.count ?? 0) - sent }

    /// Writes the answers whose turn it is and sends what the socket takes.
    private func sendAnswers() throws(ConnectionEnd) {
        while true {
            try writeAnswers()
            guard let output else { return }
            do throws(ReactorError) {
                let count = try output.withBytes(sent..<output.bytes.count) {
                    (bytes) throws(ReactorError) in
                    try socket.send(bytes)
                }
                metrics.sentBytes.add(count)
                sent += count
            } catch {
                throw .socket(error)
            }
            if sent < output.bytes.count { return }
            output.bytes.removeAll()
            sent = 0
            if answers.isEmpty && fetch?.isWoken != true {
                self.output = nil
                pool.giveBack(output)
                return
            }
            if !answers.hasNext && fetch?.isWoken != true { return }
        }
    }

    private func writeAnswers() throws(ConnectionEnd) {
        while unsentBytes < Self.outputBytesMax, let reply = answers.next() {
            switch reply {
            case .nothing: continue
            case .close(let reason): throw .violation(reason)
            case .answer(let answer):
                do throws(ProtocolError) {
                    try answer.write(into: &outputBuffer().bytes)
                } catch {
                    throw .violation("an answer cannot be written: \(error)")
                }
            }
        }
        // Records go out by themselves: the buffer should be as small as they allow.
        if answers.isEmpty && unsentBytes == 0 && fetch?.isWoken == true { attemptFetch() }
    }

    private func outputBuffer() -> PooledBuffer {
        if let output { return output }
        let fresh = pool.take()
        output = fresh
        return fresh
    }

    private func attemptFetch() {
        guard let parked = fetch else { return }
        fetch?.isWoken = false
        if parked.call.attempt(into: &outputBuffer().bytes, isFinal: parked.isDue) {
            dropFetch()
            return
        }
        parked.call.park { [self] in
            reactor.execute { [self] in
                assumeIsolated { $0.wakeFetch(isDue: false) }
            }
        }
        if parked.timer == nil {
            fetch?.timer = reactor.schedule(after: parked.call.waitMax) { [weak self] in
                self?.assumeIsolated { $0.wakeFetch(isDue: true) }
            }
        }
    }

    private func wakeFetch(isDue: Bool) {
        guard fetch != nil, !socket.isClosed else { return }
        fetch?.isWoken = true
        if isDue { fetch?.isDue = true }
        socket.wake()
    }

    private func dropFetch() {
        guard let parked = fetch else { return }
        fetch = nil
        parked.call.unpark()
        if let timer = parked.timer { reactor.cancel(timer) }
    }
}
