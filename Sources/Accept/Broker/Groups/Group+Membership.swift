internal import Clocks
internal import KafkaProtocol

extension Group {
    /// A member asks for its share; the leader brings everybody's.
    mutating func sync(_ request: SyncRequest, _ ticket: Ticket, now: MonotonicInstant) {
        let id = request.memberID
        if let error = objection(toSync: request) {
            answers.append(.sync(ticket, SyncAnswer(error: error)))
            return
        }
        switch state {
        case .empty:
            answers.append(.sync(ticket, SyncAnswer(error: .unknownMemberID)))
        case .preparingRebalance:
            answers.append(.sync(ticket, SyncAnswer(error: .rebalanceInProgress)))
        case .stable:
            members[id]?.syncDeadline = nil
            renewSession(of: id, now: now)
            answers.append(.sync(ticket, share(of: id)))
        case .completingRebalance:
            if let earlier = members[id]?.awaitingSync {
                answers.append(.sync(earlier, SyncAnswer(error: .rebalanceInProgress)))
            }
            members[id]?.awaitingSync = ticket
            members[id]?.syncDeadline = nil
            if id == leader { distribute(request.assignments, now: now) }
        }
    }

    private func objection(toSync request: SyncRequest) -> ErrorCode? {
        if let error = objection(toMember: request.memberID, instanceID: request.instanceID) {
            return error
        }
        if request.generation != generation { return .illegalGeneration }
        if let type = request.protocolType, type != protocolType {
            return .inconsistentGroupProtocol
        }
        if let name = request.protocolName, let chosen = protocolName, name != chosen {
            return .inconsistentGroupProtocol
        }
        return nil
    }

    /// The leader has divided the work: the group is stable, and who waits for its share gets it.
    private mutating func distribute(_ assignments: [String: [UInt8]], now: MonotonicInstant) {
        state = .stable
        for member in membersInOrder {
            members[member.id]?.assignment = assignments[member.id] ?? []
            guard let ticket = member.awaitingSync else { continue }
            members[member.id]?.awaitingSync = nil
            renewSession(of: member.id, now: now)
            answers.append(.sync(ticket, share(of: member.id)))
        }
    }

    private func share(of id: String) -> SyncAnswer {
        var answer = SyncAnswer(error: .none)
        answer.protocolType = protocolType
        answer.protocolName = protocolName
        answer.assignment = members[id]?.assignment ?? []
        return answer
    }

    /// A member says that it lives.
    mutating func heartbeat(
        memberID: String,
        instanceID: String?,
        generation: Int32,
        now: MonotonicInstant
    ) -> ErrorCode {
        if let error = objection(toMember: memberID, instanceID: instanceID) { return error }
        if generation != self.generation { return .illegalGeneration }
        switch state {
        case .empty: return .unknownMemberID
        case .preparingRebalance:
            renewSession(of: memberID, now: now)
            return .rebalanceInProgress
        case .completingRebalance, .stable:
            renewSession(of: memberID, now: now)
            return .none
        }
    }

    /// A member leaves, named by its id, or by its lasting name if it is static.
    mutating func leave(memberID: String, instanceID: String?, now: MonotonicInstant) -> ErrorCode {
        if let instanceID {
            guard let id = staticMembers[instanceID] else { return .unknownMemberID }
            if !memberID.isEmpty && memberID != id { return .fencedInstanceID }
            remove(id, now: now)
            return .none
        }
        if pendingMembers.removeValue(forKey: memberID) != nil {
            endRebalanceIfComplete(now: now)
            return .none
        }
        guard members[memberID] != nil else { return .unknownMemberID }
        remove(memberID, now: now)
        return .none
    }

    /// Drops a member; the others share its work.
    private mutating func remove(_ id: String, now: MonotonicInstant) {
        forget(id)
        switch state {
        case .stable, .completingRebalance:
            prepareRebalance(now: now)
            endRebalanceIfComplete(now: now)
        case .preparingRebalance:
            endRebalanceIfComplete(now: now)
        case .empty: break
        }
    }

    /// Ends what has run out of time by `now`, and sets `deadline` to what comes next.
    mutating func expire(now: MonotonicInstant) {
        guard deadline <= now else { return }
        for (id, expiry) in pendingMembers where expiry <= now { pendingMembers[id] = nil }
        for member in membersInOrder where member.deadline <= now { remove(member.id, now: now) }
        endRebalanceIfComplete(now: now)

        deadline = MonotonicInstant(nanoseconds: .max)
        if state == .preparingRebalance { remind(at: rebalance.deadline) }
        for expiry in pendingMembers.values { remind(at: expiry) }
        for member in members.values { remind(at: member.deadline) }
    }

    /// Why an offset may not be committed in the name of this member, or nil.
    ///
    /// Without member and generation only a group that has no members accepts: its offsets are
    /// somebody's who assigns partitions by other means.
    mutating func objection(
        toCommitBy memberID: String,
        instanceID: String?,
        generation: Int32,
        now: MonotonicInstant
    ) -> ErrorCode? {
        if generation < 0 && memberID.isEmpty && instanceID == nil && state == .empty { return nil }
        if let error = objection(toMember: memberID, instanceID: instanceID) { return error }
        if generation != self.generation { return .illegalGeneration }
        if state == .completingRebalance { return .rebalanceInProgress }
        renewSession(of: memberID, now: now)
        return nil
    }
}
