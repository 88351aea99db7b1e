import Clocks
import Decoding
import Synchronization

/// Reads a log once for all the lanes that land it: what one of them has read, unpacked and looked
/// through is there for the others.
///
/// Lanes keep their own pace and their own checkpoints; they only happen to be near each other most
/// of the time. Those who are ahead let those behind them read first, as long as they are near and
/// awake, so that one reading serves all; a lane that is far away, asleep or busy with its table
/// keeps nobody waiting for long, and reads by itself until it is near again. So while a log is
/// caught up with, lanes near each other go at the pace of the slowest.
public final class SharedReading<Source: LogSource>: Sendable {
    /// What a lane that wants to go on is told.
    enum Reading {
        /// Here it is; the lane's records are on that route.
        case chunk(RoutedChunk, route: Int)
        /// Others go first; the lane is woken.
        case later
        /// Nobody is near: the lane is to read by itself.
        case alone
    }

    private let source: Source
    private let hall: Mutex<ReadingHall>
    private let shelf = Shelf<ChunkStore>(idleMax: 8)
    private let tools = Shelf<ChunkTools>(idleMax: 8)

    /// A reading of `source`.
    ///
    /// - Parameters:
    ///   - parallelism: how many lanes may be at work with chunks at a time.
    ///   - windowBytesMax: how much is kept for those who come later, about.
    public init(_ source: Source, parallelism: Int, windowBytesMax: Int = 24 << 20) {
        self.source = source
        hall = Mutex(ReadingHall(windowBytesMax: windowBytesMax, turnsMax: max(parallelism, 1)))
    }

    /// A seat for a lane; all of them are to be taken before the first lane runs.
    public func takeSeat(_ definition: LaneDefinition) -> Int {
        hall.withLock { $0.add(definition) }
    }

    /// The lane begins to read; `wake` is called, from any thread, when it need not wait any more.
    func arrive(_ seat: Int, now: MonotonicInstant, wake: @escaping @Sendable () -> Void) {
        call(hall.withLock { $0.arrive(seat, now: now, wake: wake) })
    }

    /// The lane does not read any more, or has not begun to.
    func leave(_ seat: Int) {
        call(hall.withLock { $0.leave(seat) })
    }

    /// The lane does something else for a while.
    func rest(_ seat: Int) {
        call(hall.withLock { $0.rest(seat) })
    }

    private func call(_ wakes: [ReadingHall.Wake]) {
        for wake in wakes { wake() }
    }

    /// What the lane on `seat` reads next at `offset`, where the log has something.
    func next(
        of partition: SourcePartition,
        from offset: Int64,
        for seat: Int,
        limits: LaneLimits,
        now: MonotonicInstant
    ) throws(LogSourceError) -> Reading {
        let (decision, wakes) = hall.withLock {
            $0.ask(partition, from: offset, by: seat, now: now)
        }
        call(wakes)
        switch decision {
        case .take(let chunk, let route): return .chunk(chunk, route: route)
        case .wait: return .later
        case .alone: return .alone
        case .read(let audience, let route):
            var chunk: RoutedChunk?
            defer { call(hall.withLock { $0.finish(partition, chunk, route: route) }) }
            chunk = try read(partition, from: offset, for: audience, limits)
            return chunk.map { .chunk($0, route: route) } ?? .alone
        }
    }

    private func read(
        _ partition: SourcePartition,
        from offset: Int64,
        for audience: Audience,
        _ limits: LaneLimits
    ) throws(LogSourceError) -> RoutedChunk? {
        let chunk = RoutedChunk(from: offset, routes: audience.seats.count, shelf: shelf)
        // More lanes, more records: each is to find some of its own in a chunk.
        let bytesMax = min(max(audience.seats.count << 15, limits.chunkBytesMax), 4 << 20)
        try chunk.fill { (buffer) throws(LogSourceError) in
            _ = try source.read(partition, from: offset, bytesMax: bytesMax, into: &buffer)
        }
        if chunk.isEmpty { return nil }
        let tool = tools.take { ChunkTools(batchBytesMax: limits.batchBytesMax) }
        chunk.route(of: partition, with: tool.walk, by: tool.router(of: partition.topic, audience))
        tools.giveBack(tool)
        return chunk.covers(offset) ? chunk : nil
    }
}

/// What one thread needs to look through a chunk.
private final class ChunkTools: @unchecked Sendable {
    // @unchecked Sendable: who has taken them is their only user until they are given back.
    let walk: RecordWalk
    private var routers: [String: ChunkRouter] = [:]

    init(batchBytesMax: Int) { walk = RecordWalk(batchBytesMax: batchBytesMax) }

    func router(of topic: String, _ audience: Audience) -> ChunkRouter {
        if let router = routers[topic] { return router }
        let router = ChunkRouter(audience.predicates)
        routers[topic] = router
        return router
    }
}
