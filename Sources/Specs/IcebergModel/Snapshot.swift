internal import JSONText

/// The state of a table at one commit. Never changes once it is written.
public struct Snapshot: Hashable, Sendable {
    /// Positive random number.
    public let id: Int64
    /// The snapshot it was made from; nil for the first.
    public let parentID: Int64?
    /// Counts the table's commits.
    public let sequenceNumber: Int64
    /// When it was made, in milliseconds since 1970-01-01T00:00Z.
    public let timestampMilliseconds: Int64
    /// URI of the list of its manifests.
    public let manifestList: String
    /// `operation` and what else its writer says about it.
    public let summary: [String: String]
    /// The table's schema when it was made; nil when its writer did not say.
    public let schemaID: Int?
    /// The snapshot as JSON, made once: a table with thousands of snapshots is written again at
    /// every commit. Also keeps what another writer says and this code does not know.
    internal let encoded: String

    /// A snapshot.
    public init(
        id: Int64,
        parentID: Int64?,
        sequenceNumber: Int64,
        timestampMilliseconds: Int64,
        manifestList: String,
        summary: [String: String],
        schemaID: Int?
    ) {
        self.id = id
        self.parentID = parentID
        self.sequenceNumber = sequenceNumber
        self.timestampMilliseconds = timestampMilliseconds
        self.manifestList = manifestList
        self.summary = summary
        self.schemaID = schemaID
        var object = JSONObject([("snapshot-id", .integer(id))])
        if let parentID { object["parent-snapshot-id"] = .integer(parentID) }
        object["sequence-number"] = .integer(sequenceNumber)
        object["timestamp-ms"] = .integer(timestampMilliseconds)
        object["manifest-list"] = .string(manifestList)
        object["summary"] = .object(Self.summaryJSON(summary))
        if let schemaID { object["schema-id"] = .integer(Int64(schemaID)) }
        encoded = JSONValue.object(object).text()
    }

    internal init(json: JSONValue, document: String) throws(IcebergError) {
        let reader = try MetadataReader(json, "\(document), snapshots")
        id = try reader.long("snapshot-id")
        parentID = try reader.optionalLong("parent-snapshot-id").flatMap { $0 < 0 ? nil : $0 }
        // Snapshots from before an upgrade to version 2 have none: they count as 0.
        sequenceNumber = try reader.optionalLong("sequence-number") ?? 0
        timestampMilliseconds = try reader.long("timestamp-ms")
        manifestList = try reader.string("manifest-list")
        summary = try reader.strings("summary")
        schemaID = try reader.optionalInt("schema-id")
        encoded = json.text()
    }

    /// The snapshot as JSON, with what its writer said beyond what this code knows.
    internal var json: JSONValue {
        // It was written here, or read as JSON before.
        (try? JSONValue.parse(encoded)) ?? .null
    }

    /// `operation` stands first, as people expect it; the rest is sorted.
    private static func summaryJSON(_ summary: [String: String]) -> JSONObject {
        var object = JSONObject()
        if let operation = summary["operation"] { object["operation"] = .string(operation) }
        for (key, value) in summary.sorted(by: { $0.key < $1.key }) {
            object[key] = .string(value)
        }
        return object
    }
}

/// A name for a snapshot: a branch, which moves, or a tag, which does not.
public struct SnapshotReference: Hashable, Sendable {
    /// The branch a table's readers see unless they ask for another.
    public static let main = "main"

    /// What kind of name it is.
    public enum Kind: String, Sendable {
        /// Moves with every commit to it.
        case branch
        /// Stays.
        case tag
    }

    /// The snapshot it names.
    public var snapshotID: Int64
    /// What kind of name it is.
    public var kind: Kind
    /// How long it and its snapshots are kept, as it was written.
    internal var retention: [String: Int64] = [:]

    /// A name without rules of its own about what is kept.
    public init(snapshotID: Int64, kind: Kind) {
        self.snapshotID = snapshotID
        self.kind = kind
    }

    private static let retentionKeys = [
        "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms",
    ]

    internal init(json: JSONValue, document: String) throws(IcebergError) {
        let reader = try MetadataReader(json, "\(document), refs")
        snapshotID = try reader.long("snapshot-id")
        guard let kind = Kind(rawValue: try reader.string("type")) else {
            throw reader.invalid("a reference is a branch or a tag")
        }
        self.kind = kind
        for key in Self.retentionKeys { retention[key] = try reader.optionalLong(key) }
    }

    internal var json: JSONValue {
        var object = JSONObject([
            ("snapshot-id", .integer(snapshotID)), ("type", .string(kind.rawValue)),
        ])
        for key in Self.retentionKeys {
            if let value = retention[key] { object[key] = .integer(value) }
        }
        return .object(object)
    }
}
