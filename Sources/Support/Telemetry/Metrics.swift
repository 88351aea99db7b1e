import Synchronization

/// A number that only grows: requests served, bytes written. Usable from any thread.
public final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    init() {}

    /// Adds `amount`.
    public func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    /// Adds `amount`, which must not be negative.
    public func add(_ amount: Int) {
        precondition(amount >= 0, "a counter cannot fall")
        count.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// The sum so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that rises and falls: connections open, bytes waiting. Usable from any thread.
public final class Gauge: Sendable {
    private let number = AtomicDouble()

    init() {}

    /// Replaces the value.
    public func set(_ value: Double) { number.store(value) }
    /// Replaces the value.
    public func set(_ value: Int) { number.store(Double(value)) }
    /// Adds `amount`, which may be negative.
    public func add(_ amount: Double) { number.add(amount) }
    /// Adds `amount`, which may be negative.
    public func add(_ amount: Int) { number.add(Double(amount)) }

    /// The value now.
    public var value: Double { number.load() }
}

/// Counts observations by size: how long requests take, how many bytes they have. Usable from any
/// thread.
public final class Histogram: Sendable {
    /// Upper bounds of the buckets, rising; one more bucket takes what is above the last.
    public let bounds: [Double]
    private let buckets: [Counter]
    private let total = AtomicDouble()

    init(bounds: [Double]) {
        precondition(
            zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "the bounds of a histogram must rise"
        )
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts one observation.
    public func observe(_ value: Double) {
        buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
        total.add(value)
    }

    /// Counts one observation, in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// Observations so far.
    public var count: UInt64 { buckets.reduce(0) { $0 + $1.value } }
    /// The sum of all observations.
    public var sum: Double { total.load() }
    /// Observations in each bucket, the unbounded one last.
    public var counts: [UInt64] { buckets.map(\.value) }

    /// Bounds for durations in seconds, from half a millisecond to ten seconds.
    public static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Bounds for sizes in bytes, from 256 B to 64 MiB.
    public static let bytes: [Double] = [
        256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ]
}

/// A floating-point number that several threads may add to.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = bits.weakCompareExchange(
                expected: seen,
                desired: (Double(bitPattern: seen) + amount).bitPattern,
                ordering: .relaxed
            )
            if exchanged { return }
            seen = original
        }
    }
}
