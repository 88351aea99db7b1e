/// How far a pipeline has come in one partition, and what became of the records on the way.
///
/// A pipeline goes on by itself at `next`; records behind `start` or between other ranges are
/// landed when somebody asks for them (a backfill). Whatever the order, an offset is accounted for
/// once: what is covered is never read again.
public struct PartitionProgress: Equatable, Sendable {
    /// Where landing by itself began: `start..<next` is accounted for.
    public internal(set) var start: Int64
    /// Offset of the next record to land.
    public var next: Int64
    /// What else is accounted for; touches neither `start` nor `next`.
    public internal(set) var others = OffsetRanges()
    /// Epoch of the writer that took the partition over last.
    public var epoch: Int64 = 0
    /// Records that are rows of the table.
    public var landed: Int64 = 0
    /// Records that `where` left out.
    public var filtered: Int64 = 0
    /// Dead letters that were mended and landed with other values than the log has, by offset, with
    /// the rows they became; none: `where` leaves them out. Who counts the log again must know
    /// them, and who lands it again must not.
    public var mended: [Int64: SelectedRows] = [:]
    /// Records in the dead-letter table.
    public var deadLettered: Int64 = 0
    /// Records that were left out although `where` selected them.
    public var discards = Discards()

    /// Progress from `start`, 0 if it is not given, up to, not including, offset `next`.
    public init(
        start: Int64? = nil,
        next: Int64,
        landed: Int64 = 0,
        filtered: Int64 = 0,
        deadLettered: Int64 = 0
    ) {
        self.start = start ?? 0
        self.next = next
        self.landed = landed
        self.filtered = filtered
        self.deadLettered = deadLettered
    }

    /// Every offset that is accounted for.
    public var covered: OffsetRanges {
        var all = others
        all.insert(start..<next)
        return all
    }

    /// Where landing at `next` must stop: what follows is accounted for already.
    public var limit: Int64 {
        others.ranges.first { $0.lowerBound > next }?.lowerBound ?? .max
    }

    /// Notes that the offsets of `range` are accounted for too.
    public mutating func cover(_ range: Range<Int64>) {
        others.insert(range)
        absorb()
    }

    /// Goes on at `offset` without landing what lies between; a backfill can land that later.
    public mutating func skip(to offset: Int64) {
        others = covered
        start = offset
        next = offset
        absorb()
    }

    /// Joins the other ranges that landing has reached.
    public mutating func absorb() {
        if others.isEmpty { return }
        for range in others.ranges
        where range.lowerBound <= next && range.upperBound >= start {
            start = min(start, range.lowerBound)
            next = max(next, range.upperBound)
        }
        others.remove(start..<next)
    }

    /// Adds what another stretch of the same partition came to.
    mutating func add(countsOf other: PartitionProgress) {
        landed += other.landed
        filtered += other.filtered
        deadLettered += other.deadLettered
        discards.add(other.discards)
    }
}
