import Clocks
import GameRules
import Synchronization
import Threads

/// Plays the eleven runs, one after the other, each over several connections.
struct LoadPlayer {
    private let options: LoadOptions
    private let clock = SystemClocks()

    init(_ options: LoadOptions) { self.options = options }

    /// Plays everything, prints a table and gives the program's exit code.
    func play() -> Int32 {
        StopSignals.unblock()
        var outcomes: [RunOutcome] = []
        for (index, run) in PlayerRun.all.enumerated() {
            let title = "run \(index + 1) of \(PlayerRun.all.count)"
            let outcome = play(run, title)
            if let problem = outcome.problem {
                Output.progress("")
                Output.complain("game-api: \(title), \(run.path): \(problem)")
                return 1
            }
            outcomes.append(outcome)
        }
        Output.progress("")
        Output.write(OutcomeTable(outcomes).text)
        return outcomes.allSatisfy(\.isAsExpected) ? 0 : 1
    }

    private func play(_ run: PlayerRun, _ title: String) -> RunOutcome {
        let start: MonotonicInstant = clock.now()
        let progress = RunInProgress(run, title, options.target)
        let threads = (0..<min(options.connections, run.count)).map { _ in
            Thread("player") { progress.work() }
        }
        for thread in threads { thread.join() }
        let end: MonotonicInstant = clock.now()
        return progress.outcome(seconds: Double((end - start).wholeNanoseconds) / 1e9)
    }
}

/// What one run came to.
struct RunOutcome: Sendable {
    var run: PlayerRun
    /// How often each status came.
    var answers: [Int: Int] = [:]
    /// Why the run could not go on.
    var problem: String?
    var seconds = 0.0

    var isAsExpected: Bool { problem == nil && answers == [run.expectedStatus: run.count] }
}

/// A run that several threads share.
private final class RunInProgress: Sendable {
    private let run: PlayerRun
    private let title: String
    private let target: HostAndPort
    private let state: Mutex<RunOutcome>
    private let started = Atomic(0)

    init(_ run: PlayerRun, _ title: String, _ target: HostAndPort) {
        self.run = run
        self.title = title
        self.target = target
        state = Mutex(RunOutcome(run: run))
    }

    /// Sends requests over one connection until the run has enough.
    func work() {
        do throws(ClientError) {
            var client = try KeepAliveClient(target)
            while started.add(1, ordering: .relaxed).newValue <= run.count {
                let status = try client.get(run.path, host: run.host)
                let done = state.withLock { state in
                    state.answers[status, default: 0] += 1
                    return state.answers.values.reduce(0, +)
                }
                if done % 25 == 0 { Output.progress("\(title): \(run.path) \(done)/\(run.count)") }
            }
        } catch {
            // The others stop as well: a run that lost a connection is not what was asked for.
            started.store(run.count, ordering: .relaxed)
            state.withLock { $0.problem = $0.problem ?? error.message }
        }
    }

    func outcome(seconds: Double) -> RunOutcome {
        var outcome = state.withLock { $0 }
        outcome.seconds = seconds
        return outcome
    }
}
