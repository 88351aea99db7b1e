import Bytes
import Clocks
import Files
import KafkaProtocol
import Testing
import Threads

@testable import EventLog

struct TopicTests {
    @Test func `topics are listed by name and found by name and identity`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        for name in ["b", "a-1", "a", "__consumer_offsets"] {
            let topic = try log.createTopic(name, partitions: 1)
            #expect(log.topic(name) === topic && log.topic(id: topic.id) === topic)
        }
        #expect(log.topics.map(\.name) == ["__consumer_offsets", "a", "a-1", "b"])
        #expect(throws: LogError.topicExists("a")) { _ = try log.createTopic("a", partitions: 1) }
        #expect(log.topic("c") == nil && log.topic(id: .zero) == nil)
    }

    @Test(arguments: ["", ".", "..", "a b", "a/b", "ä", String(repeating: "x", count: 250)])
    func `names that Kafka refuses are refused`(name: String) throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        #expect(throws: LogError.self) { _ = try log.createTopic(name, partitions: 1) }
        #expect(throws: LogError.invalidPartitionCount(0)) {
            _ = try log.createTopic("t", partitions: 0)
        }
    }

    @Test func `added partitions are new and the old ones stay the same`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        let old = try log.createTopic("t", partitions: 1)
        _ = try log.appendAndWait(old.partitions[0], batch(["a"]))
        let new = try log.addPartitions(to: "t", count: 3)
        #expect(new.partitions[0] === old.partitions[0] && new.id == old.id)
        _ = try log.appendAndWait(new.partitions[2], batch(["c"]))
        #expect(throws: LogError.invalidPartitionCount(2)) {
            _ = try log.addPartitions(to: "t", count: 2)
        }
        #expect(throws: LogError.unknownTopic("u")) { _ = try log.addPartitions(to: "u", count: 2) }
        log.close()
        let second = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { second.close() }
        let again = try #require(second.topic("t"))
        #expect(again.partitions.map(\.highWatermark) == [1, 0, 1])
    }

    @Test func `a deleted topic is gone with its files and wakes who waits for it`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let topic = try log.createTopic("t", partitions: 2)
        _ = try log.appendAndWait(topic.partitions[0], batch(["a"]))
        let woken = Condition(false)
        _ = topic.partitions[0].wake(beyond: 5) { woken.update { $0 = true } }
        try log.deleteTopic("t")
        #expect(woken.withLock { $0 } && topic.partitions[0].isDeleted)
        #expect(log.topic("t") == nil && log.topic(id: topic.id) == nil)
        #expect(!LocalFiles().exists("\(directory.path)/t-0"))
        #expect(try log.appendAndWait(topic.partitions[0], batch(["b"])).failure == .deleted)
        #expect(throws: LogError.deleted(topic: "t")) {
            var buffer = ByteBuffer()
            _ = try topic.partitions[0].read(from: 0, maxBytes: 1, into: &buffer)
        }
        #expect(throws: LogError.unknownTopic("t")) { try log.deleteTopic("t") }
        let again = try log.createTopic("t", partitions: 1)
        #expect(again.id != topic.id)
        #expect(try log.appendAndWait(again.partitions[0], batch(["new"])).baseOffset == 0)
    }

    @Test(arguments: [Durability.os, .interval(.milliseconds(1))])
    func `weaker durability still survives the process`(durability: Durability) throws {
        let files = CrashFiles()
        var options = LogOptions()
        options.durability = durability
        options.segmentBytesMax = 500
        func open() throws -> EventLog<CrashFiles> {
            try .open(at: "/log", files, options, ManualClocks(), SystemRandom(), .manual)
        }
        let log = try open()
        let topic = try log.createTopic("t", partitions: 1)
        for number in 0..<30 {
            _ = try log.appendAndWait(topic.partitions[0], batch(["\(number)"]))
        }
        files.restart()
        let again = try #require(open().topic("t")).partitions[0]
        #expect(try again.records().map(\.value) == (0..<30).map(String.init))
    }
}
