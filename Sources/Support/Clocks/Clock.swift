/// Tells what time it is. The seam between the product and the machine's calendar; may jump in both
/// directions.
public protocol WallClock: Sendable {
    /// The present moment.
    func now() -> Timestamp
}

/// Measures how much time passes. Never goes back; its zero means nothing.
public protocol MonotonicClock: Sendable {
    /// The present instant.
    func now() -> MonotonicInstant
}

/// An instant of a monotonic clock, comparable only with instants of the same clock.
public struct MonotonicInstant: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Nanoseconds since an arbitrary zero.
    public var nanoseconds: Int64

    /// The instant `nanoseconds` after the clock's zero.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Earlier is smaller.
    @inlinable
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `duration` later; stops at the largest instant there is.
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(
            duration.wholeNanoseconds
        )
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }

    /// Time from `earlier` to `later`.
    public static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
        .nanoseconds(later.nanoseconds - earlier.nanoseconds)
    }
}
