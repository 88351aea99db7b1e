import Synchronization

/// Everything for which a connection may be asleep: exchanges without an answer, and streams whose
/// producers have nothing yet.
///
/// libmicrohttpd ends the process when it is stopped while a connection sleeps, so a stop must be
/// able to wake all of them, also those that fall asleep while it is under way.
final class Suspensions: Sendable {
    private struct State {
        var exchanges: [ObjectIdentifier: Exchange] = [:]
        var streams: [ObjectIdentifier: BodyQueue] = [:]
        var isEnded = false
    }

    private let state = Mutex(State())

    /// Notes that `exchange` sleeps; false when nothing may sleep any more, and it must be woken.
    func insert(_ exchange: Exchange) -> Bool {
        state.withLock { state in
            state.exchanges[ObjectIdentifier(exchange)] = exchange
            return !state.isEnded
        }
    }

    /// Notes that `stream` may fall asleep; false when nothing may any more, and it must fail.
    func insert(_ stream: BodyQueue) -> Bool {
        state.withLock { state in
            state.streams[ObjectIdentifier(stream)] = stream
            return !state.isEnded
        }
    }

    func remove(_ exchange: Exchange) {
        state.withLock { _ = $0.exchanges.removeValue(forKey: ObjectIdentifier(exchange)) }
    }

    func remove(_ stream: BodyQueue) {
        state.withLock { _ = $0.streams.removeValue(forKey: ObjectIdentifier(stream)) }
    }

    /// From now on nothing may sleep; gives all that may be asleep, to be woken.
    func end() -> (exchanges: [Exchange], streams: [BodyQueue]) {
        state.withLock { state in
            state.isEnded = true
            return (Array(state.exchanges.values), Array(state.streams.values))
        }
    }
}
