internal import KafkaProtocol

extension Broker {
    /// Tells which groups there are, all of Kafka's classic type.
    internal func listGroups(_ request: ListGroupsAPI.Request, _ call: Call) -> Handling<FS> {
        let all = groups.perform { coordinator, _ in coordinator.descriptions }
        let states = Set(request.states.map { $0.lowercased() })
        let types = Set(request.types.map { $0.lowercased() })
        let response = ListGroupsAPI.Response {
            guard types.isEmpty || types.contains("classic") else { return }
            $0.groups = all.filter { states.isEmpty || states.contains($0.state.lowercased()) }
                .map { group in
                    .init {
                        $0.groupID = group.group
                        $0.protocolType = group.protocolType
                        $0.state = group.state
                        $0.type = "classic"
                    }
                }
        }
        return .answer(call.answer(ListGroupsAPI.self, response))
    }
}
