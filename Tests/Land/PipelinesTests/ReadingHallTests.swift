import Bytes
import Clocks
import Synchronization
import Testing

@testable import Pipelines

/// How often lanes were woken.
private final class Bell: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    func ring(_ seat: Int) { counts.withLock { $0[seat, default: 0] += 1 } }
    func count(_ seat: Int) -> Int { counts.withLock { $0[seat] ?? 0 } }
}

/// A hall with seats, whose lanes only count how often they are woken.
private struct Stage {
    var hall: ReadingHall
    let bell = Bell()
    private let log = MemoryLog()
    private let now: MonotonicInstant = SystemClocks().now()
    private let seats: Int

    init(seats: Int, turns: Int, windowBytesMax: Int = 1 << 20) {
        self.seats = seats
        hall = ReadingHall(windowBytesMax: windowBytesMax, turnsMax: turns)
        log.create("events", partitions: 3)
        for index in 0..<3 { log.append(["{}", "{}"], to: "events", Int32(index)) }
        for seat in 0..<seats {
            _ = hall.add(LaneDefinition(pipeline: "p", topics: ["events"], table: "t\(seat)"))
        }
        for seat in 0..<seats {
            _ = hall.arrive(seat, now: now) { [bell] in bell.ring(seat) }
        }
    }

    /// What the lane on `seat` is told when it wants to go on.
    mutating func ask(_ seat: Int, _ partition: Int32, at offset: Int64 = 0) -> String {
        let place = SourcePartition(topic: "events", index: partition)
        let (decision, wakes) = hall.ask(place, from: offset, by: seat, now: now)
        for wake in wakes { wake() }
        switch decision {
        case .take: return "take"
        case .read: return "read"
        case .wait: return "wait"
        case .alone: return "alone"
        }
    }

    /// The partition's one batch was read for the lane on `seat`.
    mutating func finish(_ seat: Int, _ partition: Int32) throws {
        let place = SourcePartition(topic: "events", index: partition)
        for wake in hall.finish(place, try chunk(of: place), route: seat) { wake() }
    }

    /// What a partition's one batch takes of the window.
    func chunkBytes() throws -> Int {
        try chunk(of: SourcePartition(topic: "events", index: 0)).byteCount
    }

    private func chunk(of place: SourcePartition) throws -> RoutedChunk {
        let chunk = RoutedChunk(from: 0, routes: seats, shelf: Shelf(idleMax: 1))
        try chunk.fill { (buffer) throws(LogSourceError) in
            _ = try log.read(place, from: 0, bytesMax: 1, into: &buffer)
        }
        let router = ChunkRouter(Array(repeating: nil, count: seats))
        chunk.route(of: place, with: RecordWalk(batchBytesMax: 1 << 20), by: router)
        return chunk
    }

    mutating func rest(_ seat: Int) {
        for wake in hall.rest(seat) { wake() }
    }

    mutating func leave(_ seat: Int) {
        for wake in hall.leave(seat) { wake() }
    }
}

@Suite struct ReadingHallTests {
    @Test func `whoever leaves hands its turn on, and the next one hears of it`() throws {
        var stage = Stage(seats: 3, turns: 1)
        #expect(stage.ask(0, 0) == "read")
        #expect(stage.ask(1, 0) == "wait")
        try stage.finish(0, 0)
        #expect(stage.bell.count(1) == 0)
        stage.leave(0)
        #expect(stage.bell.count(1) == 1)
        #expect(stage.ask(1, 0) == "take")
    }

    @Test func `those who wait sleep on while one reads ahead, and no longer`() throws {
        var stage = Stage(seats: 3, turns: 3)
        #expect(stage.ask(0, 0) == "read")
        #expect(stage.ask(1, 0) == "wait")
        try stage.finish(0, 0)
        #expect(stage.bell.count(1) == 0)
        stage.rest(0)
        #expect(stage.bell.count(1) == 1)
        #expect(stage.ask(1, 0) == "take")
    }

    @Test func `those who wait are woken when much was read ahead`() throws {
        var stage = Stage(seats: 3, turns: 3, windowBytesMax: 1)
        #expect(stage.ask(0, 0) == "read")
        #expect(stage.ask(1, 0) == "wait")
        try stage.finish(0, 0)
        #expect(stage.bell.count(1) == 1)
    }

    @Test func `a full window is filled again when it is nearly empty`() throws {
        // Room for one chunk and a half: two fill it.
        let chunkBytes = try Stage(seats: 2, turns: 2).chunkBytes()
        var stage = Stage(seats: 2, turns: 2, windowBytesMax: chunkBytes * 3 / 2)
        for partition in Int32(0)..<2 {
            #expect(stage.ask(0, partition) == "read")
            try stage.finish(0, partition)
        }
        #expect(stage.ask(0, 2) == "wait")
        // One of two has gone: two thirds of the window are taken still.
        #expect(stage.ask(1, 0) == "take")
        #expect(stage.ask(0, 2) == "wait")
        #expect(stage.ask(1, 1) == "take")
        #expect(stage.ask(0, 2) == "read")
    }

    @Test func `who waits for room hears of every chunk that goes`() throws {
        var stage = Stage(seats: 3, turns: 3, windowBytesMax: 1)
        // Two partitions are read at once; the others are past the second one's beginning.
        #expect(stage.ask(0, 1, at: 2) == "read")
        stage.hall.giveUp(SourcePartition(topic: "events", index: 1), route: 0)
        #expect(stage.ask(0, 0) == "read")
        #expect(stage.ask(1, 1) == "read")
        #expect(stage.ask(2, 1, at: 2) == "wait")
        try stage.finish(0, 0)
        #expect(stage.ask(2, 2) == "wait")
        let before = stage.bell.count(2)
        try stage.finish(1, 1)
        #expect(stage.bell.count(2) > before)
    }
}

extension ReadingHall {
    /// A read that brought nothing.
    fileprivate mutating func giveUp(_ partition: SourcePartition, route: Int) {
        for wake in finish(partition, nil, route: route) { wake() }
    }
}
