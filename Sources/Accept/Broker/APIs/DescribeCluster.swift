internal import EventLog
internal import KafkaProtocol

extension Broker {
    /// Tells the brokers: this one.
    internal func describeCluster(
        _ request: DescribeClusterAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        let response = DescribeClusterAPI.Response {
            $0.endpointType = request.endpointType
            guard request.endpointType == 1 else {
                $0.errorCode =
                    request.endpointType == 2
                    ? .mismatchedEndpointType : .unsupportedEndpointType
                $0.errorMessage = "this is a broker: ask about endpoint type 1"
                return
            }
            $0.clusterID = log.clusterID
            $0.controllerID = options.nodeID
            $0.brokers = [
                .init {
                    $0.id = options.nodeID
                    $0.host = call.client.advertisedHost
                    $0.port = Int32(call.client.advertisedPort)
                }
            ]
        }
        return .answer(call.answer(DescribeClusterAPI.self, response))
    }
}
