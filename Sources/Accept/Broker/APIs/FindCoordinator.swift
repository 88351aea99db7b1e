internal import KafkaProtocol

extension Broker {
    /// Every group's coordinator is this broker.
    internal func findCoordinator(
        _ request: FindCoordinatorAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        let response = FindCoordinatorAPI.Response {
            $0.coordinators = request.keys.map { key in
                .init {
                    $0.key = key
                    guard request.keyType == 0 else {
                        // Transactions are not offered; a client that asks nevertheless is told
                        // that it may not have them.
                        $0.errorCode =
                            request.keyType == 1
                            ? .transactionalIDAuthorizationFailed : .invalidRequest
                        $0.errorMessage = "only groups have a coordinator here"
                        return
                    }
                    $0.nodeID = options.nodeID
                    $0.host = call.client.advertisedHost
                    $0.port = Int32(call.client.advertisedPort)
                }
            }
        }
        return .answer(call.answer(FindCoordinatorAPI.self, response))
    }
}
