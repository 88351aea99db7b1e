internal import KafkaProtocol

extension Broker {
    /// A member asks for its share; the answer comes when the leader has brought the assignment.
    internal func syncGroup(_ asked: SyncGroupAPI.Request, _ call: Call) -> Handling<FS> {
        var request = SyncRequest(
            group: asked.groupID,
            memberID: asked.memberID,
            generation: asked.generationID
        )
        request.instanceID = asked.groupInstanceID
        request.protocolType = asked.protocolType
        request.protocolName = asked.protocolName
        for assignment in asked.assignments {
            request.assignments[assignment.memberID] = assignment.assignment
        }
        groups.sync(request) { answer in
            let response = SyncGroupAPI.Response {
                $0.errorCode = answer.error
                $0.protocolType = answer.protocolType
                $0.protocolName = answer.protocolName
                $0.assignment = answer.assignment
            }
            call.reply(.answer(call.answer(SyncGroupAPI.self, response)))
        }
        return .later(isPipelined: false)
    }
}
