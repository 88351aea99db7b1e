import Clocks
import KafkaProtocol
import Testing

@testable import Broker

/// Random histories: members come, go, fall silent, repeat themselves and lie, while time passes.
@Suite struct GroupInvariants {
    @Test(arguments: 0..<200) func `every request is answered and shares never overlap`(_ seed: Int)
    {
        var random = SeededRandom(seed: UInt64(seed))
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var world = GroupWorld { $0.initialRebalanceDelay = .milliseconds(500) }
        var waitingJoins: [(ticket: Ticket, instance: String?)] = []
        var waitingSyncs: [(ticket: Ticket, id: String, generation: Int32)] = []
        /// Known to clients: id, generation, lasting name.
        var clients: [(id: String, generation: Int32, instance: String?)] = []
        /// Who got which share in a generation.
        var shares: [Int32: [[UInt8]: String]] = [:]

        func settle() {
            waitingJoins.removeAll { waiting in
                guard let answer = world.joins[waiting.ticket] else { return false }
                if answer.error == .none || answer.error == .memberIDRequired {
                    clients.removeAll { $0.id == answer.memberID }
                    clients.append((answer.memberID, answer.generation, waiting.instance))
                }
                return true
            }
            waitingSyncs.removeAll { waiting in
                guard let answer = world.syncs[waiting.ticket] else { return false }
                if answer.error == .none, !answer.assignment.isEmpty {
                    let owner = shares[waiting.generation, default: [:]][answer.assignment]
                    // A static member that came back holds its predecessor's share.
                    let isSame = owner == nil || owner == waiting.id || waiting.id.hasPrefix("i")
                    #expect(isSame, "two owners of one share in generation \(waiting.generation)")
                    shares[waiting.generation, default: [:]][answer.assignment] = waiting.id
                }
                return true
            }
        }

        for _ in 0..<300 {
            switch pick(10) {
            case 0, 1:
                let instance = pick(4) == 0 ? "i\(pick(3))" : nil
                let version = [3, 4, 9][pick(3)]
                waitingJoins.append((world.join(instance: instance, version: version), instance))
            case 2, 3, 4:
                guard !clients.isEmpty else { continue }
                let client = clients[pick(clients.count)]
                let ticket = world.join(client.id, instance: client.instance, version: 9)
                waitingJoins.append((ticket, client.instance))
            case 5, 6:
                guard !clients.isEmpty else { continue }
                let client = clients[pick(clients.count)]
                var assignments: [String: [UInt8]] = [:]
                for member in world.coordinator.describe("g")?.members ?? [] {
                    assignments[member.memberID] = Array(
                        "\(client.generation)\(member.memberID)".utf8
                    )
                }
                let ticket = world.sync(
                    client.id,
                    client.generation,
                    instance: client.instance,
                    assignments: assignments
                )
                waitingSyncs.append((ticket, client.id, client.generation))
            case 7:
                guard !clients.isEmpty else { continue }
                let client = clients[pick(clients.count)]
                _ = world.heartbeat(client.id, client.generation, instance: client.instance)
            case 8:
                guard !clients.isEmpty, pick(3) == 0 else { continue }
                let index = pick(clients.count)
                _ = world.leave(clients[index].id, instance: clients[index].instance)
                clients.remove(at: index)
            default:
                world.pass(.milliseconds(pick(4000)))
            }
            settle()
            let description = world.coordinator.describe("g")
            let ids = description?.members.map(\.memberID) ?? []
            #expect(Set(ids).count == ids.count)
            if description?.state == "Empty" { #expect(ids.isEmpty) }
        }
        // Nobody speaks any more: everything that waits must end by the clock alone.
        world.pass(.seconds(1200))
        settle()
        #expect(waitingJoins.isEmpty)
        #expect(waitingSyncs.isEmpty)
        #expect(world.state == nil || world.state == "Empty")
    }
}
