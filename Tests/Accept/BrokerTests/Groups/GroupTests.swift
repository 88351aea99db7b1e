import Clocks
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct GroupTests {
    @Test func `a lone member becomes leader and gets what it assigned`() throws {
        var world = GroupWorld()
        let joined = try #require(world.joins[world.join(client: "alone")])
        #expect(joined.error == .none)
        #expect(joined.generation == 1)
        #expect(joined.leader == joined.memberID)
        #expect(joined.memberID.hasPrefix("alone-"))
        #expect(joined.protocolName == "range")
        #expect(joined.members.map(\.metadata) == [Array("range".utf8)])
        #expect(world.state == "CompletingRebalance")

        let ticket = world.sync(joined.memberID, 1, assignments: [joined.memberID: [7]])
        #expect(world.syncs[ticket]?.assignment == [7])
        #expect(world.state == "Stable")
        #expect(world.heartbeat(joined.memberID, 1) == .none)
    }

    @Test func `the first rebalance waits for more members`() throws {
        var world = GroupWorld { $0.initialRebalanceDelay = .seconds(3) }
        let first = world.join()
        world.pass(.seconds(2))
        let second = world.join()
        #expect(world.joins.isEmpty)
        world.pass(.milliseconds(1100))
        // Somebody came during the delay: it begins anew.
        #expect(world.joins.isEmpty)
        world.pass(.seconds(3))
        let answers = [try #require(world.joins[first]), try #require(world.joins[second])]
        #expect(answers.map(\.generation) == [1, 1])
        #expect(answers.map(\.members.count) == [2, 0])
        #expect(answers[0].leader == answers[1].leader)
    }

    @Test func `the first rebalance never waits longer than the rebalance timeout`() {
        var world = GroupWorld { $0.initialRebalanceDelay = .seconds(3) }
        let first = world.join(rebalance: .seconds(7))
        for _ in 0..<6 {
            world.pass(.seconds(1))
            _ = world.join(rebalance: .seconds(7))
        }
        world.pass(.seconds(1))
        #expect(world.joins[first]?.generation == 1)
    }

    @Test func `only members that know their id are counted in`() throws {
        var world = GroupWorld()
        let refused = try #require(world.joins[world.join(version: 4)])
        #expect(refused.error == .memberIDRequired)
        #expect(!refused.memberID.isEmpty)
        #expect(world.coordinator.describe("g")?.members.isEmpty == true)

        let joined = try #require(world.joins[world.join(refused.memberID, version: 4)])
        #expect(joined.error == .none)
        #expect(joined.memberID == refused.memberID)
        #expect(joined.generation == 1)
    }

    @Test func `an id that never came back is forgotten`() throws {
        var world = GroupWorld()
        let refused = try #require(world.joins[world.join(version: 4)])
        world.pass(.seconds(11))
        #expect(world.joins[world.join(refused.memberID, version: 4)]?.error == .unknownMemberID)
    }

    @Test func `a newcomer makes the others join again`() throws {
        var world = GroupWorld()
        let old = world.stableGroup(of: 1)[0]
        let newcomer = world.join()
        #expect(world.joins[newcomer] == nil)
        #expect(world.state == "PreparingRebalance")
        #expect(world.heartbeat(old, 1) == .rebalanceInProgress)
        #expect(world.syncs[world.sync(old, 1)]?.error == .rebalanceInProgress)

        let rejoined = try #require(world.joins[world.join(old)])
        #expect(rejoined.generation == 2)
        #expect(rejoined.leader == old)
        #expect(rejoined.members.count == 2)
        let answer = try #require(world.joins[newcomer])
        #expect(answer.generation == 2)
        #expect(answer.members.isEmpty)

        // The newcomer asks first; it gets its share when the leader has brought it.
        let waiting = world.sync(answer.memberID, 2)
        #expect(world.syncs[waiting] == nil)
        _ = world.sync(old, 2, assignments: [old: [1], answer.memberID: [2]])
        #expect(world.syncs[waiting]?.assignment == [2])
    }

    @Test func `who does not join again in time is left out`() throws {
        var world = GroupWorld()
        let old = world.stableGroup(of: 1)[0]
        let newcomer = world.join()
        // The old member still sends heartbeats, but does not join.
        for _ in 0..<12 {
            world.pass(.seconds(5))
            _ = world.heartbeat(old, 1)
        }
        let answer = try #require(world.joins[newcomer])
        #expect(answer.error == .none)
        #expect(answer.leader == answer.memberID)
        #expect(world.heartbeat(old, 2) == .unknownMemberID)
    }

    @Test func `a silent member is dropped and its share becomes free`() throws {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2)
        let generation = world.coordinatorGeneration(ids[0])
        for _ in 0..<3 {
            world.pass(.seconds(4))
            _ = world.heartbeat(ids[0], generation)
        }
        #expect(world.heartbeat(ids[1], generation) == .unknownMemberID)
        #expect(world.heartbeat(ids[0], generation) == .rebalanceInProgress)
        let rejoined = try #require(world.joins[world.join(ids[0])])
        #expect(rejoined.members.map(\.memberID) == [ids[0]])
    }

    @Test func `a leader that dies before it assigned does not leave the others waiting`() throws {
        var world = GroupWorld()
        let first = world.join()
        let second = world.join()
        let leader = try #require(world.joins[first]?.memberID)
        _ = world.join(leader)
        let follower = try #require(world.joins[second])
        let waiting = world.sync(follower.memberID, follower.generation)
        #expect(world.syncs[waiting] == nil)
        world.pass(.seconds(11))
        #expect(world.syncs[waiting]?.error == .rebalanceInProgress)
        let again = try #require(world.joins[world.join(follower.memberID)])
        #expect(again.leader == follower.memberID)
    }

    @Test func `a member that never asks for its share is dropped after the rebalance timeout`() {
        var world = GroupWorld()
        let ticket = world.join(rebalance: .seconds(20))
        let id = world.joins[ticket]?.memberID ?? ""
        for _ in 0..<5 {
            world.pass(.seconds(5))
            _ = world.heartbeat(id, 1)
        }
        #expect(world.heartbeat(id, 1) == .unknownMemberID)
        #expect(world.state == "Empty")
    }

    @Test func `leaving frees the share at once`() throws {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2)
        #expect(world.leave(ids[1]) == .none)
        #expect(world.state == "PreparingRebalance")
        #expect(world.leave(ids[1]) == .unknownMemberID)
        #expect(world.leave(ids[0]) == .none)
        #expect(world.state == "Empty")
    }

    @Test func `a member that joins twice is answered once with a generation`() throws {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2)
        let first = world.join(ids[0])
        let second = world.join(ids[0])
        #expect(world.joins[first]?.error == .unknownMemberID)
        _ = world.join(ids[1])
        #expect(world.joins[second]?.error == ErrorCode.none)
    }

    @Test func `a follower that joins again unchanged causes no rebalance and a leader does`()
        throws
    {
        var world = GroupWorld()
        let ids = world.stableGroup(of: 2)
        let generation = world.coordinatorGeneration(ids[0])
        let unchanged = try #require(world.joins[world.join(ids[1])])
        #expect(unchanged.generation == generation)
        #expect(world.state == "Stable")
        _ = world.join(ids[0])
        #expect(world.state == "PreparingRebalance")
    }

    @Test func `wrong generations and strangers are told so`() {
        var world = GroupWorld()
        let id = world.stableGroup(of: 1)[0]
        #expect(world.heartbeat(id, 0) == .illegalGeneration)
        #expect(world.heartbeat("nobody", 1) == .unknownMemberID)
        #expect(world.syncs[world.sync(id, 9)]?.error == .illegalGeneration)
        #expect(world.syncs[world.sync("nobody", 1)]?.error == .unknownMemberID)
        #expect(world.joins[world.join("nobody")]?.error == .unknownMemberID)
    }

    @Test func `the protocol is one that all support`() throws {
        var world = GroupWorld()
        let first = world.join(protocols: ["sticky", "range"])
        let second = world.join(protocols: ["range", "roundrobin"])
        let id = try #require(world.joins[first]?.memberID)
        let again = world.join(id, protocols: ["sticky", "range"])
        #expect(world.joins[again]?.protocolName == "range")
        #expect(world.joins[second]?.protocolName == "range")
        #expect(
            world.joins[world.join(protocols: ["sticky"])]?.error == .inconsistentGroupProtocol
        )
        #expect(world.joins[world.join(type: "connect")]?.error == .inconsistentGroupProtocol)
        #expect(world.joins[world.join(protocols: [])]?.error == .inconsistentGroupProtocol)
    }

    @Test func `session timeouts outside the limits are refused`() {
        var world = GroupWorld()
        #expect(world.joins[world.join(session: .seconds(1))]?.error == .invalidSessionTimeout)
        #expect(world.joins[world.join(session: .seconds(9999))]?.error == .invalidSessionTimeout)
    }
}
