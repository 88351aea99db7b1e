/// What the values of a topic's records are written in.
public enum RecordFormat: Hashable, Sendable {
    /// JSON objects.
    case json
    /// Rows of text.
    case csv(CSVFormat)
    /// Any bytes; nothing is looked at.
    case raw
}

/// How many rows a record can have.
public enum DocumentCount: String, CaseIterable, Sendable {
    /// One; a record with more is a dead letter.
    case one
    /// Any number. Rows of one record are told apart by `_log.index`.
    case many
}

/// What becomes of objects and arrays in new fields.
public enum NestedValues: String, CaseIterable, Sendable {
    /// A string column holds their JSON text.
    case text
    /// An object's fields become columns named after the way to them: `a.b` is `a_b`. Arrays are
    /// text.
    case flatten
    /// Objects become structs, arrays lists.
    case structs = "struct"
}

/// How CSV is written.
public struct CSVFormat: Hashable, Sendable {
    /// Names of the columns in order; nil when every record begins with a row of them.
    public var columns: [String]?
    /// The byte between fields.
    public var delimiter = UInt8(ascii: ",")
    /// The byte around fields that hold delimiters or line ends; doubled inside.
    public var quote = UInt8(ascii: "\"")

    /// With a header row, commas and double quotation marks (RFC 4180).
    public init() {}
}
