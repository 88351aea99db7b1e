import Pipelines
import Synchronization
import Telemetry
import Testing

@testable import KafkaSource

private func member(
    _ cluster: MockCluster,
    patience: Duration = .seconds(20),
    selectors: [String] = ["t"],
    more: [(String, String)] = []
) throws -> GroupMembership {
    let properties = try KafkaProperties(
        [
            ("bootstrap.servers", cluster.brokers), ("heartbeat.interval.ms", "200"),
            ("session.timeout.ms", "6000"),
        ] + more.map { ($0.0, $0.1) }
    )
    return try GroupMembership(
        properties,
        group: "millrace.p.t",
        selectors: selectors.map { TopicSelector($0) },
        patience: patience,
        logger: .silent,
        changed: {}
    )
}

private func partitions(_ numbers: Range<Int32>, _ topic: String = "t") -> Set<SourcePartition> {
    Set(numbers.map { SourcePartition(topic: topic, index: $0) })
}

@Suite struct GroupMembershipTests {
    @Test func `one member holds everything, and two share after the first has given back`() throws
    {
        let cluster = try MockCluster()
        cluster.create("t", partitions: 4)
        let first = try member(cluster)
        let whole = eventually { first.share.held.count == 4 ? first.share : nil }
        #expect(Set(try #require(whole).held.keys) == partitions(0..<4))
        #expect(whole?.isSettled == true && whole?.asked.isEmpty == true)

        let second = try member(cluster)
        let asked = try #require(eventually { first.share.asked.isEmpty ? nil : first.share.asked })
        #expect(asked.count == 2)
        // They stay ours until they are given back, and nobody else has them.
        #expect(first.share.held.count == 4)
        #expect(second.share.held.isEmpty)
        let kept = first.share.held.filter { !asked.contains($0.key) }
        first.release(asked)
        #expect(eventually { second.share.held.count == 2 ? true : nil } == true)
        #expect(Set(second.share.held.keys) == asked)
        // What stays has not moved: it is held since the same generation.
        #expect(first.share.held == kept)

        second.leave()
        #expect(eventually { first.share.held.count == 4 ? true : nil } == true)
        let again = first.share
        #expect(asked.allSatisfy { again.held[$0].map { $0 > whole?.generation ?? 0 } == true })
    }

    @Test func `a member that does not give back loses what it was asked for`() throws {
        let cluster = try MockCluster()
        cluster.create("t", partitions: 2)
        let first = try member(cluster, patience: .milliseconds(200))
        #expect(eventually { first.share.held.count == 2 ? true : nil } == true)
        let second = try member(cluster)
        #expect(
            eventually { second.share.held.count == 1 ? true : nil } == true,
            "\(first.share) \(second.share)"
        )
        #expect(first.share.held.count == 1)
        #expect(Set(first.share.held.keys).isDisjoint(with: second.share.held.keys))
    }

    @Test func `patterns share the topics that fit, Kafka's own left out`() throws {
        let cluster = try MockCluster()
        cluster.create("game-1", partitions: 2)
        cluster.create("other", partitions: 2)
        cluster.create("__game-2", partitions: 2)
        let only = try member(cluster, selectors: ["game-*", "*ame-2"])
        #expect(eventually { only.share.held.isEmpty ? nil : true } == true)
        #expect(Set(only.share.held.keys) == partitions(0..<2, "game-1"))
    }
}

@Suite struct ShareLedgerTests {
    private let a = SourcePartition(topic: "t", index: 0)
    private let b = SourcePartition(topic: "t", index: 1)

    @Test func `what was not asked for is not released`() {
        let changes = Mutex(0)
        let ledger = ShareLedger(patience: .zero) { changes.withLock { $0 += 1 } }
        ledger.gain([a, b], groupGeneration: 3)
        ledger.release([a])
        #expect(Set(ledger.current.held.keys) == [a, b])
        #expect(ledger.current.groupGeneration == 3)
        #expect(changes.withLock { $0 } == 2)
    }

    @Test func `what is lost and comes back is held since another generation`() {
        let ledger = ShareLedger(patience: .zero) {}
        ledger.gain([a, b], groupGeneration: 1)
        let since = ledger.current.held
        ledger.lose([a])
        #expect(ledger.current.held == [b: since[b]])
        ledger.gain([a], groupGeneration: 2)
        #expect(ledger.current.held[b] == since[b])
        #expect(ledger.current.held[a] != since[a])
    }

    @Test func `patience that is over is a loss`() {
        let ledger = ShareLedger(patience: .milliseconds(1)) {}
        ledger.gain([a, b], groupGeneration: 1)
        ledger.giveBack([a])
        #expect(Set(ledger.current.held.keys) == [b] && ledger.current.asked.isEmpty)
    }
}
