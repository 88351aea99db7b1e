import Clocks
import Compression
import Decoding
import Testing
import Threads

@testable import Pipelines

/// Lanes of all kinds over one log, each into a table of its own.
private struct Company {
    let harness = LaneHarness()
    let lanes: [TestLane]
    static let kinds = ["a", "b", "c", "d"]

    init(
        lanesOfKind count: Int,
        reading isShared: Bool = true,
        windowBytesMax: Int = 1 << 20
    ) throws {
        harness.log.create("events", partitions: 2)
        let reading =
            isShared
            ? SharedReading(harness.log, parallelism: 3, windowBytesMax: windowBytesMax) : nil
        var lanes: [TestLane] = []
        for number in 0..<count {
            for kind in Self.kinds {
                let predicate = try Predicate(parsing: "kind = '\(kind)'")
                lanes.append(
                    harness.lane(
                        predicate: predicate,
                        table: "\(kind)\(number)",
                        reading: reading
                    )
                )
            }
        }
        var documents = DecodingPlan()
        documents.documents = .many
        lanes.append(harness.lane(table: "all", reading: reading))
        lanes.append(harness.lane(decoding: documents, table: "documents", reading: reading))
        lanes.append(
            harness.lane(table: "skipping", reading: reading) { $0.onError = .skip }
        )
        self.lanes = lanes
    }

    /// Batches of all kinds of records; some cannot be read.
    func append(batches: Int, of records: Int) {
        for batch in 0..<batches {
            let values = (0..<records).map { number -> String? in
                let kind = Self.kinds[(batch + number) % Self.kinds.count]
                switch (batch * records + number) % 23 {
                case 7: return nil
                case 11: return "{\"n\":04}"
                case 13: return "{\"kind\":\"\(kind)\",\"n\":}"
                default: return "{\"kind\":\"\(kind)\",\"n\":\(number)}"
                }
            }
            let codec: CompressionCodec = batch % 3 == 0 ? .zstd : .none
            harness.log.append(values, to: "events", Int32(batch % 2), codec: codec)
        }
    }

    /// Runs all lanes until they are done; false when that takes too long.
    func run(_ during: () -> Void = {}) -> Bool {
        let threads = lanes.map { lane in Thread("lane") { lane.run() } }
        defer {
            for lane in lanes { lane.stop() }
            for thread in threads { thread.join() }
        }
        during()
        let clock = SystemClocks()
        let started: MonotonicInstant = clock.now()
        let pause = Condition(())
        while clock.now() - started < .seconds(30) {
            if lanes.allSatisfy({ harness.isCaughtUp($0.status) }) { return true }
            let nothing: Void? = pause.wait(timeout: .milliseconds(2)) { _ in nil }
            _ = nothing
        }
        return false
    }

    /// What each lane's table has, and what its checkpoint says.
    func outcome() -> [String: [String]] {
        var outcome: [String: [String]] = [:]
        for lane in lanes {
            let table = lane.definition.table
            let totals = lane.status.committed?.totals
            var lines = [
                "landed \(totals?.landed ?? -1) filtered \(totals?.filtered ?? -1)",
                "letters \(totals?.deadLettered ?? -1)",
                "left out \(totals?.discards.records ?? -1)",
            ]
            for name in [table, lane.definition.deadLetterTable] {
                lines += harness.rows(name).map { "\($0.partition)/\($0.offset)/\($0.index)" }
            }
            outcome[table] = lines
        }
        return outcome
    }
}

@Suite struct SharedReadingTests {
    @Test func `lanes that read together land what each lands by itself`() throws {
        let together = try Company(lanesOfKind: 5)
        let apart = try Company(lanesOfKind: 5, reading: false)
        for company in [together, apart] {
            company.append(batches: 40, of: 31)
            let isDone = company.run { company.append(batches: 40, of: 17) }
            #expect(isDone)
        }
        #expect(together.outcome() == apart.outcome())
        let letters = together.outcome()["a0"]?.count { $0.contains("/") } ?? 0
        #expect(letters > 400)
        // Everything was read about once, and not once for each of the 23 lanes.
        #expect(together.harness.log.reads < apart.harness.log.reads / 3)
    }

    @Test func `failing reads and commits disturb nobody's rows`() throws {
        let together = try Company(lanesOfKind: 3)
        let apart = try Company(lanesOfKind: 3, reading: false)
        together.harness.log.failReads(5)
        together.harness.tables.plan([
            nil, .unknownApplied, nil, .unknownLost, .conflict, .unknownApplied,
        ])
        for company in [together, apart] {
            company.append(batches: 30, of: 29)
            let isDone = company.run {
                company.harness.log.failReads(3)
                company.append(batches: 30, of: 13)
            }
            #expect(isDone)
        }
        #expect(together.outcome() == apart.outcome())
    }

    @Test func `batches that are too large unpacked are walked over one by one`() throws {
        let log = MemoryLog()
        log.create("events")
        let partition = SourcePartition(topic: "events", index: 0)
        let large = String(repeating: "x", count: 12 << 20)
        for _ in 0..<4 { log.append([large, "y"], to: "events", codec: .zstd) }
        var chunks: [RoutedChunk] = []
        for batches in [2, 4] {
            let chunk = RoutedChunk(from: 0, routes: 1, shelf: Shelf(idleMax: 1))
            try chunk.fill { (buffer) throws(LogSourceError) in
                for batch in 0..<batches {
                    let offset = Int64(batch) * 2
                    _ = try log.read(partition, from: offset, bytesMax: 1, into: &buffer)
                }
            }
            let walk = RecordWalk(batchBytesMax: 1 << 30)
            chunk.route(of: partition, with: walk, by: ChunkRouter([nil]))
            #expect(chunk.next == Int64(batches) * 2)
            chunks.append(chunk)
        }
        #expect(chunks[0].isRouted && chunks[0].count(on: 0) == 4)
        #expect(!chunks[1].isRouted && chunks[1].byteCount < 1 << 20)
    }

    @Test func `where there is room for one chunk nobody sleeps over it`() throws {
        let company = try Company(lanesOfKind: 3, windowBytesMax: 1)
        company.append(batches: 120, of: 9)
        // A lane that misses its turn looks again after a second, and there are 120 turns.
        let isDone = company.run()
        #expect(isDone)
    }

    @Test
    func `a lane that does not begin keeps nobody waiting for long, and lands all when it does`()
        throws
    {
        let company = try Company(lanesOfKind: 1)
        company.append(batches: 10, of: 20)
        // One that never begins: the others wait for it a while, and then no more.
        let others = company.lanes.dropLast()
        let threads = others.map { lane in Thread("lane") { lane.run() } }
        defer {
            for lane in others { lane.stop() }
            for thread in threads { thread.join() }
        }
        let clock = SystemClocks()
        let started: MonotonicInstant = clock.now()
        var isDone = false
        let pause = Condition(())
        while !isDone, clock.now() - started < .seconds(40) {
            isDone = others.allSatisfy { company.harness.isCaughtUp($0.status) }
            let nothing: Void? = pause.wait(timeout: .milliseconds(5)) { _ in nil }
            _ = nothing
        }
        #expect(isDone)
        let late = try #require(company.lanes.last)
        #expect(company.harness.run(late) { company.harness.isCaughtUp($0) })
    }
}
