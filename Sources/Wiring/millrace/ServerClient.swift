import HTTPClient
import JSONText

/// Asks the running server over HTTP.
struct ServerClient {
    /// `host:port` of the server's HTTP side.
    let address: String

    static let timeout = Duration.seconds(600)

    /// The JSON answer to a GET of `path`.
    func get(_ path: String) throws(CommandError) -> JSONValue {
        try ask(path, Self.timeout) { (exchange) throws(HTTPClientError) in try exchange.get() }
    }

    /// The JSON answer to a POST of `body` to `path`.
    func post(
        _ path: String,
        _ body: JSONValue,
        timeout: Duration = ServerClient.timeout
    ) throws(CommandError) -> JSONValue {
        try ask(path, timeout) { (exchange) throws(HTTPClientError) in
            try exchange.post(body.text(), contentType: "application/json")
        }
    }

    private func ask(
        _ path: String,
        _ timeout: Duration,
        _ send: (HTTPExchange) throws(HTTPClientError) -> HTTPAnswer
    ) throws(CommandError) -> JSONValue {
        let answer: HTTPAnswer
        do {
            answer = try send(HTTPExchange("http://\(address)\(path)", timeout: timeout))
        } catch {
            if error.isRefused {
                throw CommandError(
                    "no server answers at \(address); start one with 'millrace up'",
                    code: .unavailable
                )
            }
            throw CommandError(error.description, code: .unavailable)
        }
        let value: JSONValue
        do { value = try JSONValue.parse(answer.text) } catch {
            throw CommandError("\(address)\(path) did not answer with JSON: \(error)")
        }
        guard answer.status < 300 else {
            let detail = value["detail"]?.stringValue ?? value["title"]?.stringValue ?? answer.text
            throw CommandError("\(address)\(path) answered \(answer.status): \(detail)")
        }
        return value
    }

    /// True when a server answers at the address.
    var isRunning: Bool {
        (try? HTTPExchange("http://\(address)/healthz", timeout: .seconds(5)).get().status) == 200
    }
}
