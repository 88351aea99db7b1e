internal import CRdKafka
import Synchronization
import Telemetry
import Threads

/// What librdkafka's own threads tell: that there is something to read, that brokers do not answer,
/// what became of an offset commit. Outlives the handle that calls it.
final class KafkaNews: Sendable {
    private struct State {
        var waiters: [Int: @Sendable () -> Void] = [:]
        var lastWaiter = 0
        /// What a broker said last when it could not be reached.
        var lastReason = ""
        var trouble: String?
    }

    private let state = Mutex(State())
    /// Offset commits that no answer has come for.
    private let commits = Condition(0)
    let logger: Logger
    /// What a member of a group holds; nil for connections that are none.
    let share: ShareLedger?

    init(logger: Logger, share: ShareLedger? = nil) {
        self.logger = logger
        self.share = share
    }

    // Something to read

    /// Calls `wake` once when something has come; forget it with `cancel`.
    func wait(_ wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = wake
            return state.lastWaiter
        }
    }

    func cancel(_ waiter: Int) {
        state.withLock { state in _ = state.waiters.removeValue(forKey: waiter) }
    }

    /// Wakes everybody who waits. Called under a lock of librdkafka's.
    func arrived() {
        let waiters = state.withLock { state in
            let waiters = state.waiters
            state.waiters = [:]
            return waiters
        }
        for wake in waiters.values { wake() }
    }

    // Trouble

    /// Why the cluster does not answer; nil while it does.
    var trouble: String? { state.withLock { $0.trouble } }

    /// The cluster has answered.
    func answered() {
        state.withLock { $0.trouble = nil }
    }

    /// A request has failed.
    func failed(_ reason: String) {
        state.withLock { state in
            if state.trouble == nil || state.lastReason.isEmpty { state.trouble = reason }
        }
    }

    /// An error that concerns the whole connection.
    func connectionFailed(_ code: rd_kafka_resp_err_t, _ reason: String) {
        state.withLock { state in
            switch code {
            case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
                state.trouble =
                    state.lastReason.isEmpty ? "all brokers are down" : state.lastReason
            case RD_KAFKA_RESP_ERR__AUTHENTICATION,
                RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
                state.lastReason = "authentication failed: \(reason)"
                state.trouble = state.lastReason
            default:
                state.lastReason = reason
                // The newest reason is the best one.
                if state.trouble != nil { state.trouble = reason }
            }
        }
        logger.debug("kafka connection", ["reason": reason])
    }

    // Courtesy commits

    func commitBegins() {
        commits.update { $0 += 1 }
    }

    func commitEnded(_ code: rd_kafka_resp_err_t) {
        commits.update { $0 -= 1 }
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            logger.debug("the consumer group's offsets were not stored", ["reason": text(code)])
        }
    }

    /// Waits until every commit was answered, at most `timeout`.
    func waitForCommits(_ timeout: Duration) {
        _ = commits.wait(timeout: timeout) { $0 == 0 ? true : nil }
    }
}
