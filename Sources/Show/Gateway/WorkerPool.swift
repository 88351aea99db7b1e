import Threads

/// A few threads for work that blocks, with a bounded queue.
final class WorkerPool: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var working = 0
        var isStopped = false
    }

    private let state: Condition<State>
    private let waitingMax: Int

    /// Starts `threads` threads; at most `waitingMax` jobs wait for one.
    init(_ name: String, threads: Int, waitingMax: Int) {
        precondition(threads > 0 && waitingMax > 0, "a pool needs threads and a queue")
        let state = Condition(State())
        self.state = state
        self.waitingMax = waitingMax
        for number in 1...threads {
            _ = Thread("\(name)-\(number)") { Self.work(state) }
        }
    }

    deinit { state.update { $0.isStopped = true } }

    /// Queues `job`; false when the queue is full or the pool was stopped.
    func run(_ job: @escaping Job) -> Bool {
        state.update { state in
            guard !state.isStopped, state.jobs.count < self.waitingMax else { return false }
            state.jobs.append(job)
            return true
        }
    }

    /// Takes no more jobs, drops those that wait, and waits for those that run; false when they
    /// take longer.
    func stop(gracePeriod: Duration) -> Bool {
        let dropped = state.update { state in
            defer { state.jobs = [] }
            state.isStopped = true
            return state.jobs
        }
        // Letting go of a job lets go of its responder, which answers; not under the lock.
        withExtendedLifetime(dropped) {}
        return state.wait(timeout: gracePeriod) { $0.working == 0 ? true : nil } ?? false
    }

    private static func work(_ state: Condition<State>) {
        while true {
            let job = state.wait { state -> Job?? in
                if state.isStopped { return .some(nil) }
                guard !state.jobs.isEmpty else { return nil }
                state.working += 1
                return state.jobs.removeFirst()
            }
            guard let job = job ?? nil else { return }
            job()
            state.update { $0.working -= 1 }
        }
    }
}
