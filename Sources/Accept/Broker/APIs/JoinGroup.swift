internal import KafkaProtocol

extension Broker {
    /// A member joins a group; the answer comes when the group has its next generation.
    internal func joinGroup(_ asked: JoinGroupAPI.Request, _ call: Call) -> Handling<FS> {
        let session = Duration.milliseconds(Int(asked.sessionTimeoutMilliseconds))
        var request = JoinRequest(
            group: asked.groupID,
            sessionTimeout: session,
            // The first version had no rebalance timeout.
            rebalanceTimeout: asked.rebalanceTimeoutMilliseconds < 0
                ? session : .milliseconds(Int(asked.rebalanceTimeoutMilliseconds)),
            protocolType: asked.protocolType,
            protocols: asked.protocols.map { GroupProtocol(name: $0.name, metadata: $0.metadata) }
        )
        request.memberID = asked.memberID
        request.instanceID = asked.groupInstanceID
        request.clientID = call.clientID
        request.clientHost = "/" + call.client.host
        request.acceptsMemberIDRequired = call.version >= 4
        request.acceptsSkippedAssignment = call.version >= 9
        groups.join(request) { answer in
            let response = JoinGroupAPI.Response {
                $0.errorCode = answer.error
                $0.generationID = answer.generation
                $0.protocolType = answer.protocolType
                // Before version 7 the name may not be null.
                $0.protocolName = answer.protocolName ?? (call.version < 7 ? "" : nil)
                $0.leader = answer.leader
                $0.skipsAssignment = answer.skipsAssignment
                $0.memberID = answer.memberID
                $0.members = answer.members.map { member in
                    .init {
                        $0.memberID = member.memberID
                        $0.groupInstanceID = member.instanceID
                        $0.metadata = member.metadata
                    }
                }
            }
            call.reply(.answer(call.answer(JoinGroupAPI.self, response)))
        }
        return .later(isPipelined: false)
    }
}
