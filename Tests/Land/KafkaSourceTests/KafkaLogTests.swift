import Bytes
import CRdKafka
import Clocks
import KafkaProtocol
import Pipelines
import Synchronization
import Telemetry
import Testing
import Threads

@testable import KafkaSource

/// A source over `cluster`, in no hurry.
func source(
    _ cluster: MockCluster,
    group: String? = nil,
    patience: Duration = .seconds(10),
    more: [(String, String)] = []
) throws -> KafkaLog {
    let properties = try KafkaProperties(
        [("bootstrap.servers", cluster.brokers)] + more.map { ($0.0, $0.1) }
    )
    let log = try KafkaLog(properties, group: group, patience: patience, logger: .silent)
    // On a busy machine the first connection may take longer than a question may.
    _ = eventually { try? log.clusterID }
    return log
}

let first = SourcePartition(topic: "t", index: 0)

/// Offset and value of each record in whole batches.
func records(_ bytes: RawSpan) throws -> [(offset: Int64, text: String)] {
    var found: [(Int64, String)] = []
    var position = 0
    while position < bytes.byteCount {
        let header = try RecordBatch.verify(bytes, at: position)
        var cursor = RecordCursor(
            bytes.extracting(
                (position + RecordBatchHeader.size)..<(position + header.totalSize)
            ),
            count: header.recordCount
        )
        while let record = try cursor.next() {
            var line = text(record.key) + "=" + text(record.value)
            var headers = record.headers
            while let header = try headers.next() {
                line += " \(text(header.key)):\(text(header.value))"
            }
            line += " @\(header.baseTimestamp + record.timestampDelta)"
            found.append((header.baseOffset + Int64(record.offsetDelta), line))
        }
        position += header.totalSize
    }
    return found
}

private func text(_ bytes: RawSpan?) -> String {
    guard let bytes else { return "-" }
    return "'" + String(repairingUTF8: bytes) + "'"
}

/// Reads until `count` records have come, as a lane does: again and again from where it is.
func readAll(
    _ log: KafkaLog,
    _ partition: SourcePartition = first,
    from start: Int64 = 0,
    count: Int,
    bytesMax: Int = 1 << 20
) throws -> [(offset: Int64, text: String)] {
    var found: [(offset: Int64, text: String)] = []
    var next = start
    _ = try eventually { () throws -> Bool? in
        var buffer = ByteBuffer()
        do throws(LogSourceError) {
            _ = try log.read(partition, from: next, bytesMax: bytesMax, into: &buffer)
        } catch {
            // As a lane does: it tries again.
            if case .unavailable = error { return nil }
            throw error
        }
        let more = try records(buffer.bytes)
        found += more
        next = more.last.map { $0.offset + 1 } ?? next
        return found.count >= count ? true : nil
    }
    return found
}

@Suite struct KafkaLogTests {
    @Test func `keys, values, nulls, headers, times and offsets are kept`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(
            [
                .init(key: "k", value: "v", timestamp: 1_700_000_000_123),
                .init(key: nil, value: nil, timestamp: 1_700_000_000_001),
                .init(
                    key: "",
                    value: "",
                    headers: [("a", "1"), ("b", nil), ("", "")],
                    timestamp: 1_700_000_000_500
                ),
            ],
            to: "t"
        )
        let found = try readAll(try source(cluster), count: 3)
        #expect(found.map(\.offset) == [0, 1, 2])
        #expect(
            found.map(\.text) == [
                "'k'='v' @1700000000123", "-=- @1700000000001",
                "''='' 'a':'1' 'b':- '':'' @1700000000500",
            ]
        )
    }

    @Test func `reading begins where it is told to, and goes back when it is told to`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(values: (0..<500).map { "v\($0)" }, to: "t")
        let log = try source(cluster)
        #expect(try log.bounds(of: first) == SourceBounds(start: 0, end: 500))
        // A small budget takes many reads.
        let tail = try readAll(log, from: 123, count: 377, bytesMax: 400)
        #expect(tail.map(\.offset) == Array(123..<500))
        #expect(tail.last?.text.hasPrefix("-='v499'") == true)
        #expect(try readAll(log, from: 7, count: 493).map(\.offset) == Array(7..<500))
    }

    @Test func `a chunk is about as long as was asked for`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        let value = String(repeating: "x", count: 1000)
        cluster.produce(values: Array(repeating: value, count: 2000), to: "t")
        let log = try source(cluster)
        var next: Int64 = 0
        var longest = 0
        while next < 2000 {
            var buffer = ByteBuffer()
            _ = try log.read(first, from: next, bytesMax: 50_000, into: &buffer)
            longest = max(longest, buffer.count)
            next = try records(buffer.bytes).last.map { $0.offset + 1 } ?? next
        }
        #expect(longest < 250_000)
    }

    @Test func `wake comes with a record and not before`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(values: ["a"], to: "t")
        let log = try source(cluster)
        #expect(try readAll(log, count: 1).count == 1)
        let wakes = Mutex(0)
        // The end of the partition is news, too: read it, then nothing more wakes.
        _ = eventually { () -> Bool? in
            var buffer = ByteBuffer()
            _ = try? log.read(first, from: 1, bytesMax: 1000, into: &buffer)
            return (try? log.bounds(of: first).end) == 1 ? true : nil
        }
        let waiting = log.notify(when: [first: 1]) { wakes.withLock { $0 += 1 } }
        #expect(wakes.withLock { $0 } == 0)
        cluster.produce(values: ["b"], to: "t")
        #expect(eventually { wakes.withLock { $0 == 1 ? true : nil } } == true)
        log.cancel(waiting)
        #expect(try readAll(log, from: 1, count: 1).map(\.offset) == [1])
        // What is there already wakes at once.
        cluster.produce(values: ["c"], to: "t")
        _ = eventually { () -> Bool? in (try? log.bounds(of: first).end) == 3 ? true : nil }
        _ = eventually { () -> Bool? in
            let waiting = log.notify(when: [first: 2]) { wakes.withLock { $0 += 1 } }
            log.cancel(waiting)
            return wakes.withLock { $0 > 1 ? true : nil }
        }
        #expect(wakes.withLock { $0 } > 1)
    }

    @Test func `a lane that has read everything sleeps`() throws {
        let cluster = try MockCluster()
        cluster.create("t", partitions: 2)
        cluster.produce(values: ["a", "b"], to: "t", 0)
        let log = try source(cluster)
        let clock = SystemClocks()
        let control = Condition(false)
        var next: [SourcePartition: Int64] = [first: 0, SourcePartition(topic: "t", index: 1): 0]
        var turns = 0
        let started: MonotonicInstant = clock.now()
        while clock.now() - started < .seconds(2) {
            turns += 1
            control.update { $0 = false }
            for (partition, offset) in next where try log.bounds(of: partition).end > offset {
                var buffer = ByteBuffer()
                _ = try log.read(partition, from: offset, bytesMax: 1000, into: &buffer)
                next[partition] = try records(buffer.bytes).last.map { $0.offset + 1 } ?? offset
            }
            let waiting = log.notify(when: next) { control.update { $0 = true } }
            _ = control.wait(timeout: .milliseconds(500)) { $0 ? true : nil }
            log.cancel(waiting)
        }
        #expect(next.values.sorted() == [0, 2])
        #expect(turns < 50)
    }

    @Test func `identities tell a topic from one made anew under its name`() throws {
        let cluster = try MockCluster()
        cluster.create("t", partitions: 3)
        let log = try source(cluster)
        let before = try log.identities(of: ["t", "nobody"])
        #expect(before.keys.sorted() == ["t"])
        #expect(log.topic(named: "t")?.partitionCount == 3)
        #expect(log.topic(named: "t")?.id == before["t"])
        #expect(before["t"]?.isEmpty == false)
        cluster.delete("t")
        cluster.create("t", partitions: 3)
        #expect(try log.identities(of: ["t"]) != before)
        #expect(try !log.clusterID.isEmpty)
    }

    @Test func `patterns find topics, also those that appear later`() throws {
        let cluster = try MockCluster()
        cluster.create("game-1")
        cluster.create("other")
        let log = try source(cluster)
        let selectors = [TopicSelector("game-*")]
        #expect(eventually { log.topics(selectedBy: selectors).count == 1 ? true : nil } == true)
        cluster.create("game-2", partitions: 2)
        let later = eventually { () -> [SourceTopic]? in
            let topics = log.topics(selectedBy: selectors)
            return topics.count == 2 ? topics : nil
        }
        #expect(later?.map(\.name) == ["game-1", "game-2"])
        #expect(later?.map(\.partitionCount) == [1, 2])
    }

    @Test func `landed offsets are told to the consumer group`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(values: ["a", "b"], to: "t")
        do {
            let log = try source(cluster, group: "millrace.p.t")
            #expect(try readAll(log, count: 2).count == 2)
            log.remember([first: 2])
            log.flush()
        }
        #expect(
            eventually { cluster.stored(group: "millrace.p.t", "t", 0) == 2 ? true : nil } == true
        )
    }
}

@Suite struct KafkaFailureTests {
    @Test func `errors of brokers are ridden out without losing or doubling a record`() throws {
        let cluster = try MockCluster(brokers: 3)
        cluster.create("t")
        cluster.produce(values: (0..<1000).map { "v\($0)" }, to: "t")
        let fetch: Int16 = 1
        let listOffsets: Int16 = 2
        cluster.fail(
            fetch,
            [
                RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN,
                RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            ]
        )
        cluster.fail(listOffsets, [RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE])
        let log = try source(cluster, patience: .milliseconds(200))
        let some = try readAll(log, count: 400, bytesMax: 2000)
        cluster.setLeader("t", 0, broker: 2)
        cluster.fail(fetch, Array(repeating: RD_KAFKA_RESP_ERR__TRANSPORT, count: 3))
        cluster.produce(values: (1000..<1100).map { "v\($0)" }, to: "t")
        let next = try #require(some.last).offset + 1
        let rest = try readAll(log, from: next, count: 1100 - Int(next), bytesMax: 2000)
        #expect((some + rest).map(\.offset) == Array(0..<1100))
        let values = (some + rest).map { $0.text.split(separator: " ")[0] }
        #expect(values == (0..<1100).map { "-='v\($0)'" })
    }

    @Test func `a broker that is gone is told as trouble and waited for`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(values: ["a"], to: "t")
        let log = try source(cluster, patience: .milliseconds(100))
        #expect(try readAll(log, count: 1).count == 1)
        #expect(log.trouble == nil)
        cluster.setDown(true)
        let trouble = eventually { () -> String? in
            _ = log.topics(selectedBy: [TopicSelector("t")])
            return log.trouble
        }
        #expect(trouble?.hasPrefix("the Kafka cluster does not answer: ") == true)
        #expect(throws: LogSourceError.self) { try log.identities(of: ["t"]) }
        // What is known stays good meanwhile.
        #expect(try log.bounds(of: first).end >= 1)
        cluster.setDown(false)
        cluster.produce(values: ["b"], to: "t")
        #expect(try readAll(log, from: 1, count: 1).map(\.offset) == [1])
        #expect(log.trouble == nil)
    }

    @Test func `a cluster that is not there is unavailable, in librdkafka's words`() throws {
        let properties = try KafkaProperties([("bootstrap.servers", "127.0.0.1:1")])
        let log = try KafkaLog(properties, logger: .silent)
        let error = #expect(throws: LogSourceError.self) { try log.clusterID }
        #expect(error?.description.contains("Connection refused") == true)
    }

    @Test func `an offset that the log does not have stops the reading`() throws {
        let cluster = try MockCluster()
        cluster.create("t")
        cluster.produce(values: ["a", "b"], to: "t")
        let log = try source(cluster, patience: .milliseconds(200))
        var found: LogSourceError?
        _ = eventually { () -> Bool? in
            var buffer = ByteBuffer()
            do throws(LogSourceError) {
                _ = try log.read(first, from: 77, bytesMax: 1000, into: &buffer)
            } catch {
                found = error
            }
            return found == nil ? nil : true
        }
        let bounds = SourceBounds(start: 0, end: 2)
        #expect(found == .outOfRange(first, offset: 77, bounds: bounds))
    }
}

@Suite struct KafkaPropertiesTests {
    private func complaint(_ properties: [(String, String)]) -> String {
        do throws(KafkaLogError) {
            _ = try KafkaProperties(properties.map { ($0.0, $0.1) })
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `what librdkafka does not know is refused in its words`() {
        let servers = ("bootstrap.servers", "h:1")
        #expect(complaint([servers]) == "")
        #expect(
            complaint([servers, ("bootstrap.server", "h")])
                == #"No such configuration property: "bootstrap.server""#
        )
        #expect(complaint([servers, ("security.protocol", "tls")]).contains("Invalid value"))
        #expect(complaint([servers, ("sasl.mechanism", "SCRAM-SHA-512")]) == "")
        #expect(complaint([servers, ("ssl.ca.location", "/ca.pem")]) == "")
    }

    @Test func `what exactly once depends on cannot be changed`() {
        let servers = ("bootstrap.servers", "h:1")
        #expect(
            complaint([servers, ("auto.offset.reset", "latest")])
                == "auto.offset.reset is error in a pipeline and cannot be changed"
        )
        #expect(complaint([servers, ("enable.auto.commit", "false")]) == "")
        #expect(complaint([servers, ("group.id", "g")]).contains("names of pipeline and table"))
        #expect(complaint([]).contains("bootstrap.servers is missing"))
    }
}
