import Glibc
import Testing

/// Runs of `CommitSimulation`. `MILLRACE_COMMIT_SEEDS=100000 swift test --filter
/// CommitSimulationTests` runs more of them, `MILLRACE_COMMIT_SEED=4711` runs one.
struct CommitSimulationTests {
    private func setting(_ name: String) -> UInt64? {
        guard let text = unsafe getenv(name) else { return nil }
        return UInt64(unsafe String(cString: text))
    }

    @Test func `every record is landed once, whatever goes wrong with whom`() throws {
        if let seed = setting("MILLRACE_COMMIT_SEED") {
            var simulation = CommitSimulation(seed: seed)
            try simulation.run(steps: 300)
            return
        }
        for seed in 0..<(setting("MILLRACE_COMMIT_SEEDS") ?? 400) {
            var simulation = CommitSimulation(seed: seed)
            do {
                try simulation.run(steps: 300)
            } catch {
                Issue.record("\(error)")
                return
            }
        }
    }
}
