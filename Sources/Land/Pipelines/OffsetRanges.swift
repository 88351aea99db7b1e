/// Offsets of one partition as ranges: in order, none empty, none touching the next.
public struct OffsetRanges: Equatable, Sendable {
    /// The ranges, lowest first.
    public private(set) var ranges: [Range<Int64>] = []

    /// No offsets.
    public init() {}

    /// All offsets that are in one of `ranges`.
    public init(_ ranges: [Range<Int64>]) {
        for range in ranges { insert(range) }
    }

    /// True when there are none.
    public var isEmpty: Bool { ranges.isEmpty }

    /// How many offsets there are.
    public var count: Int64 { ranges.reduce(0) { $0 + Int64($1.count) } }

    /// True when `offset` is among them.
    public func contains(_ offset: Int64) -> Bool {
        ranges.contains { $0.contains(offset) }
    }

    /// Adds the offsets of `range`; those that are there already stay.
    public mutating func insert(_ range: Range<Int64>) {
        if range.isEmpty { return }
        var joined = range
        ranges.removeAll { known in
            guard known.lowerBound <= joined.upperBound, joined.lowerBound <= known.upperBound
            else { return false }
            joined =
                min(known.lowerBound, joined.lowerBound)..<max(known.upperBound, joined.upperBound)
            return true
        }
        let place = ranges.firstIndex { $0.lowerBound > joined.lowerBound } ?? ranges.endIndex
        ranges.insert(joined, at: place)
    }

    /// Takes the offsets of `range` out.
    public mutating func remove(_ range: Range<Int64>) {
        ranges = ranges.flatMap { known -> [Range<Int64>] in
            guard known.overlaps(range) else { return [known] }
            let low = known.lowerBound..<max(known.lowerBound, range.lowerBound)
            let high = min(known.upperBound, range.upperBound)..<known.upperBound
            return [low, high].filter { !$0.isEmpty }
        }
    }

    /// The offsets of `range` that are not among these.
    public func holes(in range: Range<Int64>) -> [Range<Int64>] {
        var holes = OffsetRanges([range])
        for known in ranges { holes.remove(known) }
        return holes.ranges
    }

    /// Those of the offsets that lie in `bounds`.
    public func clamped(to bounds: Range<Int64>) -> OffsetRanges {
        OffsetRanges(ranges.map { $0.clamped(to: bounds) })
    }
}
