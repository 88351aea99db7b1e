/// What names a row of a landed table: the record it was made of.
public struct RowPlace: Hashable, Sendable {
    /// The topic; nil in tables whose rows do not tell it, because there is only one.
    public let topic: String?
    /// The topic's partition.
    public let partition: Int32
    /// The record's offset in it.
    public let offset: Int64

    /// The row of that record.
    public init(topic: String?, partition: Int32, offset: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// The fields of a table's rows that hold their places, by field id.
public struct PlaceFields: Hashable, Sendable {
    /// The partition's, an int.
    public let partition: Int
    /// The offset's, a long.
    public let offset: Int
    /// The topic's, a string; nil when the rows do not tell it.
    public let topic: Int?

    /// Fields of these ids, all of them in one struct column.
    public init(partition: Int, offset: Int, topic: Int?) {
        self.partition = partition
        self.offset = offset
        self.topic = topic
    }
}
