internal import JSONText

/// Records that a pipeline left out although `where` selected them: because of an error that was to
/// be skipped, a contract, or SQL.
///
/// They are nowhere but in the log, so a receipt needs more of them than their number: sums of
/// their offsets, kept by stretch of the log, so that they can still be compared when the log has
/// removed its beginning.
public struct Discards: Equatable, Sendable {
    /// A stretch of the log, up to where the next one begins.
    public struct Stretch: Equatable, Sendable {
        /// Its first offset.
        public var from: Int64
        /// Records left out.
        public var records: Int64 = 0
        /// Sum of their offsets, wrapping.
        public var offsetSum: UInt64 = 0
        /// Rows that they would have been.
        public var rows: Int64 = 0
        /// Sum over those rows of offset · 2³¹ + index, wrapping.
        public var rowSum: UInt64 = 0

        mutating func add(_ other: Stretch) {
            records += other.records
            offsetSum &+= other.offsetSum
            rows += other.rows
            rowSum &+= other.rowSum
        }
    }

    /// The stretches in order.
    public internal(set) var stretches: [Stretch] = []
    /// How many records, by reason.
    public internal(set) var reasons: [String: Int64] = [:]

    /// Offsets in a stretch before another one is begun.
    private static let offsetsMax: Int64 = 1 << 16
    /// Stretches before the older ones are joined in pairs.
    private static let stretchesMax = 64

    /// None.
    public init() {}

    /// True when none were left out.
    public var isEmpty: Bool { stretches.isEmpty }

    /// How many were left out.
    public var records: Int64 { stretches.reduce(0) { $0 + $1.records } }

    /// Notes a record that is left out.
    mutating func add(_ offset: Int64, _ rows: SelectedRows, reason: String) {
        var one = Stretch(from: offset)
        one.records = 1
        one.offsetSum = UInt64(bitPattern: offset)
        one.rows = rows.count
        one.rowSum = LogCount.rowSum(offset: offset, rows)
        insert(one)
        reasons[reason, default: 0] += 1
    }

    /// Notes everything that `other` has.
    mutating func add(_ other: Discards) {
        for stretch in other.stretches { insert(stretch) }
        reasons.merge(other.reasons) { $0 + $1 }
    }

    private mutating func insert(_ added: Stretch) {
        let index = stretches.lastIndex { $0.from <= added.from }
        if let index,
            added.from - stretches[index].from < Self.offsetsMax
                || index + 1 < stretches.count
        {
            stretches[index].add(added)
        } else if index == nil, let first = stretches.first,
            first.from - added.from < Self.offsetsMax
        {
            stretches[0].add(added)
            stretches[0].from = added.from
        } else {
            stretches.insert(added, at: index.map { $0 + 1 } ?? 0)
        }
        if stretches.count > Self.stretchesMax { join() }
    }

    /// Joins neighbours, oldest with oldest; the newest stay as they are.
    private mutating func join() {
        let half = stretches.count / 2
        var joined: [Stretch] = []
        for (index, stretch) in stretches[..<half].enumerated() {
            if index.isMultiple(of: 2) {
                joined.append(stretch)
            } else {
                joined[joined.count - 1].add(stretch)
            }
        }
        stretches.replaceSubrange(..<half, with: joined)
    }

    /// From where on sums can be compared, when the log begins at `start` and the checkpoint is
    /// `next`: at `start` itself, or where the first whole stretch begins.
    public func comparableStart(logStart start: Int64, next: Int64) -> Int64 {
        guard let first = stretches.first, first.from < start else { return start }
        return min(stretches.first { $0.from >= start }?.from ?? next, max(next, start))
    }

    /// All that was left out from `start` on, which `comparableStart` gave.
    public func sum(from start: Int64) -> Stretch {
        var sum = Stretch(from: start)
        for stretch in stretches where stretch.from >= start { sum.add(stretch) }
        return sum
    }
}

extension Discards {
    /// As it stands in a marker.
    var json: JSONValue {
        var reasons = JSONObject()
        for (reason, count) in self.reasons.sorted(by: { $0.key < $1.key }) {
            reasons[reason] = .integer(count)
        }
        return [
            "reasons": .object(reasons),
            "stretches": .array(
                stretches.map { stretch in
                    [
                        .integer(stretch.from), .integer(stretch.records),
                        .integer(Int64(bitPattern: stretch.offsetSum)), .integer(stretch.rows),
                        .integer(Int64(bitPattern: stretch.rowSum)),
                    ]
                }
            ),
        ]
    }

    /// Reads what `json` wrote; nil when it is something else.
    init?(json: JSONValue) {
        guard let reasons = json["reasons"]?.objectValue,
            let stretches = json["stretches"]?.arrayValue
        else { return nil }
        for reason in reasons.members {
            guard let count = reason.value.integerValue else { return nil }
            self.reasons[reason.key] = count
        }
        for stretch in stretches {
            let numbers = (stretch.arrayValue ?? []).compactMap(\.integerValue)
            guard numbers.count == 5, numbers[0] > self.stretches.last?.from ?? -1 else {
                return nil
            }
            var read = Stretch(from: numbers[0])
            read.records = numbers[1]
            read.offsetSum = UInt64(bitPattern: numbers[2])
            read.rows = numbers[3]
            read.rowSum = UInt64(bitPattern: numbers[4])
            self.stretches.append(read)
        }
    }
}
