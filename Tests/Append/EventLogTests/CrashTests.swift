import Glibc
import Testing

/// Runs of `CrashSimulation`. `MILLRACE_CRASH_SEEDS=100000 swift test --filter CrashTests` runs
/// more of them, `MILLRACE_CRASH_SEED=4711` runs one.
struct CrashTests {
    private func setting(_ name: String) -> UInt64? {
        guard let text = unsafe getenv(name) else { return nil }
        return UInt64(unsafe String(cString: text))
    }

    @Test func `what was acknowledged survives every crash, in order, once`() throws {
        if let seed = setting("MILLRACE_CRASH_SEED") {
            var simulation = try CrashSimulation(seed: seed)
            try simulation.run(steps: 250)
            return
        }
        for seed in 0..<(setting("MILLRACE_CRASH_SEEDS") ?? 300) {
            var simulation = try CrashSimulation(seed: seed)
            do {
                try simulation.run(steps: 250)
            } catch {
                Issue.record("\(error)")
                return
            }
        }
    }
}
