internal import KafkaProtocol

extension Broker {
    /// Members leave a group.
    internal func leaveGroup(_ request: LeaveGroupAPI.Request, _ call: Call) -> Handling<FS> {
        let errors = groups.perform { coordinator, now in
            request.members.map { member in
                coordinator.leave(
                    group: request.groupID,
                    memberID: member.memberID,
                    instanceID: member.groupInstanceID,
                    now: now
                )
            }
        }
        let response = LeaveGroupAPI.Response {
            guard call.version >= 3 else {
                $0.errorCode = errors.first ?? .none
                return
            }
            if request.groupID.isEmpty { $0.errorCode = .invalidGroupID }
            $0.members = zip(request.members, errors).map { member, error in
                .init {
                    $0.memberID = member.memberID
                    $0.groupInstanceID = member.groupInstanceID
                    $0.errorCode = error
                }
            }
        }
        return .answer(call.answer(LeaveGroupAPI.self, response))
    }
}
