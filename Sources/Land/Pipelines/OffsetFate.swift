/// What has become of an offset of the log in one table.
public enum OffsetFate: String, Sendable, Hashable, CaseIterable {
    /// Its record is in the table.
    case landed
    /// Its record is in the dead-letter table.
    case deadLetter = "dead-letter"
    /// `where` leaves its record out.
    case filtered
    /// Its record was left out though `where` selects it: by the error policy, a contract or SQL.
    /// The checkpoint knows how many those are in a stretch of the log, not which ones.
    case discarded
    /// It is accounted for and has no record that can be read: a transaction's marker, an aborted
    /// record, or one that compaction has taken away.
    case noRecord = "no-record"
    /// Landing began later, or was told to leave it out. A backfill lands it.
    case skipped
    /// It is in the log, and landing has not come to it or has not committed it.
    case pending
    /// The log has removed it. Nothing of it is in the tables.
    case expired
    /// The log has not come so far.
    case notWritten = "not-written"
    /// It is accounted for, must be a row or a dead letter, and is neither.
    case missing

    /// One sentence for it.
    public var meaning: String {
        switch self {
        case .landed: "its record is in the table"
        case .deadLetter: "its record is a dead letter"
        case .filtered: "'where' leaves its record out"
        case .discarded:
            "its record was left out though 'where' selects it: by on_error, a contract or SQL"
        case .noRecord:
            "no record can be read there: a transaction's marker, an aborted record, or one that "
                + "compaction took away"
        case .skipped: "landing left it out; 'millrace run --from … --to …' lands it"
        case .pending: "landing has not committed it yet"
        case .expired: "the log has removed it, and nothing of it is in the tables"
        case .notWritten: "the log has not come so far"
        case .missing: "it is accounted for, but neither a row nor a dead letter"
        }
    }
}

/// Offsets next to each other that came to the same.
public struct FateStretch: Equatable, Sendable {
    /// What they came to.
    public let fate: OffsetFate
    /// The offsets.
    public internal(set) var offsets: Range<Int64>
}

/// What has become of many offsets: a count for each fate, and the stretches of them.
public struct FateSummary: Equatable, Sendable {
    /// Stretches that are kept.
    public static let stretchesMax = 10_000

    /// How many offsets came to what.
    public private(set) var counts: [OffsetFate: Int64] = [:]
    /// The first stretches, in order.
    public private(set) var stretches: [FateStretch] = []
    /// Stretches beyond those that are kept.
    public private(set) var omitted: Int64 = 0
    /// Rows and dead letters whose records the log does not have any more.
    public internal(set) var withoutRecord: Int64 = 0
    private let stretchesMax: Int
    private var last: OffsetFate?

    /// No offsets.
    public init() { self.init(stretchesMax: Self.stretchesMax) }

    init(stretchesMax: Int) { self.stretchesMax = stretchesMax }

    /// Adds offsets that follow those added before.
    public mutating func add(_ fate: OffsetFate, _ offsets: Range<Int64>) {
        if offsets.isEmpty { return }
        counts[fate, default: 0] += Int64(offsets.count)
        defer { last = fate }
        if fate == last {
            // One that was not kept is continued nowhere.
            if omitted == 0, let index = stretches.indices.last {
                stretches[index].offsets = stretches[index].offsets.lowerBound..<offsets.upperBound
            }
        } else if stretches.count < stretchesMax {
            stretches.append(FateStretch(fate: fate, offsets: offsets))
        } else {
            omitted += 1
        }
    }
}
