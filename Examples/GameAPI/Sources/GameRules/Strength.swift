import Glibc

/// How strong bought things are: whole numbers from 0 to 10.
///
/// A normal number with mean 5 and standard deviation 4, cut to a whole number towards zero and
/// then held between 0 and 10; so 0 has probability 0.159 and 10 has 0.106, and the mean is 4.606.
public struct StrengthDice: Sendable {
    private var normal: NormalGenerator

    /// Dice that fall the same way for the same seed.
    public init(seed: UInt64) { normal = NormalGenerator(seed: seed) }

    /// The next strength.
    public mutating func roll() -> Int {
        let drawn = 5 + 4 * normal.next()
        return min(max(Int(drawn.rounded(.towardZero)), 0), 10)
    }
}

/// Numbers of the standard normal distribution, by Marsaglia's polar method over SplitMix64.
public struct NormalGenerator: Sendable {
    private var state: UInt64
    private var spare: Double?

    /// A generator that gives the same numbers for the same seed.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> Double {
        if let spare {
            self.spare = nil
            return spare
        }
        while true {
            let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
            let square = x * x + y * y
            guard square > 0 && square < 1 else { continue }
            let factor = sqrt(-2 * log(square) / square)
            spare = y * factor
            return x * factor
        }
    }

    /// A number from 0 up to, not including, 1.
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) / Double(1 << 53)
    }
}
