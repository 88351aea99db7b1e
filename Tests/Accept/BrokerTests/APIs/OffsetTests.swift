import Bytes
import Clocks
import EventLog
import Files
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct OffsetTests {
    private func commit(
        _ world: BrokerWorld,
        _ group: String,
        _ offset: Int64,
        partition: Int32 = 0,
        metadata: String? = "m",
        topic: String = "t",
        version: Int16 = 8,
        generation: Int32 = -1,
        member: String = ""
    ) throws -> ErrorCode? {
        try world.ask(OffsetCommitAPI.self, version: version) {
            $0.groupID = group
            $0.generationID = generation
            $0.memberID = member
            $0.topics = [
                .init {
                    $0.name = topic
                    $0.partitions = [
                        .init {
                            $0.index = partition
                            $0.offset = offset
                            $0.metadata = metadata
                        }
                    ]
                }
            ]
        }.topics.first?.partitions.first?.errorCode
    }

    private func fetch(
        _ world: BrokerWorld,
        _ group: String,
        version: Int16 = 7,
        partitions: [Int32]? = [0]
    ) throws -> [OffsetFetchAPI.Response.Group.Topic.Partition] {
        let response = try world.ask(OffsetFetchAPI.self, version: version) {
            $0.groups = [
                .init {
                    $0.groupID = group
                    $0.topics = partitions.map { indices in
                        [
                            .init {
                                $0.name = "t"; $0.partitions = indices
                            }
                        ]
                    }
                }
            ]
        }
        return response.groups.first?.topics.first?.partitions ?? []
    }

    @Test(arguments: Int16(1)...9) func `what was committed is fetched`(version: Int16) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t", partitions: 2)
        #expect(try commit(world, "g", 41, version: version) == ErrorCode.none)
        let found = try fetch(world, "g", version: version, partitions: [0, 1])
        #expect(found.map(\.offset) == [41, -1])
        #expect(found.map(\.metadata) == ["m", ""])
        #expect(found.map(\.errorCode) == [.none, .none])
        if version >= 2 {
            #expect(try fetch(world, "g", version: version, partitions: nil).map(\.offset) == [41])
        }
        // Nobody knows the group: that is no error.
        #expect(try fetch(world, "other", version: version).map(\.offset) == [-1])
    }

    @Test func `commits survive a crash as soon as they are answered`() throws {
        let world = try BrokerWorld()
        try world.createTopic("t")
        for offset in 1...20 as ClosedRange<Int64> {
            #expect(try commit(world, "g\(offset % 3)", offset) == ErrorCode.none)
        }
        world.broker.stop()
        world.files.crash(seed: 5)
        let again = try BrokerWorld(files: world.files)
        #expect(try fetch(again, "g0").map(\.offset) == [18])
        #expect(try fetch(again, "g1").map(\.offset) == [19])
        #expect(try fetch(again, "g2").map(\.offset) == [20])
        #expect(try fetch(again, "g2").map(\.metadata) == ["m"])
        again.stop()
    }

    @Test func `offsets and groups that were deleted stay deleted after a restart`() throws {
        let world = try BrokerWorld()
        try world.createTopic("t")
        try world.createTopic("u")
        for group in ["keep", "drop"] {
            #expect(try commit(world, group, 7) == ErrorCode.none)
            #expect(try commit(world, group, 8, topic: "u") == ErrorCode.none)
        }
        let deleted = try world.ask(DeleteGroupsAPI.self, version: 2) {
            $0.groups = ["drop", "nobody"]
        }
        #expect(deleted.groups.map(\.errorCode) == [.none, .groupIDNotFound])
        _ = try world.ask(DeleteTopicsAPI.self, version: 4) {
            $0.topics = [.init { $0.name = "u" }]
        }
        // A later commit is written behind what the deletion wrote, so that is durable as well.
        #expect(try commit(world, "keep", 9) == ErrorCode.none)
        world.stop()
        let again = try BrokerWorld(files: world.files)
        defer { again.stop() }
        #expect(try fetch(again, "keep").map(\.offset) == [9])
        #expect(try fetch(again, "drop").map(\.offset) == [-1])
        let groups = try again.ask(ListGroupsAPI.self, version: 4).groups.map(\.groupID)
        #expect(groups == ["keep"])
        let all = try again.ask(OffsetFetchAPI.self, version: 8) {
            $0.groups = [
                .init {
                    $0.groupID = "keep"; $0.topics = nil
                }
            ]
        }
        #expect(all.groups.first?.topics.map(\.name) == ["t"])
    }

    @Test func `commits that make no sense are refused`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        #expect(try commit(world, "g", 1, topic: "x") == .unknownTopicOrPartition)
        #expect(try commit(world, "g", 1, partition: 5) == .unknownTopicOrPartition)
        let long = String(repeating: "x", count: 4097)
        #expect(try commit(world, "g", 1, metadata: long) == .offsetMetadataTooLarge)
        #expect(try commit(world, "", 1) == .invalidGroupID)
        #expect(try commit(world, "g", 1, generation: 3, member: "m") == .illegalGeneration)
        #expect(try fetch(world, "g").map(\.offset) == [-1])
        #expect(try commit(world, "g", 1, metadata: nil) == ErrorCode.none)
    }

    @Test func `clients may not write the offsets' topic, nor delete it`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        #expect(try commit(world, "g", 1) == ErrorCode.none)
        let batch = BrokerWorld.batch(["x"])
        let produced = try world.produce("__consumer_offsets", batch: batch)
        #expect(produced.errorCode == .invalidTopicException)
        let deleted = try world.ask(DeleteTopicsAPI.self, version: 4) {
            $0.topics = [.init { $0.name = "__consumer_offsets" }]
        }
        #expect(deleted.topics.map(\.errorCode) == [.invalidTopicException])
        let metadata = try world.ask(MetadataAPI.self, version: 9) { $0.topics = nil }
        #expect(metadata.topics.first { $0.isInternal }?.name == "__consumer_offsets")
    }

    @Test func `a disk that is full refuses the commit and forgets it`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        #expect(try commit(world, "g", 1) == ErrorCode.none)
        world.files.limit(toBytes: world.files.bytesUsed)
        var refused: ErrorCode?
        // The log may have room in what it set aside; in the end it has none.
        let text = String(repeating: "x", count: 4000)
        var last: Int64 = 1
        while refused == nil || refused == ErrorCode.none, last < 200_000 {
            refused = try commit(world, "g", last + 1, metadata: text)
            if refused == ErrorCode.none { last += 1 }
        }
        #expect(refused == .coordinatorNotAvailable)
        #expect(try fetch(world, "g").map(\.offset) == [last])
        world.files.limit(toBytes: nil)
        #expect(try commit(world, "g", 77) == ErrorCode.none)
        #expect(try fetch(world, "g").map(\.offset) == [77])
    }

    @Test func `offsets are listed by time`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        let times: [Int64] = [100, 300, 200]
        for time in times {
            try world.produce("t", batch: BrokerWorld.batch(["x"], timestamp: time))
        }
        func list(_ timestamp: Int64) throws -> [Int64] {
            let response = try world.ask(ListOffsetsAPI.self, version: 8) {
                $0.topics = [
                    .init {
                        $0.name = "t"; $0.partitions = [.init { $0.timestamp = timestamp }]
                    }
                ]
            }
            let partition = try #require(response.topics.first?.partitions.first)
            #expect(partition.errorCode == .none)
            return [partition.offset, partition.timestamp]
        }
        #expect(try list(-1) == [3, -1])
        #expect(try list(-2) == [0, -1])
        #expect(try list(-4) == [0, -1])
        #expect(try list(-3) == [1, 300])
        #expect(try list(0) == [0, 100])
        #expect(try list(101) == [1, 300])
        #expect(try list(300) == [1, 300])
        #expect(try list(301) == [-1, -1])
        try world.createTopic("empty")
        let empty = try world.ask(ListOffsetsAPI.self, version: 7) {
            $0.topics = [
                .init {
                    $0.name = "empty"; $0.partitions = [.init { $0.timestamp = -3 }]
                }
            ]
        }
        #expect(empty.topics.first?.partitions.first?.offset == -1)
    }

    @Test func `records in Kafka's format are read, others are skipped`() throws {
        var key = ByteBuffer()
        OffsetRecords.appendKey("gruppe", TopicPartition("thema", 3), to: &key)
        let read = try #require(try OffsetRecords.readKey(key.bytes))
        #expect(read.group == "gruppe")
        #expect(read.1 == TopicPartition("thema", 3))
        let offset = CommittedOffset(offset: 9, leaderEpoch: 2, metadata: "ä", timestamp: 5)
        var value = ByteBuffer()
        OffsetRecords.appendValue(offset, to: &value)
        #expect(try OffsetRecords.readValue(value.bytes) == offset)
        // What Kafka itself writes: version 3, offset, epoch, metadata, commit time.
        let golden: [UInt8] =
            [0, 3] + [0, 0, 0, 0, 0, 0, 0, 9] + [0, 0, 0, 2] + [0, 2, 0xc3, 0xa4]
            + [0, 0, 0, 0, 0, 0, 0, 5]
        #expect(Array(copying: value.bytes) == golden)
        let metadataKey = ByteBuffer(copying: [0, 2, 0, 1, 0x67])
        #expect(try OffsetRecords.readKey(metadataKey.bytes) == nil)
    }
}
