/// What "acknowledged" waits for.
public enum Durability: Sendable, Equatable {
    /// The bytes are on the device: one sync per round of appends. Survives power loss.
    case fsync
    /// The bytes are with the operating system, which is told to write them out every `Duration`.
    /// Survives the process, not power loss.
    case interval(Duration)
    /// The bytes are with the operating system. Survives the process, not power loss.
    case os
}

/// Limits and choices of a log. The defaults serve a laptop and a small server.
public struct LogOptions: Sendable {
    /// What an acknowledgement waits for.
    public var durability: Durability = .fsync
    /// A segment that would grow beyond this many bytes is closed and a new one begun. At most 1
    /// GiB.
    public var segmentBytesMax: Int = 256 << 20
    /// Bytes of a segment between two entries of its index.
    public var indexIntervalBytes: Int = 4096
    /// Bytes that may wait for the writer; more are refused with `LogError.overloaded`.
    public var queuedBytesMax: Int = 64 << 20
    /// The largest batch that is taken, in bytes as it was sent.
    public var batchBytesMax: Int = 64 << 20
    /// Rounds of at most this many bytes go through the journal.
    public var journalRoundBytesMax: Int = 256 << 10
    /// Rounds that touch more partitions than this go through the journal, whatever their size.
    public var journalRoundPartitionsMax: Int = 4
    /// Size of one file of the journal. A larger round has its segments synced instead.
    public var journalFileBytes: Int = 32 << 20
    /// Files of the journal; when all wait for segments to be synced, rounds sync their segments
    /// themselves.
    public var journalFilesMax: Int = 4
    /// An idempotent producer that is silent for this long is forgotten.
    public var producerExpiration: Duration = .seconds(86_400)

    /// The defaults.
    public init() {}

    /// Checks the relations between the limits. A wrong one is a mistake of the program, not of its
    /// user.
    internal func check() {
        precondition(segmentBytesMax > 0 && segmentBytesMax <= 1 << 30)
        precondition(indexIntervalBytes > 0 && queuedBytesMax > 0 && batchBytesMax > 0)
        // Positions in a segment are 32 bits: one whole round may go on top of a nearly full one.
        precondition(queuedBytesMax <= 1 << 30 && batchBytesMax <= 1 << 30)
        precondition(journalFileBytes >= 2 * 4096 && journalFilesMax >= 2)
    }
}
