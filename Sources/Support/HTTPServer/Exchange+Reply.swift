internal import CMicroHTTPD
import Telemetry

/// Handing an answer to libmicrohttpd.
extension Exchange {
    func queue(_ response: HTTPResponse) -> MHD_Result {
        guard let made = MadeResponse(response.body, for: connection) else {
            server.log.error("an answer could not be made: out of memory")
            return c_microhttpd_no
        }
        for header in response.headers where !made.add(header.name, header.value) {
            server.log.warning("a header line was left out", ["name": header.name])
        }
        if response.closesConnection || server.isDraining { _ = made.add("Connection", "close") }
        if case .stream(let stream) = response.body {
            self.stream = stream.queue
            if !server.suspended.insert(stream.queue) { stream.queue.cut() }
        }
        server.count(status: response.status)
        return connection.queue(status: response.status, made)
    }
}
