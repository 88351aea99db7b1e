import Bytes
import Clocks
import Files
import KafkaProtocol
import Testing
import Threads

@testable import EventLog

/// What happens when the device fails or the log is too slow.
struct FailureTests {
    private typealias Log = EventLog<CrashFiles>

    private func open(_ files: CrashFiles, _ options: LogOptions = LogOptions()) throws -> Log {
        try Log.open(at: "/log", files, options, ManualClocks(), SeededRandom(seed: 1), .manual)
    }

    private func journaling(_ rounds: Bool) -> LogOptions {
        var options = LogOptions()
        options.journalFileBytes = 16 << 10
        options.journalRoundBytesMax = rounds ? 1 << 20 : 0
        return options
    }

    @Test(arguments: [true, false])
    func `a full device refuses, keeps nothing, and works on when there is room`(
        journal: Bool
    ) throws {
        let files = CrashFiles()
        let log = try open(files, journaling(journal))
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        #expect(try log.appendAndWait(partition, batch(["a"])).baseOffset == 0)
        files.limit(toBytes: files.bytesUsed + 30)
        guard case .noSpace = try log.appendAndWait(partition, batch(["b"])).failure else {
            Issue.record("expected no space")
            return
        }
        #expect(try partition.records().map(\.value) == ["a"])
        files.limit(toBytes: nil)
        #expect(try log.appendAndWait(partition, batch(["c"])).baseOffset == 1)
        files.crash(seed: 3)
        let second = try open(files, journaling(journal))
        let again = try #require(second.topic("t")).partitions[0]
        #expect(try again.records().map(\.value) == ["a", "c"])
    }

    @Test func `a full device refuses one partition's round and keeps another's`() throws {
        let files = CrashFiles()
        let log = try open(files, journaling(false))
        let topic = try log.createTopic("t", partitions: 2)
        for partition in topic.partitions { _ = try log.appendAndWait(partition, batch(["a"])) }
        let small = batch(["b"])
        files.limit(toBytes: files.bytesUsed + small.count + 100)
        let results = try log.appendAndWait([
            Append(topic.partitions[0], batch([String(repeating: "x", count: 900)])),
            Append(topic.partitions[1], small),
        ])
        guard case .noSpace = results[0].failure else {
            Issue.record("expected no space, got \(results[0])")
            return
        }
        #expect(results[1].baseOffset == 1)
    }

    @Test func `on a full device a log still opens and is read`() throws {
        let files = CrashFiles()
        let log = try open(files)
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        _ = try log.appendAndWait(partition, batch(["a"]))
        files.crash(seed: 1)
        files.limit(toBytes: files.bytesUsed)
        let second = try open(files)
        let again = try #require(second.topic("t")).partitions[0]
        #expect(try again.records().map(\.value) == ["a"])
        #expect(throws: LogError.self) { _ = try second.createTopic("u", partitions: 1) }
        files.limit(toBytes: nil)
        _ = try second.createTopic("u", partitions: 1)
        #expect(try second.appendAndWait(again, batch(["b"])).baseOffset == 1)
    }

    @Test func `an idempotent producer's refused batch can be sent again`() throws {
        let files = CrashFiles()
        let log = try open(files, journaling(false))
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        func send(_ value: String, _ sequence: Int32) throws -> AppendResult {
            let producer = Producer(id: 5, epoch: 0, sequence: sequence)
            return try log.appendAndWait(partition, batch([value], producer: producer))
        }
        #expect(try send("a", 0).baseOffset == 0)
        files.limit(toBytes: files.bytesUsed)
        #expect(try send("b", 1).failure != nil)
        // Rejected as well, or the order would be lost.
        #expect(
            try send("c", 2).failure
                == .outOfOrderSequence(producerID: 5, expected: 1, found: 2)
        )
        files.limit(toBytes: nil)
        #expect(try send("b", 1).baseOffset == 1)
        #expect(try send("c", 2).baseOffset == 2)
        let again = try send("b", 1).get()
        #expect(again.baseOffset == 1 && again.isDuplicate)
        #expect(try partition.records().map(\.value) == ["a", "b", "c"])
    }

    @Test(arguments: [("wal", true), ("log", false)])
    func `after a failed sync nothing is acknowledged until the log is opened again`(
        suffix: String,
        journal: Bool
    ) throws {
        let files = CrashFiles()
        let log = try open(files, journaling(journal))
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        _ = try log.appendAndWait(partition, batch(["a"]))
        files.fail(.sync, of: suffix)
        guard case .storage = try log.appendAndWait(partition, batch(["b"])).failure else {
            Issue.record("expected a storage failure")
            return
        }
        #expect(log.failure != nil)
        #expect(throws: LogError.self) {
            try log.append([Append(partition, batch(["c"]))]) { _ in }
        }
        #expect(try partition.records().map(\.value) == ["a"])
        log.close()
        let second = try open(files, journaling(journal))
        let again = try #require(second.topic("t")).partitions[0]
        let values = try again.records().map(\.value)
        #expect(values.first == "a" && values.count <= 2)
        #expect(try second.appendAndWait(again, batch(["d"])).baseOffset == again.highWatermark - 1)
    }

    @Test func `more than the limit in the queue is refused until there is room again`() throws {
        let files = CrashFiles()
        var options = LogOptions()
        options.queuedBytesMax = 1_000
        let log = try open(files, options)
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        let answers = Condition(0)
        func send(_ size: Int) throws {
            let value = String(repeating: "x", count: size)
            try log.append([Append(partition, batch([value]))]) { results in
                answers.update { $0 += results.count }
            }
        }
        // Larger than the limit, but alone: it must get through at some time.
        try send(2_000)
        let error = #expect(throws: LogError.self) { try send(1) }
        #expect(error?.isRetriable == true)
        while log.writer.step() {}
        try send(400)
        try send(300)
        #expect(throws: LogError.self) { try send(400) }
        while log.writer.step() {}
        #expect(answers.withLock { $0 } == 3)
        log.close()
        #expect(throws: LogError.closed) { try send(1) }
    }

    @Test func `the journal's files are used again`() throws {
        let files = CrashFiles()
        let log = try open(files, journaling(true))
        let topic = try log.createTopic("t", partitions: 3)
        for number in 0..<400 {
            _ = try log.appendAndWait(topic.partitions[number % 3], batch(["\(number)"]))
            _ = log.flusher.step()
        }
        #expect(try files.list("/log/journal").count <= 2)
        files.crash(seed: 9)
        let second = try open(files, journaling(true))
        let again = try #require(second.topic("t"))
        let values = try again.partitions.flatMap { try $0.records().map(\.value) }
        #expect(Set(values) == Set((0..<400).map(String.init)))
    }

    @Test func `with every journal file waiting, rounds sync their segments`() throws {
        let files = CrashFiles()
        let log = try open(files, journaling(true))
        let topic = try log.createTopic("t", partitions: 3)
        for number in 0..<600 {
            _ = try log.appendAndWait(topic.partitions[number % 3], batch(["\(number)"]))
        }
        #expect(try files.list("/log/journal").count == LogOptions().journalFilesMax)
        files.crash(seed: 9)
        let again = try #require(try open(files, journaling(true)).topic("t"))
        #expect(try again.partitions.map { try $0.records().count } == [200, 200, 200])
    }
}
