internal import Clocks
internal import KafkaProtocol

extension Group {
    /// A member joins, for the first time or again. The answer may come at once or when the
    /// rebalance ends.
    ///
    /// `newMemberID` is the id it gets if it has none.
    mutating func join(
        _ request: JoinRequest,
        _ ticket: Ticket,
        newMemberID: String,
        now: MonotonicInstant
    ) {
        guard
            accepts(
                protocolType: request.protocolType,
                request.protocols,
                from: replaced(by: request)
            )
        else {
            refuse(ticket, .inconsistentGroupProtocol, request.memberID)
            return
        }
        if request.memberID.isEmpty {
            joinWithoutID(request, ticket, newMemberID, now: now)
        } else if pendingMembers[request.memberID] != nil {
            pendingMembers[request.memberID] = nil
            addMember(request, id: request.memberID, ticket, now: now)
        } else if let error = objection(toMember: request.memberID, instanceID: request.instanceID)
        {
            refuse(ticket, error, request.memberID)
        } else {
            rejoin(request, ticket, now: now)
        }
    }

    /// The member whose place the request would take.
    private func replaced(by request: JoinRequest) -> String {
        if request.memberID.isEmpty, let name = request.instanceID {
            return staticMembers[name] ?? ""
        }
        return request.memberID
    }

    private mutating func refuse(_ ticket: Ticket, _ error: ErrorCode, _ memberID: String) {
        answers.append(.join(ticket, JoinAnswer(error: error, memberID: memberID)))
    }

    private mutating func joinWithoutID(
        _ request: JoinRequest,
        _ ticket: Ticket,
        _ newMemberID: String,
        now: MonotonicInstant
    ) {
        if let name = request.instanceID, let old = staticMembers[name] {
            replaceStaticMember(old, by: newMemberID, request, ticket, now: now)
        } else if members.count + pendingMembers.count >= options.membersMax {
            refuse(ticket, .groupMaxSizeReached, "")
        } else if request.acceptsMemberIDRequired && request.instanceID == nil {
            let expiry = now + request.sessionTimeout
            pendingMembers[newMemberID] = expiry
            remind(at: expiry)
            refuse(ticket, .memberIDRequired, newMemberID)
        } else {
            addMember(request, id: newMemberID, ticket, now: now)
        }
    }

    private mutating func addMember(
        _ request: JoinRequest,
        id: String,
        _ ticket: Ticket,
        now: MonotonicInstant
    ) {
        if members.isEmpty { protocolType = request.protocolType }
        let expiry = now + options.newMemberTimeout
        members[id] = Member(
            id: id,
            number: nextMemberNumber(),
            instanceID: request.instanceID,
            clientID: request.clientID,
            clientHost: request.clientHost,
            sessionTimeout: request.sessionTimeout,
            rebalanceTimeout: request.rebalanceTimeout,
            protocols: request.protocols,
            awaitingJoin: ticket,
            expiry: expiry
        )
        remind(at: expiry)
        if let name = request.instanceID { staticMembers[name] = id }
        offsets.emptySince = nil
        if state == .preparingRebalance { rebalance.gainedMember = true }
        prepareRebalance(now: now)
        endRebalanceIfComplete(now: now)
    }

    private mutating func rejoin(_ request: JoinRequest, _ ticket: Ticket, now: MonotonicInstant) {
        let id = request.memberID
        let isUnchanged = members[id]?.protocols == request.protocols
        switch state {
        case .completingRebalance where isUnchanged,
            .stable where isUnchanged && id != leader:
            // It did not get our answer, or wants to be sure: nothing has changed.
            renewSession(of: id, now: now)
            answers.append(.join(ticket, currentGeneration(for: id)))
        case .empty:
            refuse(ticket, .unknownMemberID, id)
        case .preparingRebalance, .completingRebalance, .stable:
            update(id, request, ticket)
            prepareRebalance(now: now)
            endRebalanceIfComplete(now: now)
        }
    }

    private mutating func update(_ id: String, _ request: JoinRequest, _ ticket: Ticket) {
        guard var member = members[id] else { return }
        if let earlier = member.awaitingJoin {
            // The client gave up on its first request; only one of the two can be answered with a
            // generation.
            refuse(earlier, .unknownMemberID, id)
        }
        member.protocols = request.protocols
        member.sessionTimeout = request.sessionTimeout
        member.rebalanceTimeout = request.rebalanceTimeout
        member.clientID = request.clientID
        member.clientHost = request.clientHost
        member.awaitingJoin = ticket
        members[id] = member
    }

    /// A static member is back under a new id: it takes the place of the old one, without a
    /// rebalance if that changes nothing.
    private mutating func replaceStaticMember(
        _ old: String,
        by id: String,
        _ request: JoinRequest,
        _ ticket: Ticket,
        now: MonotonicInstant
    ) {
        guard let before = members[old] else { return }
        let wasLeader = leader == old
        forget(old, .fencedInstanceID)
        let expiry = now + request.sessionTimeout
        members[id] = Member(
            id: id,
            number: before.number,
            instanceID: request.instanceID,
            clientID: request.clientID,
            clientHost: request.clientHost,
            sessionTimeout: request.sessionTimeout,
            rebalanceTimeout: request.rebalanceTimeout,
            protocols: request.protocols,
            assignment: before.assignment,
            isNew: false,
            expiry: expiry
        )
        remind(at: expiry)
        if let name = request.instanceID { staticMembers[name] = id }
        if wasLeader { leader = id }

        if state == .stable && electedProtocol() == protocolName {
            var answer = currentGeneration(for: id)
            if !request.acceptsSkippedAssignment {
                // An old client that saw itself as leader would assign again: let it believe in its
                // predecessor.
                answer.members = []
                if wasLeader { answer.leader = old }
            } else {
                answer.skipsAssignment = wasLeader
            }
            answers.append(.join(ticket, answer))
            return
        }
        members[id]?.awaitingJoin = ticket
        prepareRebalance(now: now)
        endRebalanceIfComplete(now: now)
    }
}
