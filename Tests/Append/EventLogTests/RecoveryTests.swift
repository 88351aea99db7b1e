import Bytes
import Clocks
import Files
import KafkaProtocol
import Testing

@testable import EventLog

/// What opening does with what it finds.
struct RecoveryTests {
    private typealias Log = EventLog<CrashFiles>

    private func open(_ files: CrashFiles, _ options: LogOptions = LogOptions()) throws -> Log {
        try Log.open(at: "/log", files, options, ManualClocks(), SeededRandom(seed: 1), .manual)
    }

    private func small() -> LogOptions {
        var options = LogOptions()
        options.segmentBytesMax = 1_000
        options.indexIntervalBytes = 150
        options.journalFileBytes = 16 << 10
        return options
    }

    /// A log with `count` records in one partition, one batch each.
    private func filled(_ files: CrashFiles, count: Int, _ options: LogOptions) throws -> Log {
        let log = try open(files, options)
        let partition = try log.topic("t") ?? log.createTopic("t", partitions: 1)
        for number in 0..<count {
            _ = try log.appendAndWait(partition.partitions[0], batch(["\(number)"]))
        }
        return log
    }

    private func values(_ log: Log) throws -> [String] {
        try #require(log.topic("t")).partitions[0].records().map(\.value)
    }

    @Test func `after a clean close nothing is read again`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 50, small())
        log.close()
        let second = try open(files, small())
        #expect(second.recovery == RecoveryReport())
        #expect(try values(second) == (0..<50).map(String.init))
        // The producers and the index are there as well.
        let partition = try #require(second.topic("t")).partitions[0]
        #expect(try partition.offset(forTimestamp: 1_000)?.offset == 0)
        #expect(try second.appendAndWait(partition, batch(["on"])).baseOffset == 50)
    }

    @Test func `what a power loss took from the segments comes from the journal`() throws {
        var replayed = 0
        for seed in 0..<40 as Range<UInt64> {
            let files = CrashFiles()
            _ = try filled(files, count: 30, small())
            files.crash(seed: seed)
            let second = try open(files, small())
            #expect(try values(second) == (0..<30).map(String.init))
            replayed += second.recovery.replayedRounds
        }
        #expect(replayed > 0)
    }

    @Test func `a log without its rebuildable files opens with everything`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 60, small())
        while log.flusher.step() {}
        log.close()
        try files.remove("/log/checkpoint")
        for name in try files.list("/log/t-0")
        where name.hasSuffix(".index") || name.hasSuffix(".snapshot") {
            try files.remove("/log/t-0/\(name)")
        }
        let second = try open(files, small())
        #expect(second.recovery.verifiedBatches == 60 && second.recovery.isClean)
        #expect(try values(second) == (0..<60).map(String.init))
    }

    @Test func `damaged rebuildable files are as good as none`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 60, small())
        while log.flusher.step() {}
        log.close()
        var damaged = 0
        for name in try files.list("/log/t-0")
        where name.hasSuffix(".index") || name.hasSuffix(".snapshot") {
            let file = try files.open("/log/t-0/\(name)", .readWrite)
            var byte = ByteBuffer()
            byte.append(0xff as UInt8)
            try file.write(byte.bytes, at: try file.size() / 2)
            damaged += 1
        }
        #expect(damaged > 4)
        let second = try open(files, small())
        let partition = try #require(second.topic("t")).partitions[0]
        for offset in 0..<60 as Range<Int64> {
            #expect(try partition.records(from: offset, maxBytes: 1).first?.offset == offset)
        }
    }

    @Test func `closed segments are searched in their index files`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 60, small())
        while log.flusher.step() {}
        let partition = try #require(log.topic("t")).partitions[0]
        for offset in 0..<60 as Range<Int64> {
            #expect(try partition.records(from: offset, maxBytes: 1).first?.offset == offset)
        }
        #expect(try files.list("/log/t-0").filter { $0.hasSuffix(".index") }.count > 3)
    }

    @Test func `producers are known after a crash and after a clean close`() throws {
        for isClean in [true, false] {
            let files = CrashFiles()
            let log = try filled(files, count: 0, small())
            let partition = try #require(log.topic("t")).partitions[0]
            for number in 0..<40 {
                let producer = Producer(id: 9, epoch: 1, sequence: Int32(number))
                let slice = batch(["\(number)"], producer: producer)
                #expect(try log.appendAndWait(partition, slice).baseOffset == Int64(number))
            }
            if isClean { log.close() }
            files.crash(seed: 4)
            let second = try open(files, small())
            let again = try #require(second.topic("t")).partitions[0]
            #expect(again.tail.producers.entries == partition.tail.producers.entries)
            let producer = Producer(id: 9, epoch: 1, sequence: 39)
            let result = try second.appendAndWait(again, batch(["39"], producer: producer)).get()
            #expect(result.isDuplicate && result.baseOffset == 39)
        }
    }

    @Test func `a durable batch that has become unreadable is reported and nothing is cut`() throws
    {
        let files = CrashFiles()
        let log = try filled(files, count: 5, small())
        log.close()
        try files.remove("/log/t-0/00000000000000000005.snapshot")
        let file = try files.open("/log/t-0/00000000000000000000.log", .readWrite)
        let size = try file.size()
        var zeros = ByteBuffer()
        zeros.appendZeros(30)
        // Over the length of the second batch.
        try file.write(zeros.bytes, at: Int64(batch(["0"]).count + 8))
        let error = #expect(throws: LogError.self) { _ = try open(files, small()) }
        guard case .corrupt = error else {
            Issue.record("expected corruption, got \(String(describing: error))")
            return
        }
        #expect(try file.size() == size)
    }

    @Test func `a damaged byte in the middle is reported to the reader, not served`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 10, LogOptions())
        let partition = try #require(log.topic("t")).partitions[0]
        let file = try files.open("/log/t-0/00000000000000000000.log", .readWrite)
        var noise = ByteBuffer()
        noise.append(0xaa as UInt8)
        try file.write(noise.bytes, at: Int64(batch(["0"]).count * 4 - 3))
        for offset in 0..<3 as Range<Int64> {
            var buffer = ByteBuffer()
            _ = try partition.read(from: offset, maxBytes: 1, into: &buffer)
        }
        let error = #expect(throws: LogError.self) {
            var buffer = ByteBuffer()
            _ = try partition.read(from: 3, maxBytes: 1, into: &buffer)
        }
        guard case .corrupt = error else {
            Issue.record("expected corruption, got \(String(describing: error))")
            return
        }
    }

    @Test func `durable records whose files are gone are reported`() throws {
        let files = CrashFiles()
        let log = try filled(files, count: 5, small())
        log.close()
        for name in try files.list("/log/t-0") { try files.remove("/log/t-0/\(name)") }
        let error = #expect(throws: LogError.self) { _ = try open(files, small()) }
        guard case .corrupt(path: "/log/t-0", _) = error else {
            Issue.record("expected corruption, got \(String(describing: error))")
            return
        }
    }

    @Test func `a file of another format is refused`() throws {
        let files = CrashFiles()
        try files.createDirectories("/log")
        let meta = try files.open("/log/meta", .create)
        let text = batch(["not a log"])
        try meta.write(text.bytes, at: 0)
        let error = #expect(throws: LogError.self) { _ = try open(files) }
        guard case .corrupt(path: "/log/meta", _) = error else {
            Issue.record("expected corruption, got \(String(describing: error))")
            return
        }
    }
}
