internal import Clocks
internal import Files
internal import Synchronization

/// From time to time: forgets groups that nobody uses, and offsets that were kept long enough.
internal final class OffsetsSweep<FS: FileSystem>: Sendable {
    private static var interval: Duration { .seconds(600) }
    private let groups: GroupHost
    private let offsets: OffsetsTopic<FS>
    private let clock: any MonotonicClock
    private let due: Mutex<MonotonicInstant>

    init(groups: GroupHost, offsets: OffsetsTopic<FS>, clock: any MonotonicClock) {
        self.groups = groups
        self.offsets = offsets
        self.clock = clock
        due = Mutex(clock.now() + Self.interval)
    }

    /// When the next sweep is due.
    var next: MonotonicInstant { due.withLock { $0 } }

    /// Sweeps if it is time; returns when it is next.
    func performIfDue() -> MonotonicInstant {
        let now = clock.now()
        let isDue = due.withLock { due in
            if due > now { return false }
            due = now + Self.interval
            return true
        }
        if isDue {
            let expired = groups.perform { coordinator, now in
                coordinator.removeUnused()
                return coordinator.expiredGroups(now: now)
            }
            // A log without room: the next sweep finds them again.
            _ = offsets.forgetGroups(expired) { _ in }
        }
        return next
    }
}
