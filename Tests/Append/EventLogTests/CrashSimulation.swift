import Bytes
import Clocks
import Files
import KafkaProtocol
import Synchronization
import Testing

@testable import EventLog

/// One run of a log on a file system that loses power, decided wholly by its seed.
///
/// Random operations against the real log, without threads; after each crash the log is opened
/// again and everything readable is compared with `CrashModel`. Throws `Finding` at the first
/// contradiction.
struct CrashSimulation: ~Copyable {
    typealias Log = EventLog<CrashFiles>

    struct Finding: Error, CustomStringConvertible {
        let seed: UInt64
        let step: Int
        let what: String
        var description: String { "seed \(seed), step \(step): \(what)" }
    }

    /// An idempotent producer, which sends what was not acknowledged again until it is.
    struct IdempotentProducer {
        let id: Int64
        let key: CrashModel.PartitionKey
        var nextSequence: Int32
        /// Batches without an answer, oldest first.
        var pending: [(sequence: Int32, values: [String])] = []
    }

    /// Answers that have come since they were last looked at.
    final class Answers: Sendable {
        let list = Mutex<[(number: Int, results: [AppendResult])]>([])
    }

    struct Asked {
        let entries: [(key: CrashModel.PartitionKey, values: [String], producer: Int?)]
    }

    let seed: UInt64
    let files = CrashFiles()
    var random: SeededRandom
    var options: LogOptions
    var model = CrashModel()
    var log: Log
    var producers: [IdempotentProducer] = []
    var asked: [Int: Asked] = [:]
    var answers = Answers()
    var nextAsk = 0
    var nextValue = 0
    var nextProducer: Int64 = 1_000
    var step = 0
    var crashes = 0
    /// True while a sync is going to fail.
    var isFaulty = false

    init(seed: UInt64) throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        options = Self.options(&random)
        log = try Log.open(
            at: "/log",
            files,
            options,
            ManualClocks(),
            SeededRandom(seed: seed),
            .manual
        )
    }

    private static func options(_ random: inout SeededRandom) -> LogOptions {
        var options = LogOptions()
        options.segmentBytesMax = Int.random(in: 100...6_000, using: &random)
        options.indexIntervalBytes = Int.random(in: 50...1_000, using: &random)
        options.journalRoundBytesMax = [0, 400, 3_000, 1 << 20].randomElement(using: &random) ?? 0
        options.journalRoundPartitionsMax = Int.random(in: 0...5, using: &random)
        options.journalFileBytes = 4_096 * Int.random(in: 2...6, using: &random)
        options.journalFilesMax = Int.random(in: 2...4, using: &random)
        return options
    }

    /// Runs `steps` operations, then opens the log once more and checks that it still works.
    mutating func run(steps: Int) throws {
        for number in 0..<steps {
            step = number
            try operate()
        }
        try crash()
        try finish()
    }

    private mutating func operate() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<3: try createTopic()
        case 3..<4: try deleteTopic()
        case 4..<5: try addPartitions()
        case 5..<45: try append()
        case 45..<55: try appendIdempotent()
        case 55..<78: _ = log.writer.step()
        case 78..<86: _ = log.flusher.step()
        case 86..<90: try readSomething()
        case 90..<92: try reopenCleanly()
        case 92..<94: try crash()
        case 94..<97:
            if !files.isDown {
                files.cutPower(afterOperations: Int.random(in: 0..<30, using: &random))
            }
        case 97..<98: fill()
        case 98..<99: if crashes < 50 { try failSync() }
        default: try checkAll()
        }
        try collectAnswers()
        if files.isDown { try crash() }
    }

    func finding(_ what: String) -> Finding { Finding(seed: seed, step: step, what: what) }

    func require(_ complaint: String?) throws {
        if let complaint { throw finding(complaint) }
    }
}
