internal import Clocks
internal import KafkaProtocol
internal import Synchronization

/// The group coordinator among threads: a lock around the state machine, the replies that wait, and
/// the clock.
///
/// Replies are called after the lock was released.
internal final class GroupHost: Sendable {
    private struct State: Sendable {
        var coordinator: GroupCoordinator
        var joins: [Ticket: @Sendable (JoinAnswer) -> Void] = [:]
        var syncs: [Ticket: @Sendable (SyncAnswer) -> Void] = [:]
        var lastTicket: UInt64 = 0

        mutating func newTicket() -> Ticket {
            lastTicket += 1
            return Ticket(number: lastTicket)
        }

        /// Takes the answers that are due, each with who waits for it.
        mutating func takeDue() -> [@Sendable () -> Void] {
            var due: [@Sendable () -> Void] = []
            for answer in coordinator.takeAnswers() {
                switch answer {
                case .join(let ticket, let answer):
                    if let reply = joins.removeValue(forKey: ticket) {
                        due.append { reply(answer) }
                    }
                case .sync(let ticket, let answer):
                    if let reply = syncs.removeValue(forKey: ticket) {
                        due.append { reply(answer) }
                    }
                }
            }
            return due
        }
    }
    private let state: Mutex<State>
    private let clock: any MonotonicClock
    /// Asked to call `expire` in time.
    private let alarm = Mutex<(@Sendable (MonotonicInstant) -> Void)?>(nil)

    init(_ coordinator: GroupCoordinator, clock: any MonotonicClock) {
        state = Mutex(State(coordinator: coordinator))
        self.clock = clock
    }

    /// Calls `alarm` with the instant at which `expire` is to be called, whenever that changes.
    func setAlarm(_ alarm: @escaping @Sendable (MonotonicInstant) -> Void) {
        self.alarm.withLock { $0 = alarm }
    }

    /// Reads or changes the state at the present instant, and sends what became due.
    func perform<Result: Sendable>(
        _ body: (inout GroupCoordinator, MonotonicInstant) -> Result
    ) -> Result {
        change { body(&$0.coordinator, $1) }
    }

    /// A member joins; `reply` is called once.
    func join(_ request: JoinRequest, reply: @escaping @Sendable (JoinAnswer) -> Void) {
        change { state, now in
            let ticket = state.newTicket()
            state.joins[ticket] = reply
            state.coordinator.join(request, ticket, now: now)
        }
    }

    /// A member asks for its share; `reply` is called once.
    func sync(_ request: SyncRequest, reply: @escaping @Sendable (SyncAnswer) -> Void) {
        change { state, now in
            let ticket = state.newTicket()
            state.syncs[ticket] = reply
            state.coordinator.sync(request, ticket, now: now)
        }
    }

    /// Answers everybody who waits that the coordinator is about to go.
    func refuseWaiting() {
        let (joins, syncs) = state.withLock { state in
            defer {
                state.joins = [:]
                state.syncs = [:]
            }
            return (state.joins.values, state.syncs.values)
        }
        for reply in joins { reply(JoinAnswer(error: .coordinatorNotAvailable, memberID: "")) }
        for reply in syncs { reply(SyncAnswer(error: .coordinatorNotAvailable)) }
    }

    /// Ends what has run out of time.
    func expire() {
        perform { coordinator, now in coordinator.expire(now: now) }
    }

    private func change<Result: Sendable>(
        _ body: (inout State, MonotonicInstant) -> Result
    ) -> Result {
        let now = clock.now()
        let (result, due, deadline) = state.withLock { state in
            let result = body(&state, now)
            return (result, state.takeDue(), state.coordinator.deadline)
        }
        for reply in due { reply() }
        if deadline.nanoseconds != .max {
            alarm.withLock { $0 }?(deadline)
        }
        return result
    }
}
