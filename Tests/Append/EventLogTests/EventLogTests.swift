import Bytes
import Clocks
import Files
import KafkaProtocol
import Synchronization
import Testing
import Threads

@testable import EventLog

struct EventLogTests {
    @Test func `records come back at the offsets they were given`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let topic = try log.createTopic("t", partitions: 2)
        #expect(try log.appendAndWait(topic.partitions[0], batch(["a", "b"])).baseOffset == 0)
        #expect(try log.appendAndWait(topic.partitions[1], batch(["x"])).baseOffset == 0)
        #expect(try log.appendAndWait(topic.partitions[0], batch(["c"])).baseOffset == 2)
        #expect(topic.partitions[0].range == 0..<3)
        #expect(try topic.partitions[0].records().map(\.value) == ["a", "b", "c"])
        #expect(
            try topic.partitions[0].records(from: 1) == [
                ReadRecord(offset: 1, value: "b"), ReadRecord(offset: 2, value: "c"),
            ]
        )
        #expect(try topic.partitions[1].records().map(\.value) == ["x"])
    }

    @Test func `several batches of one entry follow each other`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let topic = try log.createTopic("t", partitions: 1)
        var joined = ByteBuffer()
        let first = batch(["a", "b"])
        let second = batch(["c"])
        joined.append(first.bytes)
        joined.append(second.bytes)
        let result = try log.appendAndWait(topic.partitions[0], SlabSlice(Slab(joined)))
        #expect(try result.get().lastOffset == 2)
        #expect(try topic.partitions[0].records().map(\.offset) == [0, 1, 2])
    }

    @Test func `a damaged batch is refused and its neighbours are not`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let topic = try log.createTopic("t", partitions: 1)
        let partition = topic.partitions[0]
        let damaged = batch(["b"])
        damaged.slab.overwrite(0 as UInt8, at: damaged.count - 2)
        let results = try log.appendAndWait([
            Append(partition, batch(["a"])), Append(partition, damaged),
            Append(partition, batch(["c"])),
        ])
        #expect(results.map(\.baseOffset) == [0, nil, 1])
        guard case .invalidBatch(.checksumMismatch) = results[1].failure else {
            Issue.record("expected a checksum mismatch, got \(results[1])")
            return
        }
        #expect(try partition.records().map(\.value) == ["a", "c"])
    }

    @Test func `a log that was not closed opens with all that was acknowledged`() throws {
        let directory = try TemporaryDirectory()
        var options = LogOptions()
        options.segmentBytesMax = 2_000
        let first = try EventLog.open(at: directory.path, files: LocalFiles(), options: options)
        let id = first.clusterID
        let topic = try first.createTopic("t", partitions: 3, configuration: ["a": "b"])
        for number in 0..<100 {
            _ = try first.appendAndWait(topic.partitions[number % 3], batch(["\(number)"]))
        }
        try stealLock(of: directory.path)
        let second = try EventLog.open(at: directory.path, files: LocalFiles(), options: options)
        defer { second.close() }
        #expect(second.clusterID == id)
        let again = try #require(second.topic("t"))
        #expect(again.id == topic.id && again.configuration == ["a": "b"])
        #expect(second.topic(id: topic.id) === again)
        for index in 0..<3 {
            let values = try again.partitions[index].records().map(\.value)
            #expect(values == (0..<100).filter { $0 % 3 == index }.map(String.init))
            #expect(again.partitions[index].tail.segments.count > 1)
        }
        #expect(try second.appendAndWait(again.partitions[1], batch(["on"])).baseOffset == 33)
        first.close()
    }

    @Test func `a torn tail is cut at the last whole batch`() throws {
        let directory = try TemporaryDirectory()
        let files = LocalFiles()
        let log = try EventLog.open(at: directory.path, files: files)
        let topic = try log.createTopic("t", partitions: 1)
        _ = try log.appendAndWait(topic.partitions[0], batch(["kept"]))
        log.close()
        let path = "\(directory.path)/t-0/00000000000000000000.log"
        let file = try files.open(path, .readWrite)
        let torn = batch(["torn"])
        torn.slab.setBatch(baseOffset: 1, at: 0)
        try file.write(torn.bytes.extracting(0..<(torn.count - 1)), at: try file.size())
        try forgetCleanClose(of: directory.path)
        let second = try EventLog.open(at: directory.path, files: files)
        defer { second.close() }
        #expect(second.recovery.truncatedBytes == Int64(torn.count - 1))
        let partition = try #require(second.topic("t")).partitions[0]
        #expect(try partition.records().map(\.value) == ["kept"])
        #expect(try second.appendAndWait(partition, batch(["new"])).baseOffset == 1)
    }

    @Test func `a second opener is told that the log is in use`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        #expect(throws: LogError.locked(directory: directory.path)) {
            _ = try EventLog.open(at: directory.path, files: LocalFiles())
        }
        log.close()
        let second = try EventLog.open(at: directory.path, files: LocalFiles())
        second.close()
    }

    @Test func `offsets outside the log are refused and the end is empty`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        _ = try log.appendAndWait(partition, batch(["a"]))
        var buffer = ByteBuffer()
        let end = try partition.read(from: 1, maxBytes: 100, into: &buffer)
        #expect(end.bytes == 0 && end.nextOffset == 1 && end.highWatermark == 1)
        for offset in [-1, 2] as [Int64] {
            let error = #expect(throws: LogError.self) {
                var buffer = ByteBuffer()
                _ = try partition.read(from: offset, maxBytes: 100, into: &buffer)
            }
            #expect(error == .outOfRange(offset: offset, logStartOffset: 0, highWatermark: 1))
        }
    }

    @Test func `a read gives whole batches within its limit and always at least one`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        let size = batch(["0"]).count
        for number in 0..<9 { _ = try log.appendAndWait(partition, batch(["\(number)"])) }
        var buffer = ByteBuffer()
        buffer.append(7 as UInt8)
        let one = try partition.read(from: 4, maxBytes: 1, into: &buffer)
        #expect(one.bytes == size && one.nextOffset == 5 && buffer.count == size + 1)
        let three = try partition.read(from: 5, maxBytes: size * 4 - 1, into: &buffer)
        #expect(three.bytes == size * 3 && three.nextOffset == 8)
    }

    @Test func `a waiter is called once the watermark passes its offset`() throws {
        let directory = try TemporaryDirectory()
        let log = try EventLog.open(at: directory.path, files: LocalFiles())
        defer { log.close() }
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        let calls = Condition(0)
        _ = partition.wake(beyond: 1) { calls.update { $0 += 1 } }
        let cancelled = partition.wake(beyond: 0) { calls.update { $0 += 100 } }
        partition.cancel(cancelled)
        _ = try log.appendAndWait(partition, batch(["a"]))
        #expect(calls.withLock { $0 } == 0)
        _ = try log.appendAndWait(partition, batch(["b"]))
        _ = try log.appendAndWait(partition, batch(["c"]))
        #expect(calls.withLock { $0 } == 1)
        _ = partition.wake(beyond: 2) { calls.update { $0 += 1 } }
        #expect(calls.withLock { $0 } == 2)
    }

    @Test func `many threads append and every record is there once, in its thread's order`() throws
    {
        let directory = try TemporaryDirectory()
        var options = LogOptions()
        options.segmentBytesMax = 64 << 10
        let log = try EventLog.open(at: directory.path, files: LocalFiles(), options: options)
        defer { log.close() }
        let topic = try log.createTopic("t", partitions: 2)
        let threads = (0..<8).map { thread in
            Thread("producer") {
                for number in 0..<200 {
                    let result = try? log.appendAndWait(
                        topic.partitions[(thread + number) % 2],
                        batch(["\(thread):\(number)"])
                    )
                    #expect(result?.baseOffset != nil)
                }
            }
        }
        for thread in threads { thread.join() }
        let values = try topic.partitions.flatMap { try $0.records().map(\.value) }
        #expect(values.count == 1_600)
        #expect(Set(values).count == 1_600)
        for partition in topic.partitions {
            let records = try partition.records()
            #expect(records.map(\.offset) == (0..<Int64(records.count)).map { $0 })
            for thread in 0..<8 {
                let own = records.filter { $0.value.hasPrefix("\(thread):") }
                let numbers = own.compactMap { Int($0.value.split(separator: ":")[1]) }
                #expect(numbers == numbers.sorted())
            }
        }
    }

    /// Lets the directory be opened while its log still runs: as if the first process had been
    /// killed.
    private func stealLock(of directory: String) throws {
        try LocalFiles().rename("\(directory)/lock", to: "\(directory)/lock.stolen")
    }

    /// Makes the log believe that it was not closed.
    private func forgetCleanClose(of directory: String) throws {
        let path = "\(directory)/checkpoint"
        if LocalFiles().exists(path) { try LocalFiles().remove(path) }
    }
}
