public import Clocks

/// An hour that receipts are divided by.
public enum ReceiptHour: Hashable, Comparable, Sendable {
    /// The hour that begins so many hours after 1970-01-01T00:00Z.
    case hour(Int64)
    /// All hours beyond those that are told apart.
    case others

    /// The hour's beginning; nil for the others.
    public var start: Timestamp? {
        guard case .hour(let number) = self else { return nil }
        return Timestamp(milliseconds: number * 3_600_000)
    }

    /// The hour's beginning in ISO 8601, or `others`.
    public var text: String { start.map { $0.iso8601.prefix(19) + "Z" } ?? "others" }
}

/// A count of a partition's records, in all and, if that is wanted, by the hour of the time that
/// their rows have.
public struct LogTally: Sendable {
    /// Hours that are told apart, so that memory is bounded whatever times producers write: eleven
    /// years.
    public static let hoursMax = 100_000

    /// All records.
    public private(set) var total = LogCount()
    /// The records of each hour; empty when they are not told apart.
    public private(set) var hours: [ReceiptHour: LogCount] = [:]

    private let isByHour: Bool
    private let hoursMax: Int
    /// What was counted since the hour changed last.
    var current = LogCount()
    private var hour = ReceiptHour.others
    /// Times of the hour that `current` is about, in milliseconds.
    private var times: Range<Int64>

    /// Nothing counted yet.
    public init(isByHour: Bool) {
        self.init(isByHour: isByHour, hoursMax: Self.hoursMax)
    }

    init(isByHour: Bool, hoursMax: Int) {
        self.isByHour = isByHour
        self.hoursMax = hoursMax
        times = isByHour ? 0..<0 : .min..<(.max)
    }

    /// Goes to the hour of a record's timestamp, which is in milliseconds.
    @inline(__always)
    mutating func turn(to timestamp: Int64) {
        if !times.contains(timestamp) { turnSlowly(to: timestamp) }
    }

    private mutating func turnSlowly(to timestamp: Int64) {
        guard isByHour else { return }
        finish()
        let moment = Timestamp(milliseconds: RowTime.milliseconds(of: timestamp))
        hour = key(ofHour: moment.hourNumber)
        let start = moment.hourNumber * 3_600_000
        // Times outside the calendar come here each time.
        times = start..<(start + 3_600_000)
    }

    /// Counts what is under way into its hour.
    mutating func finish() {
        total.add(current)
        if isByHour, current.records > 0 { hours[hour, default: LogCount()].add(current) }
        current = LogCount()
    }

    /// What an hour is counted under.
    public func key(ofHour number: Int64) -> ReceiptHour {
        let hour = ReceiptHour.hour(number)
        return hours[hour] != nil || hours.count < hoursMax ? hour : .others
    }
}
