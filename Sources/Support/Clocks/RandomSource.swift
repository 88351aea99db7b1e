/// Where random numbers come from. The seam between the product and chance: a test gives a seed and
/// sees the same run again.
public protocol RandomSource: RandomNumberGenerator, Sendable {}

/// The operating system's cryptographically strong generator.
public struct SystemRandom: RandomSource {
    private var generator = SystemRandomNumberGenerator()

    /// The operating system's generator.
    public init() {}

    /// Sixty-four random bits.
    public mutating func next() -> UInt64 { generator.next() }
}

/// A reproducible generator (SplitMix64). Good for simulations and jitter, not for secrets.
public struct SeededRandom: RandomSource {
    private var state: UInt64

    /// The generator whose sequence is fixed by `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next sixty-four bits of the sequence.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
