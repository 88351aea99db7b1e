/// A small generator with a seed, so that a failing input can be made again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

extension SplitMix {
    /// `original` with one to four faults: bytes changed, cut, repeated, or a length made extreme.
    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<7, using: &self) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &self)
            case 2: bytes.removeSubrange(at...)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: at)
            case 4: bytes.remove(at: at)
            case 5:
                for index in at..<min(at + 4, bytes.count) {
                    bytes[index] = index == at ? 0x7f : 0xff
                }
            default:
                for index in at..<min(at + 5, bytes.count) { bytes[index] = 0xff }
            }
        }
        return bytes
    }

    /// `count` random bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
