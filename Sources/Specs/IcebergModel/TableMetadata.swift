internal import JSONText

/// Everything a catalog's pointer leads to: one `….metadata.json` (format version 2).
///
/// A value: a commit makes new metadata from old (`TableMetadata+Changes`), writes them under a
/// new name, and asks the catalog to move the pointer.
public struct TableMetadata: Sendable {
    /// The version this code reads and writes.
    public static let formatVersion = 2

    /// When which snapshot became the current one.
    public struct SnapshotLogEntry: Hashable, Sendable {
        /// The snapshot.
        public let snapshotID: Int64
        /// Milliseconds since 1970-01-01T00:00Z.
        public let timestampMilliseconds: Int64
    }

    /// An earlier metadata file.
    public struct MetadataLogEntry: Hashable, Sendable {
        /// Its URI.
        public let file: String
        /// Its `last-updated-ms`.
        public let timestampMilliseconds: Int64
    }

    /// Identifies the table through renames and across re-creations under the same name.
    public internal(set) var uuid: String
    /// URI of the folder the table's files lie in, without a slash at the end.
    public internal(set) var location: String
    /// Sequence number of the latest commit.
    public internal(set) var lastSequenceNumber: Int64
    /// When the metadata were written, in milliseconds since 1970-01-01T00:00Z.
    public internal(set) var lastUpdatedMilliseconds: Int64
    /// The highest field id ever given to a column.
    public internal(set) var lastColumnID: Int
    /// All schemas the table had.
    public internal(set) var schemas: [Schema]
    /// The schema of new data.
    public internal(set) var currentSchemaID: Int
    /// All partition specs the table had.
    public internal(set) var partitionSpecs: [PartitionSpec]
    /// The spec of new data.
    public internal(set) var defaultSpecID: Int
    /// The highest id ever given to a partition field.
    public internal(set) var lastPartitionID: Int
    /// All sort orders the table had.
    public internal(set) var sortOrders: [SortOrder]
    /// The order of new data.
    public internal(set) var defaultSortOrderID: Int
    /// Settings of the table and marks of its writers.
    public internal(set) var properties: [String: String]
    /// The snapshot readers see; nil before the first commit.
    public internal(set) var currentSnapshotID: Int64?
    /// All snapshots, in order of their commits.
    public internal(set) var snapshots: [Snapshot]
    /// Which snapshot was the current one when, oldest first.
    public internal(set) var snapshotLog: [SnapshotLogEntry]
    /// Earlier metadata files, oldest first.
    public internal(set) var metadataLog: [MetadataLogEntry]
    /// Branches and tags by name.
    public internal(set) var references: [String: SnapshotReference]

    /// Members this code does not know or does not use, kept as they were written.
    internal var others: JSONObject
    /// Schemas, specs and orders as they were written, by kind and id: they never change, so what
    /// they say beyond what this code knows is written back.
    internal var written: [String: JSONValue]

    /// Everything that could be a file's URI in members this code does not know or use: statistics
    /// of snapshots, and what later versions name.
    public var otherNames: [String] {
        func names(_ value: JSONValue) -> [String] {
            switch value {
            case .string(let text): text.contains("/") ? [text] : []
            case .array(let values): values.flatMap(names)
            case .object(let object): object.members.flatMap { names($0.value) }
            default: []
            }
        }
        return names(.object(others))
    }

    /// The schema of new data.
    public var schema: Schema {
        // `check` made sure that it is there.
        schemas.first { $0.id == currentSchemaID } ?? Schema(fields: [])
    }

    /// The partition spec of new data.
    public var spec: PartitionSpec {
        partitionSpecs.first { $0.id == defaultSpecID } ?? .unpartitioned
    }

    /// The snapshot readers see; nil before the first commit.
    public var currentSnapshot: Snapshot? {
        currentSnapshotID.flatMap { snapshot(id: $0) }
    }

    /// The snapshot with that id, if the table still has it.
    public func snapshot(id: Int64) -> Snapshot? {
        snapshots.last { $0.id == id }
    }

    /// The partition spec with that id.
    public func spec(id: Int) throws(IcebergError) -> PartitionSpec {
        guard let spec = partitionSpecs.first(where: { $0.id == id }) else {
            throw .missing(what: "partition spec", id: Int64(id))
        }
        return spec
    }

    /// The snapshot and those it was made from, newest first, as far as the table still has them.
    public func ancestors(of id: Int64?) -> [Snapshot] {
        var byID: [Int64: Snapshot] = [:]
        for snapshot in snapshots { byID[snapshot.id] = snapshot }
        var found: [Snapshot] = []
        var next = id
        while let id = next, let snapshot = byID.removeValue(forKey: id) {
            found.append(snapshot)
            next = snapshot.parentID
        }
        return found
    }

    /// Names of partition fields' types in `schema`, also for specs of dropped columns.
    ///
    /// Older specs may refer to columns the current schema no longer has; then the newest schema
    /// that has them decides.
    public func partitionType(of spec: PartitionSpec) throws(IcebergError) -> [NestedField] {
        if let type = try? spec.partitionType(of: schema) { return type }
        for older in schemas.reversed() {
            if let type = try? spec.partitionType(of: older) { return type }
        }
        return try spec.partitionType(of: schema)
    }

    /// Relations the specification demands between the parts.
    internal func check(document: String) throws(IcebergError) {
        func fail(_ reason: String) -> IcebergError {
            .invalid(document: document, reason: reason)
        }
        guard schemas.contains(where: { $0.id == currentSchemaID }) else {
            throw fail("there is no schema \(currentSchemaID), which is called the current one")
        }
        guard partitionSpecs.contains(where: { $0.id == defaultSpecID }) else {
            throw fail("there is no partition spec \(defaultSpecID), which is the default")
        }
        guard sortOrders.contains(where: { $0.id == defaultSortOrderID }) else {
            throw fail("there is no sort order \(defaultSortOrderID), which is the default")
        }
        if let currentSnapshotID, snapshot(id: currentSnapshotID) == nil {
            throw fail("there is no snapshot \(currentSnapshotID), which is the current one")
        }
        guard lastSequenceNumber >= 0, lastSequenceNumber < Int64.max / 2 else {
            throw fail("last-sequence-number is \(lastSequenceNumber)")
        }
        // Differences are taken of them; a table of the year 146 million is none.
        let times = Int64.min / 4...Int64.max / 4
        guard times.contains(lastUpdatedMilliseconds),
            snapshotLog.allSatisfy({ times.contains($0.timestampMilliseconds) }),
            snapshots.allSatisfy({ times.contains($0.timestampMilliseconds) })
        else { throw fail("a time is out of all bounds") }
        let highest = schemas.map(\.highestFieldID).max() ?? 0
        guard lastColumnID >= highest else {
            throw fail("last-column-id is \(lastColumnID), a column has id \(highest)")
        }
    }
}
