public import Bytes
public import Clocks
public import EventLog
public import Files
internal import KafkaProtocol
public import Telemetry

/// The log's face to Kafka clients: requests in, decisions out. Owns no sockets.
///
/// Any thread may hand it requests. What waits for the disk or for other members is answered later
/// through the `reply` given with the request. One file per API is in APIs/; `Broker+Table.swift`
/// lists them with the versions that are advertised.
///
/// Lifecycle: `init` reads committed offsets back; `stop` ends the broker's own thread, before the
/// log is closed.
public final class Broker<FS: FileSystem>: Sendable {
    /// The choices it was made with.
    public let options: BrokerOptions
    internal let log: EventLog<FS>
    internal let logger: Logger
    internal let wallClock: any WallClock
    internal let groups: GroupHost
    internal let offsets: OffsetsTopic<FS>
    internal let producerIDs: ProducerIDs<FS>
    internal let work: BlockingWork
    /// By API key.
    internal let handlers: [Int16: Handler<FS>]

    /// A broker over `log`. Blocks while it reads the committed offsets.
    ///
    /// - Parameter files: where `log` lives.
    public init(
        log: EventLog<FS>,
        files: FS,
        options: BrokerOptions = BrokerOptions(),
        clocks: some WallClock & MonotonicClock,
        random: some RandomSource = SystemRandom(),
        logger: Logger
    ) throws(BrokerError) {
        self.log = log
        self.options = options
        self.logger = logger
        wallClock = clocks
        producerIDs = try ProducerIDs(files: files, directory: log.directory)
        var random = random
        let groups = GroupHost(
            GroupCoordinator(
                options: options.groups,
                random: SeededRandom(seed: random.next())
            ),
            clock: clocks
        )
        self.groups = groups
        offsets = OffsetsTopic(log: log, groups: groups, logger: logger)
        let sweep = OffsetsSweep(groups: groups, offsets: offsets, clock: clocks)
        work = BlockingWork(clock: clocks) {
            groups.expire()
            return sweep.performIfDue()
        }
        groups.setAlarm { [work] in work.wake(at: $0) }
        work.wake(at: sweep.next)
        handlers = Dictionary(uniqueKeysWithValues: Self.table.map { ($0.api.rawValue, $0) })
        do throws(BrokerError) {
            try offsets.replay()
        } catch {
            work.stop()
            throw error
        }
    }

    /// Ends the broker's own thread after what it has begun. Requests that wait for it are not
    /// answered.
    public func stop() { work.stop() }

    /// Answers the members of groups that wait for others: ask again. For a server that is about to
    /// stop.
    public func releaseWaiting() { groups.refuseWaiting() }

    /// Decides about the request in `frame` (without the frame's length).
    ///
    /// - Parameters:
    ///   - owner: holds the bytes of `frame`, at the same place; necessary for Produce, whose
    ///     records are not copied.
    ///   - reply: called once, from any thread, if and only if the result is `.later`.
    public func handle(
        _ frame: RawSpan,
        owner: SlabSlice?,
        from client: Client,
        reply: @escaping @Sendable (Reply) -> Void
    ) -> Handling<FS> {
        do throws(ProtocolError) {
            var reader = ByteReader(frame)
            let header = try RequestHeader(&reader)
            guard let handler = handlers[header.key] else {
                return .close(reason: "the request has the unknown API key \(header.key)")
            }
            let call = Call(
                header: header,
                clientID: header.clientID(in: frame) ?? "",
                client: client,
                frame: owner,
                reply: reply
            )
            guard handler.versions.contains(header.version) else {
                // The one request whose version a client may have to guess.
                if handler.api == .apiVersions { return .answer(unsupportedAPIVersions(call)) }
                return .close(
                    reason: "\(handler.api) v\(header.version) is not supported, only "
                        + "v\(handler.versions.lowerBound) to v\(handler.versions.upperBound)"
                )
            }
            return try handler.handle(self, call, &reader)
        } catch {
            return .close(reason: error.description)
        }
    }

    /// True when the frame is one whose bytes the broker wants to keep (Produce).
    public static func keepsBytes(ofFrame frame: RawSpan) -> Bool {
        guard frame.byteCount >= 2 else { return false }
        var reader = ByteReader(frame)
        return (try? reader.read(Int16.self)) == APIKey.produce.rawValue
    }
}
