import Bytes
import Clocks
import Decoding
import Telemetry
import Testing
import Threads

@testable import Pipelines

/// One run of workers that land a topic into a table while everything goes wrong, decided wholly by
/// its seed.
///
/// The workers are real `LaneRun`s, turned one step at a time on one thread; log, tables and clock
/// are simulated. Workers crash, sleep through their replacement and wake up, partitions move
/// between them, commits get lost before or after they are applied, other engines compact, dead
/// letters are mended and replayed, checkpoints go back. At the end everything is landed once more
/// without faults, and every record must be in one row or be a dead letter, or left out by `where`.
struct CommitSimulation: ~Copyable {
    struct Finding: Error, CustomStringConvertible {
        let seed: UInt64
        let step: Int
        let what: String
        var description: String { "seed \(seed), step \(step): \(what)" }
    }

    typealias SimulatedLane = Lane<MemoryLog, SimulatedTables, ManualClocks>

    /// A process that lands some partitions.
    final class Worker {
        let lane: SimulatedLane
        var run: LaneRun<MemoryLog, SimulatedTables, ManualClocks>
        /// Stopped by SIGSTOP: it does nothing and knows nothing of it.
        var isAsleep = false

        init(_ lane: SimulatedLane, _ ownership: Ownership) throws(LaneError) {
            self.lane = lane
            run = try LaneRun(lane, ownership: ownership)
        }
    }

    private static let partitionsMax = 4
    let seed: UInt64
    var random: SeededRandom
    let log = MemoryLog()
    let tables = SimulatedTables()
    let clock = ManualClocks()
    var workers: [Worker] = []
    var step = 0
    var ends: [Int64] = []
    /// Offsets that are no rows: left out, or dead letters.
    var left: Set<SimulatedRow> = []
    var letters: Set<SimulatedRow> = []
    /// Those of the letters that somebody was asked to replay, mended.
    var mended: Set<SimulatedRow> = []
    /// Offsets that a worker was told to skip may be holes, for good.
    var isSharing: Bool

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        isSharing = Bool.random(using: &random)
        let count = Int.random(in: 1...Self.partitionsMax, using: &random)
        log.create("events", partitions: count)
        ends = Array(repeating: 0, count: count)
    }

    mutating func run(steps: Int) throws {
        for number in 0..<steps {
            step = number
            try operate()
            if let violation = tables.violations.first { throw finding(violation) }
        }
        try finish()
    }

    private mutating func operate() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: append()
        case 18..<70: try turnSomebody()
        case 70..<76: clock.advance(by: .milliseconds(Int.random(in: 1...200, using: &random)))
        case 76..<84:
            let fault = SimulatedTables.Fault.allCases.randomElement(using: &random)
            if let fault { tables.inject(fault) }
        case 84..<87: tables.compact(Bool.random(using: &random) ? "t" : "t__dead_letters")
        case 87..<90: crashSomebody()
        case 90..<92: workers.randomElement(using: &random)?.isAsleep.toggle()
        case 92..<95: askSomething()
        default: try hire()
        }
    }

    // The log

    private mutating func append() {
        let index = Int.random(in: 0..<ends.count, using: &random)
        let values = (0..<Int.random(in: 1...5, using: &random)).map { number -> String in
            let place = SimulatedRow(partition: Int32(index), offset: ends[index] + Int64(number))
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                left.insert(place)
                return #"{"k":"no"}"#
            case 1:
                letters.insert(place)
                return "broken"
            case 2: return #"{"k":"yes","f\#(Int.random(in: 0..<4, using: &random))":1}"#
            default: return #"{"k":"yes"}"#
            }
        }
        log.append(values, to: "events", Int32(index))
        ends[index] += Int64(values.count)
    }

    // The workers

    private func lane() throws -> SimulatedLane {
        var definition = LaneDefinition(
            pipeline: "p",
            topics: ["events"],
            table: "t",
            predicate: try Predicate(parsing: "k = 'yes'"),
            freshness: .milliseconds(100)
        )
        definition.limits.retryPause = .nanoseconds(1)...(.nanoseconds(1))
        return SimulatedLane(
            definition,
            source: log,
            committer: tables,
            clock: clock,
            logger: .silent
        )
    }

    /// Somebody starts: alone he takes everything over, with others his part. Those who had it
    /// before are not told.
    private mutating func hire() throws {
        let ownership: Ownership
        if isSharing {
            let chosen = (0..<ends.count).filter { _ in Bool.random(using: &random) }
            if chosen.isEmpty { return }
            ownership = .partitions(
                Set(chosen.map { SourcePartition(topic: "events", index: Int32($0)) })
            )
        } else {
            ownership = .all
        }
        if workers.count > 4 { crashSomebody() }
        let lane = try lane()
        do throws(LaneError) {
            let worker = try Worker(lane, ownership)
            // As the lane does: what a run holds is what is to be landed.
            lane.control.update { $0.ownership = ownership }
            workers.append(worker)
        } catch {
            try tolerate(error)
        }
    }

    private mutating func crashSomebody() {
        guard let number = workers.indices.randomElement(using: &random) else { return }
        workers.remove(at: number)
    }

    private mutating func askSomething() {
        guard let worker = workers.randomElement(using: &random) else { return }
        let index = Int.random(in: 0..<ends.count, using: &random)
        let place = SourcePartition(topic: "events", index: Int32(index))
        let low = Int64.random(in: 0...ends[index], using: &random)
        let high = Int64.random(in: low...ends[index], using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 3...4: replaySome(by: worker)
        case 5...:
            let isRehearsal = Int.random(in: 0..<4, using: &random) == 0
            worker.lane.ask(LaneJob(.rewind(Rewind([place: low], isRehearsal: isRehearsal))))
        case 0: worker.lane.ask(LaneJob(.drain))
        case 1: worker.lane.ask(LaneJob(.backfill([place: low..<high])))
        default: worker.lane.ask(LaneJob(.skip([place: low])))
        }
    }

    /// Asks for letters to be replayed, whether they are the worker's, landed already, or not yet
    /// letters at all.
    private mutating func replaySome(by worker: Worker) {
        let known = letters.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
        let chosen = known.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        mended.formUnion(chosen)
        worker.lane.ask(LaneJob(.replay(Replay(chosen.map { Self.letter($0) }))))
    }

    /// A letter with a value that can be a row, or that `where` leaves out.
    private static func letter(_ row: SimulatedRow) -> DeadLetter {
        DeadLetter(
            place: RecordPlace(
                partition: SourcePartition(topic: "events", index: row.partition),
                offset: row.offset
            ),
            timestampMilliseconds: 0,
            reason: "not-an-object",
            key: nil,
            value: Array("broken".utf8)
        ).mended(value: Array((isLeftOut(row) ? #"{"k":"no"}"# : #"{"k":"yes"}"#).utf8))
    }

    private static func isLeftOut(_ row: SimulatedRow) -> Bool { row.offset % 3 == 0 }

    private mutating func turnSomebody() throws {
        let awake = workers.indices.filter { !workers[$0].isAsleep }
        guard let number = awake.randomElement(using: &random) else { return }
        let worker = workers[number]
        var chunk = ByteBuffer()
        do throws(LaneError) {
            _ = try worker.run.turn(&chunk)
        } catch {
            worker.run.landing.abandon()
            workers.remove(at: number)
            try tolerate(error)
        }
    }

    /// Errors that a lane would try again after, or that end it because it was replaced.
    private func tolerate(_ error: LaneError) throws {
        switch error {
        case .fenced, .table(.storage), .table(.conflict), .table(.unknownOutcome): return
        default: throw finding("a worker ended: \(error)")
        }
    }

    // The end

    private mutating func finish() throws {
        step += 1
        tables.clearFaults()
        // Whoever sleeps wakes up, and finds out.
        let last = try lane()
        let run: Worker
        do throws(LaneError) { run = try Worker(last, .all) } catch {
            throw finding("taking over at the end: \(error)")
        }
        for worker in workers {
            worker.isAsleep = false
            clock.advance(by: .seconds(1))
            var chunk = ByteBuffer()
            do throws(LaneError) {
                for _ in 0..<20 { _ = try worker.run.turn(&chunk) }
            } catch {
                worker.run.landing.abandon()
                try tolerate(error)
            }
        }
        let everything = ends.indices.map {
            (SourcePartition(topic: "events", index: Int32($0)), 0..<ends[$0])
        }
        try perform(.backfill(Dictionary(uniqueKeysWithValues: everything)), by: run)
        let replayed = try perform(.replay(Replay(mended.map { Self.letter($0) })), by: run).letters
        for outcome in replayed {
            if case .failed(let reason, let detail, _) = outcome.result {
                throw finding("the letter \(outcome.place) stays: \(reason), \(detail)")
            }
        }
        try check()
    }

    /// Lets a worker do a job, with nobody in its way.
    @discardableResult
    private func perform(_ work: LaneJob.Work, by worker: Worker) throws -> JobSummary {
        let job = LaneJob(work)
        worker.lane.ask(job)
        var chunk = ByteBuffer()
        for _ in 0..<10_000 where job.outcome == nil {
            do throws(LaneError) { _ = try worker.run.turn(&chunk) } catch {
                throw finding("landing the rest: \(error)")
            }
        }
        guard case .done(let summary) = job.outcome else {
            throw finding("the rest was not landed")
        }
        return summary
    }

    private func check() throws {
        if let violation = tables.violations.first { throw finding(violation) }
        var expected: Set<SimulatedRow> = []
        for (index, end) in ends.enumerated() {
            for offset in 0..<end {
                expected.insert(SimulatedRow(partition: Int32(index), offset: offset))
            }
        }
        let rows = tables.rows(of: "t")
        let left = left.union(mended.filter { Self.isLeftOut($0) })
        let letters = letters.subtracting(mended)
        try compare(rows, expected.subtracting(left).subtracting(letters), "rows")
        try compare(tables.rows(of: "t__dead_letters"), letters, "dead letters")
        let totals = tables.marker(of: "t")?.totals
        guard totals?.landed == Int64(rows.count), totals?.filtered == Int64(left.count),
            totals?.deadLettered == Int64(letters.count)
        else { throw finding("the checkpoint counts \(String(describing: totals))") }
        if tables.orphans != 0 { throw finding("\(tables.orphans) files belong to nobody") }
    }

    private func compare(
        _ rows: [SimulatedRow],
        _ expected: Set<SimulatedRow>,
        _ what: String
    ) throws {
        let found = Set(rows)
        if found.count != rows.count {
            throw finding("\(rows.count - found.count) doubled \(what)")
        }
        if let lost = expected.subtracting(found).first { throw finding("no \(what) for \(lost)") }
        if let extra = found.subtracting(expected).first {
            throw finding("unexpected \(what) \(extra)")
        }
    }

    func finding(_ what: String) -> Finding { Finding(seed: seed, step: step, what: what) }
}
