internal import Threads

/// Watches over one running statement: stops it when somebody asks or its time is up.
///
/// A thread of its own, because DuckDB runs the statement on the caller's and is stopped by a flag
/// that another thread sets. The flag counts only while DuckDB executes, so it is set again and
/// again until the statement is over.
final class StatementRun: Sendable {
    private enum Phase {
        case running
        case stopRequested
        case finished
    }

    private let state = Condition(Phase.running)
    private let outcome = Condition<SQLError?>(nil)
    private let watch: Thread

    init(connection: Connection, limit: Duration?) {
        let state = state
        let outcome = outcome
        watch = Thread("sql-watch") {
            let phase = state.wait(timeout: limit) { phase in phase == .running ? nil : phase }
            if phase == .finished { return }
            outcome.update { value in
                if value == nil {
                    value = phase == nil ? .timedOut(after: limit ?? .zero) : .interrupted
                }
            }
            while state.withLock({ $0 != .finished }) {
                connection.interrupt()
                _ = state.wait(timeout: .milliseconds(20)) { $0 == .finished ? true : nil }
            }
        }
    }

    /// Asks the statement to stop; it fails with `interrupted` soon.
    func stop() {
        outcome.update { if $0 == nil { $0 = .interrupted } }
        state.update { if $0 == .running { $0 = .stopRequested } }
    }

    /// The statement is over. When this returns the watch has ended, so that it cannot stop the
    /// next statement.
    func finish() {
        let isFirst = state.update { phase in
            defer { phase = .finished }
            return phase != .finished
        }
        if isFirst { watch.join() }
    }

    /// Throws when the statement was asked to stop or ran out of time between two steps.
    func check() throws(SQLError) {
        if let error = outcome.withLock({ $0 }) { throw error }
    }

    /// Says why the statement was interrupted, which DuckDB does not know.
    func explain(_ error: SQLError) -> SQLError {
        guard error == .interrupted else { return error }
        return outcome.withLock { $0 } ?? error
    }
}
