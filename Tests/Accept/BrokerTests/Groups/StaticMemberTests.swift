import Clocks
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct StaticMemberTests {
    @Test func `a static member that comes back keeps its share without a rebalance`() throws {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2, static: true)
        let generation = world.coordinatorGeneration(ids[0])
        let back = try #require(world.joins[world.join(instance: "i1", version: 9)])
        #expect(back.error == .none)
        #expect(back.generation == generation)
        #expect(back.memberID != ids[1])
        #expect(world.state == "Stable")
        let ticket = world.sync(back.memberID, generation, instance: "i1")
        #expect(world.syncs[ticket]?.assignment == Array(ids[1].utf8))
        // Its former self is fenced.
        #expect(world.heartbeat(ids[1], generation, instance: "i1") == .fencedInstanceID)
        #expect(world.leave(ids[1], instance: "i1") == .fencedInstanceID)
    }

    @Test func `a leader that comes back is told to leave the assignment as it is`() throws {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2, static: true)
        let back = try #require(world.joins[world.join(instance: "i0", version: 9)])
        #expect(back.leader == back.memberID)
        #expect(back.skipsAssignment)
        #expect(back.members.count == 2)

        let older = try #require(world.joins[world.join(instance: "i0", version: 5)])
        #expect(older.leader == back.memberID)
        #expect(!older.skipsAssignment)
        #expect(older.members.isEmpty)
        #expect(!ids.contains(older.memberID))
    }

    @Test func `a static member that comes back with other protocols causes a rebalance`() {
        var world = GroupWorld()
        _ = world.stableGroup(of: 1, static: true)
        let ticket = world.join(instance: "i0", protocols: ["sticky"])
        #expect(world.joins[ticket]?.generation == 2)
        #expect(world.joins[ticket]?.protocolName == "sticky")
    }

    @Test func `a static member is removed by its name`() {
        var world = GroupWorld()
        _ = world.stableGroup(of: 2, static: true)
        #expect(world.leave("", instance: "i1") == .none)
        #expect(world.leave("", instance: "i1") == .unknownMemberID)
        #expect(world.coordinator.describe("g")?.members.map(\.instanceID) == ["i0"])
    }

    @Test func `a static member that stays away expires like any other`() {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2, static: true)
        let generation = world.coordinatorGeneration(ids[0])
        for _ in 0..<3 {
            world.pass(.seconds(4))
            _ = world.heartbeat(ids[0], generation, instance: "i0")
        }
        #expect(world.coordinator.describe("g")?.members.map(\.instanceID) == ["i0"])
    }
}
