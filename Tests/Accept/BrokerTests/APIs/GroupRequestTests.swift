import Bytes
import Clocks
import Files
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct GroupRequestTests {
    private func join(
        _ world: BrokerWorld,
        member: String = "",
        version: Int16 = 3
    ) throws -> JoinGroupAPI.Response {
        try world.ask(JoinGroupAPI.self, version: version) {
            $0.groupID = "g"
            $0.memberID = member
            $0.sessionTimeoutMilliseconds = 10_000
            $0.rebalanceTimeoutMilliseconds = 10_000
            $0.protocolType = "consumer"
            $0.protocols = [
                .init {
                    $0.name = "range"; $0.metadata = [1, 2, 3]
                }
            ]
        }
    }

    @Test(arguments: Int16(0)...9) func `a member joins, gets its share, and leaves`(
        version: Int16
    ) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        var joined = try join(world, version: version)
        if version >= 4 {
            #expect(joined.errorCode == .memberIDRequired)
            joined = try join(world, member: joined.memberID, version: version)
        }
        #expect(joined.errorCode == .none)
        #expect(joined.leader == joined.memberID)
        #expect(joined.members.map(\.metadata) == [[1, 2, 3]])
        let synced = try world.ask(SyncGroupAPI.self, version: min(version, 5)) {
            $0.groupID = "g"
            $0.generationID = joined.generationID
            $0.memberID = joined.memberID
            $0.protocolType = "consumer"
            $0.protocolName = "range"
            $0.assignments = [
                .init {
                    $0.memberID = joined.memberID; $0.assignment = [9, 8]
                }
            ]
        }
        #expect(synced.errorCode == .none)
        #expect(synced.assignment == [9, 8])

        let described = try world.ask(DescribeGroupsAPI.self, version: min(version, 5)) {
            $0.groups = ["g", "nobody"]
        }
        #expect(described.groups.map(\.state) == ["Stable", "Dead"])
        #expect(described.groups.map(\.errorCode) == [.none, .none])
        #expect(described.groups[0].protocolName == "range")
        #expect(described.groups[0].members.map(\.assignment) == [[9, 8]])
        #expect(described.groups[0].members.map(\.clientID) == ["test"])
        #expect(described.groups[0].members.map(\.clientHost) == ["/10.0.0.9"])
        // kafka-python fails on anything else when it did not ask.
        #expect(described.groups[0].authorizedOperations == Int32.min)

        let listed = try world.ask(ListGroupsAPI.self, version: min(version, 5))
        #expect(listed.groups.map(\.groupID) == ["g"])
        let beat = try world.ask(HeartbeatAPI.self, version: min(version, 4)) {
            $0.groupID = "g"
            $0.generationID = joined.generationID
            $0.memberID = joined.memberID
        }
        #expect(beat.errorCode == .none)
        let busy = try world.ask(DeleteGroupsAPI.self, version: 1) { $0.groups = ["g"] }
        #expect(busy.groups.map(\.errorCode) == [.nonEmptyGroup])
        let left = try world.ask(LeaveGroupAPI.self, version: min(version, 5)) {
            $0.groupID = "g"
            $0.members = [.init { $0.memberID = joined.memberID }]
        }
        #expect(left.errorCode == .none)
        #expect(left.members.allSatisfy { $0.errorCode == .none })
    }

    @Test func `groups are listed by state and type`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        _ = try join(world)
        func list(states: [String] = [], types: [String] = []) throws -> [String] {
            try world.ask(ListGroupsAPI.self, version: 5) {
                $0.states = states
                $0.types = types
            }.groups.map(\.groupID)
        }
        #expect(try list() == ["g"])
        #expect(try list(states: ["completingrebalance"]) == ["g"])
        #expect(try list(states: ["Stable"]) == [])
        #expect(try list(types: ["Classic"]) == ["g"])
        #expect(try list(types: ["consumer"]) == [])
    }

    @Test func `a silent member expires by the broker's own clock`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let joined = try join(world)
        world.clocks.advance(by: .seconds(11))
        world.broker.groups.expire()
        let beat = try world.ask(HeartbeatAPI.self, version: 3) {
            $0.groupID = "g"
            $0.generationID = joined.generationID
            $0.memberID = joined.memberID
        }
        #expect(beat.errorCode == .unknownMemberID)
    }

    @Test(arguments: Int16(0)...5) func `every group is coordinated here, no transaction is`(
        version: Int16
    ) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let response = try world.ask(FindCoordinatorAPI.self, version: version) { $0.keys = ["g"] }
        #expect(response.coordinators.map(\.errorCode) == [.none])
        #expect(response.coordinators.map(\.host) == ["broker.test"])
        if version >= 1 {
            let refused = try world.ask(FindCoordinatorAPI.self, version: version) {
                $0.keys = ["x"]
                $0.keyType = 1
            }
            #expect(refused.coordinators.map(\.errorCode) != [.none])
        }
    }

    @Test(arguments: Int16(0)...5) func `producer ids are never given out twice`(
        version: Int16
    ) throws {
        var seen: Set<Int64> = []
        var files = CrashFiles()
        for round in 0..<4 {
            let world = try BrokerWorld(files: files)
            for _ in 0..<3 {
                let answer = try world.ask(InitProducerIDAPI.self, version: version)
                #expect(answer.errorCode == .none)
                #expect(answer.producerEpoch == 0)
                #expect(seen.insert(answer.producerID).inserted)
            }
            world.broker.stop()
            files = world.files
            files.crash(seed: UInt64(round))
        }
    }

    @Test func `transactional producers are refused`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let answer = try world.ask(InitProducerIDAPI.self, version: 4) {
            $0.transactionalID = "tx"
            $0.transactionTimeoutMilliseconds = 1000
        }
        #expect(answer.errorCode == .transactionalIDAuthorizationFailed)
        #expect(answer.producerID == -1)
    }

    @Test func `a list of producer ids that says nothing stops the start`() throws {
        let world = try BrokerWorld()
        let file = try world.files.open("log/producer-ids", .create)
        try file.write(ByteBuffer(copying: Array("nonsense".utf8)).bytes, at: 0)
        world.stop()
        #expect(throws: BrokerError.self) { try BrokerWorld(files: world.files) }
    }

    @Test func `offsets are kept for a week after the group became empty`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        try world.createTopic("t")
        _ = try world.ask(OffsetCommitAPI.self, version: 8) {
            $0.groupID = "g"
            $0.topics = [
                .init {
                    $0.name = "t"; $0.partitions = [.init { $0.offset = 3 }]
                }
            ]
        }
        let sweep = OffsetsSweep(
            groups: world.broker.groups,
            offsets: world.broker.offsets,
            clock: world.clocks
        )
        func groups() throws -> [String] {
            try world.ask(ListGroupsAPI.self, version: 4).groups.map(\.groupID)
        }
        world.clocks.advance(by: .seconds(6 * 86_400))
        _ = sweep.performIfDue()
        #expect(try groups() == ["g"])
        world.clocks.advance(by: .seconds(2 * 86_400))
        _ = sweep.performIfDue()
        // The commit of another group is durable behind the deletion of the first.
        _ = try world.ask(OffsetCommitAPI.self, version: 8) {
            $0.groupID = "h"
            $0.topics = [
                .init {
                    $0.name = "t"; $0.partitions = [.init { $0.offset = 3 }]
                }
            ]
        }
        #expect(try groups() == ["h"])
    }
}
