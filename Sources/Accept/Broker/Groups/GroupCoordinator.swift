public import Clocks
public import KafkaProtocol

/// All consumer groups: who belongs to them, who reads what, and how far they have come.
///
/// A pure state machine: requests in, answers out, time passed in. Answers that become due, of
/// whichever request, are collected and taken with `takeAnswers` after every call; `deadline` says
/// when to call `expire` at the latest. The owner makes offsets durable before it stores them here.
public struct GroupCoordinator: Sendable {
    private let options: GroupOptions
    private var groups: [String: Group] = [:]
    private var random: SeededRandom
    private var answers: [GroupAnswer] = []
    /// When something expires; a lower bound.
    public private(set) var deadline = MonotonicInstant(nanoseconds: .max)

    /// A coordinator without groups. `random` makes the members' ids.
    public init(options: GroupOptions, random: SeededRandom) {
        self.options = options
        self.random = random
    }

    /// Answers that have become due since the last call.
    public mutating func takeAnswers() -> [GroupAnswer] {
        defer { answers = [] }
        return answers
    }

    // MARK: Members

    /// A member joins (JoinGroup). The answer comes through `takeAnswers`, perhaps later.
    public mutating func join(_ request: JoinRequest, _ ticket: Ticket, now: MonotonicInstant) {
        func refuse(_ error: ErrorCode) {
            answers.append(.join(ticket, JoinAnswer(error: error, memberID: request.memberID)))
        }
        if request.group.isEmpty { return refuse(.invalidGroupID) }
        let sessions = options.sessionTimeoutMin...options.sessionTimeoutMax
        guard sessions.contains(request.sessionTimeout) else {
            return refuse(.invalidSessionTimeout)
        }
        if groups[request.group] == nil {
            if !request.memberID.isEmpty { return refuse(.unknownMemberID) }
            if groups.count >= options.groupsMax { return refuse(.coordinatorNotAvailable) }
            groups[request.group] = Group(id: request.group, options: options)
        }
        let newID = Self.memberID(for: request, UUID16(random: &random))
        with(request.group) { $0.join(request, ticket, newMemberID: newID, now: now) }
    }

    private static func memberID(for request: JoinRequest, _ unique: UUID16) -> String {
        "\(request.instanceID ?? request.clientID)-\(unique)"
    }

    /// A member asks for its share (SyncGroup). The answer comes through `takeAnswers`, perhaps
    /// later.
    public mutating func sync(_ request: SyncRequest, _ ticket: Ticket, now: MonotonicInstant) {
        if request.group.isEmpty {
            answers.append(.sync(ticket, SyncAnswer(error: .invalidGroupID)))
        } else if with(request.group, { $0.sync(request, ticket, now: now) }) == nil {
            answers.append(.sync(ticket, SyncAnswer(error: .unknownMemberID)))
        }
    }

    /// A member says that it lives (Heartbeat).
    public mutating func heartbeat(
        group: String,
        memberID: String,
        instanceID: String?,
        generation: Int32,
        now: MonotonicInstant
    ) -> ErrorCode {
        if group.isEmpty { return .invalidGroupID }
        return with(group) {
            $0.heartbeat(
                memberID: memberID,
                instanceID: instanceID,
                generation: generation,
                now: now
            )
        } ?? .unknownMemberID
    }

    /// A member leaves or is removed (LeaveGroup).
    public mutating func leave(
        group: String,
        memberID: String,
        instanceID: String?,
        now: MonotonicInstant
    ) -> ErrorCode {
        if group.isEmpty { return .invalidGroupID }
        return with(group) {
            $0.leave(memberID: memberID, instanceID: instanceID, now: now)
        } ?? .unknownMemberID
    }

    /// Ends what has run out of time. Call when `deadline` has come; calling early does nothing.
    public mutating func expire(now: MonotonicInstant) {
        guard deadline <= now else { return }
        deadline = MonotonicInstant(nanoseconds: .max)
        for (id, group) in groups {
            if group.deadline <= now {
                with(id) { $0.expire(now: now) }
            } else {
                deadline = min(deadline, group.deadline)
            }
        }
    }

    /// Changes a group and collects the answers that became due; nil when there is no such group.
    @discardableResult
    private mutating func with<Result>(
        _ id: String,
        _ change: (inout Group) -> Result
    ) -> Result? {
        guard let index = groups.index(forKey: id) else { return nil }
        let result = change(&groups.values[index])
        if !groups.values[index].answers.isEmpty {
            answers += groups.values[index].answers
            groups.values[index].answers = []
        }
        deadline = min(deadline, groups.values[index].deadline)
        return result
    }

    // MARK: Offsets

    /// Why offsets may not be committed in this member's name, or nil.
    public mutating func objection(
        toCommitFor group: String,
        memberID: String,
        instanceID: String?,
        generation: Int32,
        now: MonotonicInstant
    ) -> ErrorCode? {
        if group.isEmpty { return .invalidGroupID }
        if groups[group] == nil {
            if generation >= 0 { return .illegalGeneration }
            return groups.count >= options.groupsMax ? .coordinatorNotAvailable : nil
        }
        return with(group) {
            $0.objection(
                toCommitBy: memberID,
                instanceID: instanceID,
                generation: generation,
                now: now
            )
        } ?? nil
    }

    /// Remembers an offset that is durable, or forgets it (nil).
    public mutating func store(
        _ offset: CommittedOffset?,
        of partition: TopicPartition,
        for group: String,
        now: MonotonicInstant
    ) {
        if groups[group] == nil {
            if offset == nil { return }
            groups[group] = Group(id: group, options: options)
        }
        with(group) { group in
            group.offsets.byPartition[partition] = offset
            if group.members.isEmpty { group.offsets.emptySince = now }
        }
    }

    /// What the group committed for a partition.
    public func offset(of partition: TopicPartition, for group: String) -> CommittedOffset? {
        groups[group]?.offsets.byPartition[partition]
    }

    /// Everything the group committed.
    public func offsets(for group: String) -> [TopicPartition: CommittedOffset] {
        groups[group]?.offsets.byPartition ?? [:]
    }

    /// Groups that committed offsets in a topic, with the partitions: what goes when the topic
    /// goes.
    public func partitions(of topic: String) -> [(group: String, partition: TopicPartition)] {
        groups.values.flatMap { group in
            group.offsets.byPartition.keys.filter { $0.topic == topic }.map { (group.id, $0) }
        }
    }

    /// Forgets groups that have neither members nor offsets.
    public mutating func removeUnused() {
        for (id, group) in groups where group.isUnused { groups[id] = nil }
    }

    /// Groups without members whose offsets nobody has touched for the time they are kept.
    public func expiredGroups(now: MonotonicInstant) -> [String] {
        groups.values.filter { group in
            guard group.state == .empty, let since = group.offsets.emptySince else { return false }
            return since + options.offsetsRetention <= now
        }.map(\.id)
    }

    // MARK: Administration

    /// Why a group may not be deleted, or nil.
    public func objection(toDeletionOf group: String) -> ErrorCode? {
        if group.isEmpty { return .invalidGroupID }
        guard let group = groups[group] else { return .groupIDNotFound }
        return group.state == .empty && group.members.isEmpty ? nil : .nonEmptyGroup
    }

    /// Forgets a group that has no members.
    public mutating func remove(_ group: String) {
        guard groups[group]?.members.isEmpty == true else { return }
        groups[group] = nil
    }

    /// What is to be said about a group; nil when there is none.
    public func describe(_ group: String) -> GroupDescription? {
        groups[group].map(GroupDescription.init)
    }

    /// All groups, sorted by name.
    public var descriptions: [GroupDescription] {
        groups.values.sorted { $0.id < $1.id }.map(GroupDescription.init)
    }
}
