internal import KafkaProtocol

extension Broker {
    /// A member says that it lives.
    internal func heartbeat(_ request: HeartbeatAPI.Request, _ call: Call) -> Handling<FS> {
        let error = groups.perform { coordinator, now in
            coordinator.heartbeat(
                group: request.groupID,
                memberID: request.memberID,
                instanceID: request.groupInstanceID,
                generation: request.generationID,
                now: now
            )
        }
        return .answer(call.answer(HeartbeatAPI.self, .init { $0.errorCode = error }))
    }
}
