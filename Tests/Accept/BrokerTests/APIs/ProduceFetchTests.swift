import Bytes
import Clocks
import EventLog
import Files
import KafkaProtocol
import Synchronization
import Testing
import Threads

@testable import Broker

@Suite struct ProduceFetchTests {
    /// A Fetch of one partition.
    private func fetch(
        _ world: BrokerWorld,
        _ topic: String,
        from offset: Int64,
        version: Int16 = 12,
        bytesMax: Int32 = 1 << 20,
        partitionBytesMax: Int32 = 1 << 20,
        partitions: [Int32] = [0]
    ) throws -> FetchAPI.Response {
        let id = world.log.topic(topic)?.id ?? .zero
        return try world.ask(FetchAPI.self, version: version) {
            $0.bytesMax = bytesMax
            $0.bytesMin = 1
            $0.topics = [
                .init {
                    $0.name = topic
                    $0.id = id
                    $0.partitions = partitions.map { index in
                        .init {
                            $0.index = index
                            $0.fetchOffset = offset
                            $0.bytesMax = partitionBytesMax
                        }
                    }
                }
            ]
        }
    }

    @Test(arguments: Int16(3)...11) func `what was produced is durable when it is answered`(
        version: Int16
    ) throws {
        let world = try BrokerWorld()
        try world.createTopic("t")
        let first = try world.produce("t", batch: BrokerWorld.batch(["a", "b"]), version: version)
        #expect(first.errorCode == .none)
        #expect(first.baseOffset == 0)
        let second = try world.produce("t", batch: BrokerWorld.batch(["c"]), version: version)
        #expect(second.baseOffset == 2)
        // Power fails: every unsynced byte is lost or torn.
        world.broker.stop()
        world.files.crash(seed: UInt64(version))
        let again = try BrokerWorld(files: world.files)
        #expect(again.log.topic("t")?.partitions[0].highWatermark == 3)
        again.stop()
    }

    @Test(arguments: Int16(4)...16) func `fetch gives back whole batches`(version: Int16) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let batch = BrokerWorld.batch(["a", "b", "c"])
        try world.produce("t", batch: batch)
        let response = try fetch(world, "t", from: 1, version: version)
        let partition = try #require(response.topics.first?.partitions.first)
        #expect(partition.errorCode == .none)
        #expect(partition.highWatermark == 3)
        #expect(partition.lastStableOffset == 3)
        #expect(partition.records?.count == batch.count)
        #expect(partition.preferredReadReplica == -1)
        // At the end there is nothing, and that is no error.
        let end = try fetch(world, "t", from: 3, version: version)
        #expect(end.topics.first?.partitions.first?.errorCode == ErrorCode.none)
        #expect(end.topics.first?.partitions.first?.records?.isEmpty != false)
    }

    @Test func `only the first batch of an answer may be larger than asked for`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t", partitions: 2)
        let batch = BrokerWorld.batch([String(repeating: "x", count: 5000)])
        for _ in 0..<3 {
            try world.produce("t", 0, batch: batch)
            try world.produce("t", 1, batch: batch)
        }
        let tiny = try fetch(world, "t", from: 0, bytesMax: 1, partitions: [0, 1])
        #expect(tiny.topics[0].partitions.map { $0.records?.count ?? 0 } == [batch.count, 0])
        #expect(tiny.topics[0].partitions.map(\.highWatermark) == [3, 3])
        let narrow = try fetch(world, "t", from: 0, partitionBytesMax: 1, partitions: [1, 0])
        #expect(narrow.topics[0].partitions.map { $0.records?.count ?? 0 } == [batch.count, 0])
        let limit = Int32(batch.count * 4)
        let some = try fetch(world, "t", from: 0, bytesMax: limit, partitions: [0, 1])
        #expect(
            some.topics[0].partitions.map { $0.records?.count ?? 0 }
                == [batch.count * 3, batch.count]
        )
    }

    @Test func `offsets outside of the log and unknown partitions are errors at once`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        try world.produce("t", batch: BrokerWorld.batch(["a"]))
        let beyond = try fetch(world, "t", from: 9)
        #expect(beyond.topics[0].partitions[0].errorCode == .offsetOutOfRange)
        #expect(beyond.topics[0].partitions[0].highWatermark == 1)
        #expect(beyond.topics[0].partitions[0].logStartOffset == 0)
        let unknown = try fetch(world, "nobody", from: 0)
        #expect(unknown.topics[0].partitions[0].errorCode == .unknownTopicOrPartition)
        let byID = try fetch(world, "nobody", from: 0, version: 13)
        #expect(byID.topics[0].partitions[0].errorCode == .unknownTopicID)
        let partition = try fetch(world, "t", from: 0, partitions: [7])
        #expect(partition.topics[0].partitions[0].errorCode == .unknownTopicOrPartition)
    }

    @Test func `a fetch that waits is woken by records and by nothing else`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let frame = try BrokerWorld.frame(FetchAPI.self, version: 12) {
            $0.waitMillisecondsMax = 60_000
            $0.bytesMin = 1
            $0.topics = [
                .init {
                    $0.name = "t"; $0.partitions = [.init { $0.bytesMax = 1 << 20 }]
                }
            ]
        }
        let client = Client(host: "h", advertisedHost: "h", advertisedPort: 1)
        let handling = world.broker.handle(frame.bytes, owner: nil, from: client) { _ in }
        guard case .fetch(let call) = handling else {
            Issue.record("a fetch is handled as one")
            return
        }
        var output = ByteBuffer()
        output.append(7 as UInt8)
        #expect(!call.attempt(into: &output, isFinal: false))
        #expect(output.count == 1)
        let wakes = Condition(0)
        call.park { wakes.update { $0 += 1 } }
        #expect(wakes.withLock { $0 } == 0)
        try world.produce("t", batch: BrokerWorld.batch(["a"]))
        #expect(wakes.wait(timeout: .seconds(20)) { $0 > 0 ? true : nil } == true)
        #expect(call.attempt(into: &output, isFinal: false))
        #expect(output.count > 60)
    }

    @Test func `a fetch that wants more bytes than there are waits for more`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let batch = BrokerWorld.batch(["a"])
        try world.produce("t", batch: batch)
        let frame = try BrokerWorld.frame(FetchAPI.self, version: 12) {
            $0.waitMillisecondsMax = 60_000
            $0.bytesMin = Int32(batch.count + 1)
            $0.topics = [
                .init {
                    $0.name = "t"; $0.partitions = [.init { $0.bytesMax = 1 << 20 }]
                }
            ]
        }
        let client = Client(host: "h", advertisedHost: "h", advertisedPort: 1)
        let handling = world.broker.handle(frame.bytes, owner: nil, from: client) { _ in }
        guard case .fetch(let call) = handling else {
            Issue.record("a fetch is handled as one")
            return
        }
        var output = ByteBuffer()
        #expect(!call.attempt(into: &output, isFinal: false))
        let wakes = Condition(0)
        // What came between the attempt and the parking must wake as well.
        try world.produce("t", batch: batch)
        call.park { wakes.update { $0 += 1 } }
        #expect(wakes.wait(timeout: .seconds(20)) { $0 > 0 ? true : nil } == true)
        #expect(call.attempt(into: &output, isFinal: false))
    }

    @Test func `bad batches are refused one by one with a code and a reason`() throws {
        let world = try BrokerWorld { $0.batchBytesMax = 1000 }
        defer { world.stop() }
        try world.createTopic("t")
        func outcome(_ batch: [UInt8], acks: Int16 = -1, version: Int16 = 9) throws -> ErrorCode {
            let partition = try world.produce("t", batch: batch, acks: acks, version: version)
            if partition.errorCode != .none && version >= 8 {
                #expect(partition.errorMessage?.isEmpty == false)
            }
            return partition.errorCode
        }
        let good = BrokerWorld.batch(["a"])
        var flipped = good
        flipped[good.count - 2] ^= 1
        #expect(try outcome(flipped) == .corruptMessage)
        #expect(try outcome(Array(good.dropLast())) == .corruptMessage)
        #expect(try outcome(good + [0]) == .corruptMessage)
        var oldFormat = good
        oldFormat[16] = 1
        #expect(try outcome(oldFormat) == .unsupportedForMessageFormat)
        #expect(try outcome([]) == .invalidRecord)
        #expect(try outcome(good, acks: 2) == .invalidRequiredAcks)
        let large = BrokerWorld.batch([String(repeating: "x", count: 2000)])
        #expect(try outcome(large) == .messageTooLarge)
        var transaction = RecordBatchBuilder.Options()
        transaction.attributes = .transactional
        transaction.producerID = 1
        transaction.producerEpoch = 0
        transaction.baseSequence = 0
        #expect(try outcome(BrokerWorld.batch(["a"], transaction)) == .invalidTxnState)
        #expect(try world.produce("x", batch: good).errorCode == .unknownTopicOrPartition)
        #expect(try world.produce("t", 5, batch: good).errorCode == .unknownTopicOrPartition)
        #expect(world.log.topic("t")?.partitions[0].highWatermark == 0)
    }

    @Test func `acks 0 gets no answer, and a failure closes the connection`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let batch = BrokerWorld.batch(["a"])
        func send(_ topic: String, _ batch: [UInt8]) throws -> Reply {
            let frame = try BrokerWorld.frame(ProduceAPI.self, version: 9, payload: batch) {
                $0.acks = 0
                $0.topics = [
                    .init {
                        $0.name = topic
                        $0.partitions = [.init { $0.records = 0..<batch.count }]
                    }
                ]
            }
            return world.outcome(of: frame)
        }
        if case .nothing = try send("t", batch) {} else { Issue.record("acks=0 was answered") }
        #expect(world.log.topic("t")?.partitions[0].highWatermark == 1)
        if case .close = try send("unknown", batch) {} else { Issue.record("not closed") }
        var damaged = batch
        damaged[damaged.count - 2] ^= 1
        if case .close = try send("t", damaged) {} else { Issue.record("not closed") }
    }

    @Test func `an idempotent producer's repetition is acknowledged with its first offset`() throws
    {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let producer = try world.ask(InitProducerIDAPI.self, version: 4)
        var options = RecordBatchBuilder.Options()
        options.producerID = producer.producerID
        options.producerEpoch = producer.producerEpoch
        options.baseSequence = 0
        let first = BrokerWorld.batch(["a", "b"], options)
        #expect(try world.produce("t", batch: first).baseOffset == 0)
        let again = try world.produce("t", batch: BrokerWorld.batch(["a", "b"], options))
        #expect(again.errorCode == .none)
        #expect(again.baseOffset == 0)
        options.baseSequence = 5
        let gap = try world.produce("t", batch: BrokerWorld.batch(["z"], options))
        #expect(gap.errorCode == .outOfOrderSequenceNumber)
    }
}

extension BrokerWorld {
    static func batch(_ values: [String], _ options: RecordBatchBuilder.Options) -> [UInt8] {
        batch(values, timestamp: 1000, options)
    }
}
