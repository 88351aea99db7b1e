import Glibc

/// The machine's own clocks. One value serves both seams; say which is meant by the type it is
/// passed to or assigned to.
public struct SystemClocks: WallClock, MonotonicClock {
    /// The machine's clocks.
    public init() {}

    /// The machine's calendar time.
    public func now() -> Timestamp {
        let time = Self.read(CLOCK_REALTIME)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Nanoseconds since the machine started.
    public func now() -> MonotonicInstant {
        let time = Self.read(CLOCK_MONOTONIC)
        return MonotonicInstant(
            nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        )
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // SAFETY: the call writes one timespec, which outlives it.
        let code = unsafe clock_gettime(clock, &time)
        precondition(code == 0, "clock_gettime failed: error \(errno)")
        return time
    }
}
