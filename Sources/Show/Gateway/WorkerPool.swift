import Threads

/// A few threads for work that blocks, with a bounded queue.
final class WorkerPool: Sendable {
    /// Work to do; `mayRun` is false when the pool was stopped first, and there is only time to say
    /// so.
    typealias Job = @Sendable (_ mayRun: Bool) -> Void

    private struct State {
        var jobs: [Job] = []
        var isStopped = false
    }

    private let state: Condition<State>
    private let running: Condition<Int>
    private let waitingMax: Int

    /// Starts `threads` threads; at most `waitingMax` jobs wait for one. `running` counts the jobs
    /// that run, over all pools that share it.
    init(_ name: String, threads: Int, waitingMax: Int, running: Condition<Int>) {
        precondition(threads > 0 && waitingMax > 0, "a pool needs threads and a queue")
        let state = Condition(State())
        self.state = state
        self.running = running
        self.waitingMax = waitingMax
        for number in 1...threads {
            _ = Thread("\(name)-\(number)") { Self.work(state, running) }
        }
    }

    deinit { state.update { $0.isStopped = true } }

    /// Queues `job`; false when the queue is full or the pool was stopped, and then the job is not
    /// called.
    func run(_ job: @escaping Job) -> Bool {
        state.update { state in
            guard !state.isStopped, state.jobs.count < self.waitingMax else { return false }
            state.jobs.append(job)
            return true
        }
    }

    /// Takes no more jobs and tells those that wait that they will not run. What runs goes on.
    func stop() {
        let dropped = state.update { state in
            defer { state.jobs = [] }
            state.isStopped = true
            return state.jobs
        }
        for job in dropped { job(false) }
    }

    private static func work(_ state: Condition<State>, _ running: Condition<Int>) {
        while true {
            let job = state.wait { state -> Job?? in
                if state.isStopped { return .some(nil) }
                guard !state.jobs.isEmpty else { return nil }
                running.withLock { $0 += 1 }
                return state.jobs.removeFirst()
            }
            guard let job = job ?? nil else { return }
            job(true)
            running.update { $0 -= 1 }
        }
    }
}
