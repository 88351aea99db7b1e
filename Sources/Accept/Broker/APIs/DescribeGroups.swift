internal import KafkaProtocol

extension Broker {
    /// Tells what groups are doing. A group that nobody knows is dead, which is not an error.
    internal func describeGroups(
        _ request: DescribeGroupsAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        let found = groups.perform { coordinator, _ in request.groups.map(coordinator.describe) }
        let response = DescribeGroupsAPI.Response {
            $0.groups = zip(request.groups, found).map { name, group in
                .init {
                    $0.groupID = name
                    $0.state = group?.state ?? "Dead"
                    $0.protocolType = group?.protocolType ?? ""
                    $0.protocolName = group?.protocolName ?? ""
                    $0.members = (group?.members ?? []).map { member in
                        .init {
                            $0.memberID = member.memberID
                            $0.groupInstanceID = member.instanceID
                            $0.clientID = member.clientID
                            $0.clientHost = member.clientHost
                            $0.metadata = member.metadata
                            $0.assignment = member.assignment
                        }
                    }
                }
            }
        }
        return .answer(call.answer(DescribeGroupsAPI.self, response))
    }
}
