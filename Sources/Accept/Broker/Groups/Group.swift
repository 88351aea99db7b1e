internal import Clocks
internal import KafkaProtocol

/// One consumer group: Kafka's classic protocol as a pure state machine.
///
///     empty               ──join────────────────────────► preparingRebalance
///     preparingRebalance  ──all joined, or time is up───► completingRebalance
///     preparingRebalance  ──nobody left─────────────────► empty
///     completingRebalance ──the leader has assigned─────► stable
///     completingRebalance, stable
///                         ──a member joins, leaves, dies► preparingRebalance
///
/// Time is passed in; answers that become due are appended to `answers` by the coordinator's
/// outbox. A group never fails: what a member asks for at the wrong time is answered with an error
/// code.
///
/// Source: Apache Kafka protocol guide, "Group Membership API"; KIP-345 (static members), KIP-394
/// (member id required), KIP-814 (skipped assignment).
internal struct Group: Sendable {
    enum State: String, Sendable {
        case empty = "Empty"
        case preparingRebalance = "PreparingRebalance"
        case completingRebalance = "CompletingRebalance"
        case stable = "Stable"
    }

    let id: String
    let options: GroupOptions
    var state = State.empty
    var generation: Int32 = 0
    var protocolType: String?
    var protocolName: String?
    var leader: String?
    var members: [String: Member] = [:]
    /// Member ids of static members, by their lasting names.
    var staticMembers: [String: String] = [:]
    /// Ids that were given out and must come back before the instant (KIP-394).
    var pendingMembers: [String: MonotonicInstant] = [:]
    var rebalance = Rebalance()
    /// Committed offsets, and since when the group has had no members.
    var offsets = CommittedOffsets()
    /// A lower bound of the instant at which something expires.
    var deadline = MonotonicInstant(nanoseconds: .max)
    var answers: [GroupAnswer] = []
    private var lastMemberNumber: UInt64 = 0

    /// The clock of `preparingRebalance`.
    struct Rebalance: Sendable {
        /// When it ends, whoever has joined by then.
        var deadline = MonotonicInstant(nanoseconds: .max)
        /// In the first rebalance of an empty group: how much longer the delay may still become.
        var extensionLeft: Duration?
        /// Somebody joined since the delay began.
        var gainedMember = false
    }

    init(id: String, options: GroupOptions) {
        self.id = id
        self.options = options
    }

    /// The members in the order they came.
    var membersInOrder: [Member] { members.values.sorted { $0.number < $1.number } }

    /// Nobody would miss the group.
    var isUnused: Bool {
        state == .empty && members.isEmpty && pendingMembers.isEmpty && offsets.isEmpty
    }

    /// Notes that something expires at `instant`.
    mutating func remind(at instant: MonotonicInstant) { deadline = min(deadline, instant) }

    mutating func nextMemberNumber() -> UInt64 {
        lastMemberNumber += 1
        return lastMemberNumber
    }

    /// Why this member may not speak for the group now, or nil.
    func objection(toMember id: String, instanceID: String?) -> ErrorCode? {
        if let instanceID {
            guard let known = staticMembers[instanceID] else { return .unknownMemberID }
            if known != id { return .fencedInstanceID }
        }
        return members[id] == nil ? .unknownMemberID : nil
    }

    /// The member was heard of: its session begins anew.
    mutating func renewSession(of id: String, now: MonotonicInstant) {
        guard let timeout = members[id]?.sessionTimeout else { return }
        let expiry = now + timeout
        members[id]?.expiry = expiry
        remind(at: expiry)
    }

    // MARK: Protocols

    /// Names that every member supports.
    func commonProtocols(besides excluded: String? = nil) -> Set<String>? {
        var common: Set<String>?
        for member in members.values where member.id != excluded {
            let names = Set(member.protocols.map(\.name))
            common = common?.intersection(names) ?? names
        }
        return common
    }

    /// A member of this kind with these protocols would leave the group a protocol that all
    /// support.
    func accepts(protocolType type: String, _ protocols: [GroupProtocol], from id: String) -> Bool {
        if type.isEmpty || protocols.isEmpty { return false }
        guard let common = commonProtocols(besides: id) else { return true }
        return protocolType == type && protocols.contains { common.contains($0.name) }
    }

    /// The common protocol with most votes; each member votes for the first of its own that all
    /// support.
    func electedProtocol() -> String? {
        guard let common = commonProtocols() else { return nil }
        var votes: [String: Int] = [:]
        for member in members.values {
            if let choice = member.protocols.first(where: { common.contains($0.name) }) {
                votes[choice.name, default: 0] += 1
            }
        }
        return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    // MARK: Rebalance

    /// Everybody has to join again. Nothing changes when that is so already.
    mutating func prepareRebalance(now: MonotonicInstant) {
        switch state {
        case .preparingRebalance: return
        case .completingRebalance: failSyncs(.rebalanceInProgress, now: now)
        case .empty, .stable: break
        }
        let longest = members.values.map(\.rebalanceTimeout).max() ?? .zero
        if state == .empty {
            let delay = min(options.initialRebalanceDelay, longest)
            rebalance = Rebalance(deadline: now + delay, extensionLeft: longest - delay)
        } else {
            rebalance = Rebalance(deadline: now + longest)
        }
        remind(at: rebalance.deadline)
        state = .preparingRebalance
    }

    /// Ends the rebalance if everybody has joined; the first one of an empty group waits for its
    /// delay.
    mutating func endRebalanceIfComplete(now: MonotonicInstant) {
        guard state == .preparingRebalance else { return }
        if rebalance.extensionLeft != nil && rebalance.deadline > now { return }
        let isComplete =
            pendingMembers.isEmpty && members.values.allSatisfy { $0.awaitingJoin != nil }
        if isComplete || rebalance.deadline <= now { endRebalance(now: now) }
    }

    /// Begins the next generation with those who have joined.
    private mutating func endRebalance(now: MonotonicInstant) {
        if let left = rebalance.extensionLeft, left > .zero, rebalance.gainedMember {
            let delay = min(options.initialRebalanceDelay, left)
            if delay > .zero {
                rebalance = Rebalance(deadline: now + delay, extensionLeft: left - delay)
                remind(at: rebalance.deadline)
                return
            }
        }
        for member in members.values where member.awaitingJoin == nil && member.instanceID == nil {
            forget(member.id)
        }
        if members.isEmpty {
            becomeEmpty(now: now)
            return
        }
        guard electLeader() else {
            // Only static members that are away are left: they keep their place until their
            // sessions end.
            rebalance = Rebalance(
                deadline: now + (members.values.map(\.rebalanceTimeout).max() ?? .zero)
            )
            remind(at: rebalance.deadline)
            return
        }
        generation = generation == .max ? 1 : generation + 1
        protocolName = electedProtocol()
        state = .completingRebalance
        for member in membersInOrder { welcome(member.id, now: now) }
    }

    mutating func becomeEmpty(now: MonotonicInstant) {
        generation = generation == .max ? 1 : generation + 1
        state = .empty
        protocolName = nil
        leader = nil
        offsets.emptySince = now
    }

    /// Answers the member's JoinGroup, if one waits, and starts its clocks.
    private mutating func welcome(_ id: String, now: MonotonicInstant) {
        guard var member = members[id] else { return }
        member.isNew = false
        member.assignment = []
        member.syncDeadline = now + member.rebalanceTimeout
        member.expiry = now + member.sessionTimeout
        remind(at: min(now + member.rebalanceTimeout, member.expiry))
        let ticket = member.awaitingJoin
        member.awaitingJoin = nil
        members[id] = member
        if let ticket { answers.append(.join(ticket, currentGeneration(for: id))) }
    }

    /// The leader is one who has joined; false when nobody has.
    private mutating func electLeader() -> Bool {
        if let leader, members[leader]?.awaitingJoin != nil { return true }
        guard let first = membersInOrder.first(where: { $0.awaitingJoin != nil }) else {
            return false
        }
        leader = first.id
        return true
    }

    /// What a member of the current generation has to know.
    func currentGeneration(for id: String) -> JoinAnswer {
        var answer = JoinAnswer(error: .none, memberID: id)
        answer.generation = generation
        answer.protocolType = protocolType
        answer.protocolName = protocolName
        answer.leader = leader ?? ""
        if id == leader { answer.members = membersForLeader() }
        return answer
    }

    func membersForLeader() -> [JoinAnswer.Member] {
        membersInOrder.map { member in
            JoinAnswer.Member(
                memberID: member.id,
                instanceID: member.instanceID,
                metadata: member.metadata(for: protocolName ?? "")
            )
        }
    }

    /// Those who wait for their share will not get it in this generation.
    ///
    /// A session does not run while its member waits, so it begins anew.
    mutating func failSyncs(_ error: ErrorCode, now: MonotonicInstant) {
        for member in membersInOrder {
            members[member.id]?.assignment = []
            members[member.id]?.syncDeadline = nil
            guard let ticket = member.awaitingSync else { continue }
            members[member.id]?.awaitingSync = nil
            renewSession(of: member.id, now: now)
            answers.append(.sync(ticket, SyncAnswer(error: error)))
        }
    }

    /// Drops the member, answering what it waits for.
    mutating func forget(_ id: String, _ error: ErrorCode = .unknownMemberID) {
        guard let member = members.removeValue(forKey: id) else { return }
        if let name = member.instanceID, staticMembers[name] == id { staticMembers[name] = nil }
        if let ticket = member.awaitingJoin {
            answers.append(.join(ticket, JoinAnswer(error: error, memberID: id)))
        }
        if let ticket = member.awaitingSync {
            answers.append(.sync(ticket, SyncAnswer(error: error)))
        }
        if leader == id { leader = nil }
    }
}
