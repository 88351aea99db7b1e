internal import Clocks
internal import HTTPClient
internal import JSONText
internal import Synchronization
internal import Telemetry

/// Tokens for requests: a fixed one, or such as OAuth 2 gives for a credential, fetched before the
/// last one ends.
final class TokenSource: Sendable {
    private struct State {
        var token: String?
        var end: MonotonicInstant?
        var oauthURI: String?
    }

    private let options: RESTCatalogOptions
    private let session: HTTPSession
    private let clock: any MonotonicClock
    // Held while a token is fetched: others wait for it instead of fetching one each.
    private let state: Mutex<State>

    init(_ options: RESTCatalogOptions, _ session: HTTPSession, _ clock: any MonotonicClock) {
        self.options = options
        self.session = session
        self.clock = clock
        state = Mutex(State(token: options.token?.revealed))
    }

    func adopt(oauthURI: String?) {
        if let oauthURI { state.withLock { $0.oauthURI = oauthURI } }
    }

    /// What to send; nil when there is nothing to prove.
    func current() throws(HTTPClientError) -> String? {
        guard let credential = options.credential else { return options.token?.revealed }
        return try state.withLock { (state) throws(HTTPClientError) -> String? in
            if let token = state.token, state.end.map({ clock.now() < $0 }) ?? true { return token }
            let url = options.oauthURI ?? state.oauthURI ?? "\(options.uri)/v1/oauth/tokens"
            let (token, lifetime) = try fetch(credential.revealed, from: url)
            state.token = token
            // A fifth of its life is left for clocks that differ and requests that take long.
            state.end = lifetime.map { clock.now() + $0 * 4 / 5 }
            return token
        }
    }

    /// Forgets a token that was refused; false when there is no other to be had.
    func forget(_ token: String) -> Bool {
        guard options.credential != nil else { return false }
        state.withLock { if $0.token == token { $0.token = nil } }
        return true
    }

    private func fetch(
        _ credential: String,
        from url: String
    ) throws(HTTPClientError) -> (token: String, lifetime: Duration?) {
        let halves = credential.split(separator: ":", maxSplits: 1).map(String.init)
        var form = "grant_type=client_credentials&scope=\(percentEncoded(options.scope))"
        if halves.count == 2 { form += "&client_id=\(percentEncoded(halves[0]))" }
        form += "&client_secret=\(percentEncoded(halves.last ?? ""))"
        let answer: HTTPAnswer
        do throws(HTTPClientError) {
            answer = try session.send(
                HTTPCall(
                    .post,
                    url,
                    headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: form,
                    timeout: options.timeout
                )
            )
        } catch {
            // The request that wants the token was not sent.
            throw HTTPClientError(description: error.description, isRefused: error.isRefused)
        }
        let value = try? JSONValue.parse(answer.text)
        guard answer.status == 200, let token = value?["access_token"]?.stringValue else {
            let reason = value?["error_description"]?.stringValue ?? value?["error"]?.stringValue
            throw HTTPClientError(
                description: "\(url) gives no token for the credential: it answers "
                    + "\(answer.status) \(reason ?? "")",
                isRefused: false
            )
        }
        let seconds = value?["expires_in"]?.integerValue
        return (token, seconds.map { .seconds(max(1, $0)) })
    }
}
