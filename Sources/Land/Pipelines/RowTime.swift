/// The time that rows have of their records.
enum RowTime {
    /// The last millisecond of the year 9999.
    private static let last: Int64 = 253_402_300_799_999

    /// A record's timestamp as its row, or its dead letter, has it, in milliseconds since 1970:
    /// one that no calendar has is brought to its nearest end, since the row is worth more than
    /// its time.
    static func milliseconds(of timestamp: Int64) -> Int64 { min(max(timestamp, 0), last) }
}
