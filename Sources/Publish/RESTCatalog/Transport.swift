internal import Catalogs
internal import Clocks
internal import HTTPClient
internal import JSONText
internal import Telemetry
internal import Threads

/// Requests to the catalog: who asks, how often, and what silence means.
final class Transport: Sendable {
    private let options: RESTCatalogOptions
    private let session: HTTPSession
    private let tokens: TokenSource
    private let logger: Logger
    /// Longest pause that a server may ask for.
    private static let pauseMax = Duration.seconds(10)

    init(_ options: RESTCatalogOptions, clock: any MonotonicClock, logger: Logger) {
        self.options = options
        self.logger = logger
        session = HTTPSession(signature: options.signature)
        tokens = TokenSource(options, session, clock)
    }

    /// Where the catalog says that tokens are fetched.
    func adopt(oauthURI: String?) { tokens.adopt(oauthURI: oauthURI) }

    /// Reads; tried again after failures that may pass.
    func ask(
        _ method: HTTPCall.Method,
        _ url: String,
        _ headers: [(String, String)] = []
    ) throws(CatalogError) -> HTTPAnswer {
        try repeated { (isLast) throws(CatalogError) in
            do throws(HTTPClientError) {
                let answer = try send(method, url, headers, nil)
                return isLast || answer.status < 500 && answer.status != 429
                    ? .done(answer) : .again(Self.pause(answer))
            } catch {
                if !isLast { return .again(nil) }
                throw .foreign(
                    catalog: options.uri,
                    reason: error.description,
                    isRetriable: true
                )
            }
        }
    }

    /// Changes something: sent again only when it is certain that nothing was done.
    func change(
        _ method: HTTPCall.Method,
        _ url: String,
        _ body: JSONValue
    ) throws(CatalogError) -> HTTPAnswer {
        let text = body.text()
        return try repeated { (isLast) throws(CatalogError) in
            do throws(HTTPClientError) {
                let answer = try send(method, url, [], text)
                let wasRefused = answer.status == 503 || answer.status == 429
                return wasRefused && !isLast ? .again(Self.pause(answer)) : .done(answer)
            } catch {
                if error.wasSent {
                    throw .unknownOutcome(path: options.uri, reason: error.description)
                }
                if !isLast { return .again(nil) }
                throw .foreign(
                    catalog: options.uri,
                    reason: error.description,
                    isRetriable: true
                )
            }
        }
    }

    private enum Attempt {
        case done(HTTPAnswer)
        /// Try again, after the pause that the server asked for, if any.
        case again(Duration?)
    }

    private func repeated(
        _ attempt: (_ isLast: Bool) throws(CatalogError) -> Attempt
    ) throws(CatalogError) -> HTTPAnswer {
        var pause = options.firstPause
        var count = 1
        while true {
            switch try attempt(count >= options.attemptsMax) {
            case .done(let answer): return answer
            case .again(let asked):
                let wanted = max(pause, min(asked ?? .zero, Self.pauseMax))
                _ = Condition(()).wait(timeout: wanted) { _ in nil as Bool? }
                pause *= 2
                count += 1
            }
        }
    }

    private static func pause(_ answer: HTTPAnswer) -> Duration? {
        answer.header("Retry-After").flatMap { Int($0) }.map { .seconds(max(0, $0)) }
    }

    /// One exchange. A token that the catalog refuses is fetched anew once: a refused request was
    /// not looked at.
    private func send(
        _ method: HTTPCall.Method,
        _ url: String,
        _ headers: [(String, String)],
        _ body: String?
    ) throws(HTTPClientError) -> HTTPAnswer {
        var mayRefresh = true
        while true {
            let token = try tokens.current()
            var lines = headers.map { (name: $0.0, value: $0.1) }
            if body != nil { lines.append(("Content-Type", "application/json")) }
            lines.append(("Accept", "application/json"))
            if let token { lines.append(("Authorization", "Bearer \(token)")) }
            let answer = try session.send(
                HTTPCall(method, url, headers: lines, body: body, timeout: options.timeout)
            )
            let isRefused = answer.status == 401 || answer.status == 419
            guard isRefused, mayRefresh, let token, tokens.forget(token) else { return answer }
            logger.debug("the catalog wants another token", ["status": answer.status])
            mayRefresh = false
        }
    }
}
