import Bytes
import EventLog
import Glibc
import KafkaProtocol
import Testing
import Threads

@testable import KafkaListener

@Suite struct ConversationTests {
    @Test func `requests sent in one piece are answered in their order`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let client = try WireClient(port: world.port)
        let batch = ListenerWorld.batch(10)
        var bytes = ByteBuffer()
        for id in 0..<200 as Range<Int32> {
            if id % 5 == 4 {
                try WireClient.append(ApiVersionsAPI.self, version: 3, id: id, to: &bytes)
            } else {
                try WireClient.append(
                    ProduceAPI.self,
                    version: 9,
                    id: id,
                    payload: batch,
                    to: &bytes
                ) { ListenerWorld.fill(&$0, "t", batch) }
            }
        }
        try client.send(bytes.bytes)
        var offset: Int64 = 0
        for id in 0..<200 as Range<Int32> {
            if id % 5 == 4 {
                let answer = try #require(try client.receive(ApiVersionsAPI.self, version: 3))
                #expect(answer.id == id)
            } else {
                let answer = try #require(try client.receive(ProduceAPI.self, version: 9))
                #expect(answer.id == id)
                #expect(answer.1.topics[0].partitions[0].baseOffset == offset)
                offset += 1
            }
        }
    }

    @Test(arguments: [1, 3, 7, 1000]) func `requests in pieces of any size are understood`(
        pieceSize: Int
    ) throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let client = try WireClient(port: world.port)
        let batch = ListenerWorld.batch(500)
        var bytes = ByteBuffer()
        for id in 0..<5 as Range<Int32> {
            try WireClient.append(ProduceAPI.self, version: 9, id: id, payload: batch, to: &bytes) {
                ListenerWorld.fill(&$0, "t", batch)
            }
        }
        var position = 0
        while position < bytes.count {
            let end = min(position + pieceSize, bytes.count)
            try client.send(bytes.bytes.extracting(position..<end))
            position = end
        }
        for id in 0..<5 as Range<Int32> {
            let answer = try #require(try client.receive(ProduceAPI.self, version: 9))
            #expect(answer.id == id)
            #expect(answer.1.topics[0].partitions[0].errorCode == .none)
        }
    }

    @Test func `large and small requests after each other keep their bytes`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let client = try WireClient(port: world.port)
        let fillers = Array("abcdefghijklm")
        let sizes = [10, 40_000, 3_000_000, 70_000, 20, 32_700, 32_768, 65_536, 5_000_000, 1, 1]
        let sender = Thread("sender") {
            for (id, size) in sizes.enumerated() {
                let batch = ListenerWorld.batch(size, filler: fillers[id])
                try? client.send(ProduceAPI.self, version: 9, id: Int32(id), payload: batch) {
                    ListenerWorld.fill(&$0, "t", batch)
                }
            }
        }
        for id in sizes.indices {
            let answer = try #require(try client.receive(ProduceAPI.self, version: 9))
            #expect(answer.id == Int32(id))
            #expect(answer.1.topics[0].partitions[0].errorCode == .none)
        }
        sender.join()
        // Read back through the same socket: a Fetch of everything, batch by batch.
        for (id, size) in sizes.enumerated() {
            try client.send(FetchAPI.self, version: 12) {
                $0.topics = [
                    .init {
                        $0.name = "t"
                        $0.partitions = [
                            .init {
                                $0.fetchOffset = Int64(id); $0.bytesMax = 1
                            }
                        ]
                    }
                ]
            }
            let frame = try #require(try client.receiveFrame())
            var reader = ByteReader(frame.bytes)
            _ = try Frame.readResponseHeader(&reader, api: .fetch, version: 12)
            let response = try FetchAPI.decodeResponse(&reader, version: 12)
            let range = try #require(response.topics[0].partitions[0].records)
            let header = try RecordBatch.verify(frame.bytes.extracting(range))
            var cursor = RecordCursor(
                frame.bytes.extracting(range).extracting(RecordBatchHeader.size...),
                count: header.recordCount
            )
            guard let record = try cursor.next(), let value = record.value else {
                Issue.record("the record has no value")
                continue
            }
            let found = Array(copying: value)
            #expect(found.count == size)
            let head = String(decoding: found.prefix(9), as: UTF8.self)
            #expect(head.allSatisfy { $0 == fillers[id] })
            #expect(found.last == fillers[id].asciiValue)
        }
    }

    @Test func `acks 0 gets no answer and the next request does`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let client = try WireClient(port: world.port)
        let batch = ListenerWorld.batch(10)
        for id in 0..<10 as Range<Int32> {
            try client.send(ProduceAPI.self, version: 9, id: id, payload: batch) {
                ListenerWorld.fill(&$0, "t", batch, acks: 0)
            }
        }
        try client.send(ApiVersionsAPI.self, version: 3, id: 99)
        #expect(try client.receive(ApiVersionsAPI.self, version: 3)?.id == 99)
        #expect(world.log.topic("t")?.partitions[0].highWatermark == 10)
    }

    @Test func `a fetch waits for records, and not longer than it was told`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        let topic = try world.log.createTopic("t", partitions: 2)
        let client = try WireClient(port: world.port)
        func fetch(_ wait: Int32) throws {
            try client.send(FetchAPI.self, version: 12) {
                $0.waitMillisecondsMax = wait
                $0.bytesMin = 1
                $0.topics = [
                    .init {
                        $0.name = "t"
                        $0.partitions = [
                            .init {
                                $0.index = 0; $0.bytesMax = 1 << 20
                            },
                            .init {
                                $0.index = 1; $0.bytesMax = 1 << 20
                            },
                        ]
                    }
                ]
            }
        }
        try fetch(10)
        let empty = try #require(try client.receive(FetchAPI.self, version: 12))
        #expect(empty.1.topics[0].partitions.map { $0.records?.count ?? 0 } == [0, 0])

        try fetch(50_000)
        let other = try WireClient(port: world.port)
        let batch = ListenerWorld.batch(10)
        try other.send(ProduceAPI.self, version: 9, payload: batch) {
            ListenerWorld.fill(&$0, "t", batch)
        }
        let woken = try #require(try client.receive(FetchAPI.self, version: 12))
        #expect(woken.1.topics[0].partitions[0].records?.count == batch.count)
        #expect(topic.partitions[0].highWatermark == 1)
    }

    @Test func `an answer larger than the socket's buffer arrives whole`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let client = try WireClient(port: world.port, receiveBufferBytes: 64 << 10)
        let batch = ListenerWorld.batch(3_000_000)
        try client.send(ProduceAPI.self, version: 9, payload: batch) {
            ListenerWorld.fill(&$0, "t", batch)
        }
        _ = try client.receive(ProduceAPI.self, version: 9)
        for _ in 0..<3 {
            try client.send(FetchAPI.self, version: 12) {
                $0.topics = [
                    .init {
                        $0.name = "t"; $0.partitions = [.init { $0.bytesMax = 1 << 20 }]
                    }
                ]
            }
        }
        for _ in 0..<3 {
            let answer = try #require(try client.receive(FetchAPI.self, version: 12))
            #expect(answer.1.topics[0].partitions[0].records?.count == batch.count)
        }
    }

    @Test func `a log that is full for a moment slows producers down and loses nothing`() throws {
        var small = LogOptions()
        small.queuedBytesMax = 70_000
        let world = try ListenerWorld(log: small)
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        let threads = (0..<4).map { _ in
            Thread("producer") {
                guard let client = try? WireClient(port: world.port) else { return }
                let batch = ListenerWorld.batch(30_000)
                for id in 0..<25 as Range<Int32> {
                    try? client.send(ProduceAPI.self, version: 9, id: id, payload: batch) {
                        ListenerWorld.fill(&$0, "t", batch)
                    }
                }
                for id in 0..<25 as Range<Int32> {
                    let answer = try? client.receive(ProduceAPI.self, version: 9)
                    #expect(answer?.id == id)
                    #expect(answer?.1.topics[0].partitions[0].errorCode == ErrorCode.none)
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(world.log.topic("t")?.partitions[0].highWatermark == 100)
    }

    @Test func `clients are told to connect to where they connected`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        let client = try WireClient(port: world.port)
        try client.send(MetadataAPI.self, version: 9)
        let answer = try #require(try client.receive(MetadataAPI.self, version: 9))
        #expect(answer.1.brokers.map(\.host) == ["127.0.0.1"])
        #expect(answer.1.brokers.map(\.port) == [Int32(world.port)])
    }

    @Test func `stopping answers what is under way`() throws {
        let world = try ListenerWorld { $0.reactors = 2 }
        _ = try world.log.createTopic("t", partitions: 1)
        let producer = try WireClient(port: world.port)
        let waiting = try WireClient(port: world.port)
        let batch = ListenerWorld.batch(10)
        try producer.send(ProduceAPI.self, version: 9, payload: batch) {
            ListenerWorld.fill(&$0, "t", batch)
        }
        #expect(try producer.receive(ProduceAPI.self, version: 9) != nil)
        // A member that waits for others is told to ask again.
        try waiting.send(JoinGroupAPI.self, version: 3) {
            $0.groupID = "g"
            $0.sessionTimeoutMilliseconds = 10_000
            $0.rebalanceTimeoutMilliseconds = 10_000
            $0.protocolType = "consumer"
            $0.protocols = [.init { $0.name = "range" }]
        }
        try waiting.send(ApiVersionsAPI.self, version: 3)
        while world.listener.connectionCount < 2 { sched_yield() }
        let stopper = Thread("stopper") { world.stop() }
        let answer = try waiting.receive(JoinGroupAPI.self, version: 3)
        if let answer { #expect(answer.1.errorCode == .coordinatorNotAvailable) }
        stopper.join()
        #expect(try producer.receiveFrame() == nil)
        #expect(world.listener.connectionCount == 0)
    }
}
