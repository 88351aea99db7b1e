import CLinux
import Glibc

/// The machine's own clocks. One value serves both seams; say which is meant by the type it is
/// passed to or assigned to.
public struct SystemClocks: WallClock, MonotonicClock {
    /// The machine's clocks.
    public init() {}

    /// The machine's calendar time.
    public func now() -> Timestamp {
        Timestamp(milliseconds: Self.nanoseconds(CLOCK_REALTIME) / 1_000_000)
    }

    /// Nanoseconds since the machine started.
    public func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Self.nanoseconds(CLOCK_MONOTONIC))
    }

    // The call is in C: in release builds the compiler finds timespec in a module that must not be
    // imported.
    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        let time = c_linux_clock_nanoseconds(clock)
        precondition(time >= 0, "the system has no clock number \(clock)")
        return time
    }
}
