import Synchronization

/// Clocks that stand still until they are told to move: for tests and simulations.
public final class ManualClocks: WallClock, MonotonicClock {
    private let wall: Mutex<Timestamp>
    private let elapsed = Mutex<Int64>(0)

    /// Clocks that show `start`, 2026-01-01T00:00:00Z unless told otherwise.
    public init(at start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        wall = Mutex(start)
    }

    /// The moment the clock was set to.
    public func now() -> Timestamp { wall.withLock { $0 } }

    /// The time advanced so far.
    public func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: elapsed.withLock { $0 })
    }

    /// Moves both clocks forward.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "a monotonic clock cannot go back")
        wall.withLock { $0 = $0 + duration }
        elapsed.withLock { $0 += duration.wholeNanoseconds }
    }

    /// Sets the wall clock alone, as an operator or a time server might, also backwards.
    public func set(_ moment: Timestamp) { wall.withLock { $0 = moment } }
}
