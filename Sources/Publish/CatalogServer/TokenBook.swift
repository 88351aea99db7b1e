internal import Clocks
internal import Synchronization

/// Tokens that were given out. They live as long as the process: clients fetch new ones when they
/// are refused.
final class TokenBook: Sendable {
    /// What a token is worth.
    enum Standing {
        case good
        case expired
        case unknown
    }

    /// Tokens that are remembered, expired ones too; the oldest are forgotten first.
    private static let tokensMax = 10_000

    let lifetime: Duration
    private let clock: any MonotonicClock
    private let state: Mutex<State>

    private struct State {
        var random: any RandomSource
        var expiry: [String: MonotonicInstant] = [:]
        var order: [String] = []
    }

    init(lifetime: Duration, clock: any MonotonicClock, random: any RandomSource) {
        self.lifetime = lifetime
        self.clock = clock
        state = Mutex(State(random: random))
    }

    /// A new token of 244 random bits.
    func issue() -> String {
        let expiry = clock.now() + lifetime
        return state.withLock { state in
            var random = state.random
            defer { state.random = random }
            let token = Self.token(&random)
            state.expiry[token] = expiry
            state.order.append(token)
            if state.order.count > Self.tokensMax {
                state.expiry[state.order.removeFirst()] = nil
            }
            return token
        }
    }

    private static func token(_ random: inout some RandomSource) -> String {
        "\(UUID16(random: &random))\(UUID16(random: &random))".filter { $0 != "-" }
    }

    func standing(of token: String) -> Standing {
        let now = clock.now()
        return state.withLock { state in
            guard let expiry = state.expiry[token] else { return .unknown }
            return now < expiry ? .good : .expired
        }
    }
}
