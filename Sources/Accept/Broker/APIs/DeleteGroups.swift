internal import KafkaProtocol

extension Broker {
    /// Forgets groups without members, and their offsets; answers when that is durable.
    internal func deleteGroups(_ request: DeleteGroupsAPI.Request, _ call: Call) -> Handling<FS> {
        let objections = groups.perform { coordinator, _ in
            request.groups.map(coordinator.objection(toDeletionOf:))
        }
        let doomed = zip(request.groups, objections).filter { $0.1 == nil }.map(\.0)
        let isQueued = offsets.forgetGroups(doomed) { failure in
            let response = DeleteGroupsAPI.Response {
                $0.groups = zip(request.groups, objections).map { name, objection in
                    .init {
                        $0.groupID = name
                        $0.errorCode = objection ?? failure ?? .none
                    }
                }
            }
            call.reply(.answer(call.answer(DeleteGroupsAPI.self, response)))
        }
        return isQueued ? .later(isPipelined: false) : .overloaded
    }
}
