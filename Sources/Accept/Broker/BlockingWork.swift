internal import Clocks
internal import Threads

/// A thread for what a reactor must not do itself: wait for the disk (topics, producer ids), and
/// look at the clock of groups.
internal final class BlockingWork: Sendable {
    private struct State: Sendable {
        var work: [@Sendable () -> Void] = []
        /// When the tick is wanted at the latest.
        var deadline = MonotonicInstant(nanoseconds: .max)
        var isStopping = false
    }
    private enum Next {
        case work([@Sendable () -> Void])
        case tick
        case idle(until: MonotonicInstant)
        case stop
    }
    private let state = Condition(State())
    private let thread = Condition<Thread?>(nil)
    private let clock: any MonotonicClock

    /// Starts the thread; it calls `tick` when a deadline given to `wake(at:)` has come. What
    /// `tick` returns is the next one.
    init(clock: any MonotonicClock, tick: @escaping @Sendable () -> MonotonicInstant) {
        self.clock = clock
        thread.update { $0 = Thread("broker") { [self] in run(tick) } }
    }

    /// Runs `work` on the thread, behind what waits there.
    func perform(_ work: @escaping @Sendable () -> Void) {
        state.update { $0.work.append(work) }
    }

    /// Makes sure that `tick` is called at `deadline`, or soon after.
    func wake(at deadline: MonotonicInstant) {
        if state.withLock({ $0.deadline > deadline }) {
            state.update { $0.deadline = min($0.deadline, deadline) }
        }
    }

    /// Does what waits and ends the thread. Safe to call twice.
    func stop() {
        state.update { $0.isStopping = true }
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ tick: () -> MonotonicInstant) {
        var planned = MonotonicInstant(nanoseconds: .max)
        while true {
            var timeout: Duration?
            if planned.nanoseconds != .max { timeout = max(planned - clock.now(), .zero) }
            let next: Next? = state.wait(timeout: timeout) { state in
                self.next(of: &state, planned)
            }
            switch next {
            case .work(let work): for job in work { job() }
            case .tick: wake(at: tick())
            case .idle(let deadline): planned = deadline
            case .stop: return
            case nil: planned = MonotonicInstant(nanoseconds: .max)
            }
        }
    }

    /// What to do now; nil to sleep on until `planned`.
    private func next(of state: inout State, _ planned: MonotonicInstant) -> Next? {
        if !state.work.isEmpty {
            defer { state.work = [] }
            return .work(state.work)
        }
        if state.isStopping { return .stop }
        if state.deadline <= clock.now() {
            state.deadline = MonotonicInstant(nanoseconds: .max)
            return .tick
        }
        return state.deadline == planned ? nil : .idle(until: state.deadline)
    }
}
