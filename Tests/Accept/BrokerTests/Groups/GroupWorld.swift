import Clocks
import KafkaProtocol

@testable import Broker

/// A coordinator with a clock that the test turns, and the answers it gave.
struct GroupWorld {
    var coordinator: GroupCoordinator
    var now = MonotonicInstant(nanoseconds: 0)
    var joins: [Ticket: JoinAnswer] = [:]
    var syncs: [Ticket: SyncAnswer] = [:]
    private var lastTicket: UInt64 = 0

    init(_ change: (inout GroupOptions) -> Void = { $0.initialRebalanceDelay = .zero }) {
        var options = GroupOptions()
        change(&options)
        coordinator = GroupCoordinator(options: options, random: SeededRandom(seed: 1))
    }

    private mutating func ticket() -> Ticket {
        lastTicket += 1
        return Ticket(number: lastTicket)
    }

    private mutating func collect() {
        for answer in coordinator.takeAnswers() {
            switch answer {
            case .join(let ticket, let answer):
                precondition(joins.updateValue(answer, forKey: ticket) == nil, "answered twice")
            case .sync(let ticket, let answer):
                precondition(syncs.updateValue(answer, forKey: ticket) == nil, "answered twice")
            }
        }
    }

    mutating func join(
        _ memberID: String = "",
        client: String = "c",
        instance: String? = nil,
        protocols: [String] = ["range"],
        type: String = "consumer",
        session: Duration = .seconds(10),
        rebalance: Duration = .seconds(60),
        version: Int = 3,
        metadata: [UInt8] = []
    ) -> Ticket {
        var request = JoinRequest(
            group: "g",
            sessionTimeout: session,
            rebalanceTimeout: rebalance,
            protocolType: type,
            protocols: protocols.map {
                GroupProtocol(name: $0, metadata: metadata.isEmpty ? Array($0.utf8) : metadata)
            }
        )
        request.memberID = memberID
        request.clientID = client
        request.instanceID = instance
        request.acceptsMemberIDRequired = version >= 4
        request.acceptsSkippedAssignment = version >= 9
        let ticket = ticket()
        coordinator.join(request, ticket, now: now)
        collect()
        return ticket
    }

    mutating func sync(
        _ member: String,
        _ generation: Int32,
        instance: String? = nil,
        assignments: [String: [UInt8]] = [:]
    ) -> Ticket {
        var request = SyncRequest(group: "g", memberID: member, generation: generation)
        request.instanceID = instance
        request.assignments = assignments
        let ticket = ticket()
        coordinator.sync(request, ticket, now: now)
        collect()
        return ticket
    }

    mutating func heartbeat(
        _ member: String,
        _ generation: Int32,
        instance: String? = nil
    ) -> ErrorCode {
        defer { collect() }
        return coordinator.heartbeat(
            group: "g",
            memberID: member,
            instanceID: instance,
            generation: generation,
            now: now
        )
    }

    mutating func leave(_ member: String, instance: String? = nil) -> ErrorCode {
        defer { collect() }
        return coordinator.leave(group: "g", memberID: member, instanceID: instance, now: now)
    }

    /// Moves the clock, stopping wherever something expires.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while coordinator.deadline <= end {
            now = max(now, coordinator.deadline)
            coordinator.expire(now: now)
            collect()
        }
        now = end
    }

    /// A stable group of `count` members, named by their tickets' answers.
    mutating func stableGroup(of count: Int, static isStatic: Bool = false) -> [String] {
        var ids: [String] = []
        for number in 0..<count {
            let ticket = join(instance: isStatic ? "i\(number)" : nil)
            // Those who are in must join again for the newcomer.
            let again = ids.map { join($0, instance: instance(of: $0, isStatic, ids)) }
            ids.append(joins[ticket]?.memberID ?? "")
            for ticket in again { precondition(joins[ticket]?.error == ErrorCode.none) }
        }
        let generation = coordinatorGeneration(ids[0])
        for (number, id) in ids.enumerated().reversed() {
            let shares = Dictionary(uniqueKeysWithValues: ids.map { ($0, Array($0.utf8)) })
            _ = sync(id, generation, assignments: number == 0 ? shares : [:])
        }
        return ids
    }

    private func instance(of id: String, _ isStatic: Bool, _ ids: [String]) -> String? {
        guard isStatic, let number = ids.firstIndex(of: id) else { return nil }
        return "i\(number)"
    }

    func coordinatorGeneration(_ id: String) -> Int32 {
        joins.values.filter { $0.memberID == id }.map(\.generation).max() ?? -1
    }

    var state: String? { coordinator.describe("g")?.state }
}
