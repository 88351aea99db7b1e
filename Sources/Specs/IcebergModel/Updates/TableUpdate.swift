public import JSONText

/// One change of a table's metadata as Iceberg's REST protocol names it (`TableUpdate` of its
/// OpenAPI document). A commit is a list of them, applied in order.
///
/// Where an id is -1, the schema, spec or order that the same commit added last is meant.
public enum TableUpdate: Sendable, Equatable {
    /// Gives a new table its identity.
    case assignUUID(String)
    /// Raises the format version; only to the one this code writes.
    case upgradeFormatVersion(Int)
    /// Adds a schema, or finds the equal one there is.
    case addSchema(Schema)
    /// Makes the schema of that id the one of new data.
    case setCurrentSchema(Int)
    /// Adds a partition spec, or finds the equal one there is.
    case addSpec(UnboundPartitionSpec)
    /// Makes the spec of that id the one of new data.
    case setDefaultSpec(Int)
    /// Adds a sort order, or finds the equal one there is.
    case addSortOrder(SortOrder)
    /// Makes the order of that id the one of new data.
    case setDefaultSortOrder(Int)
    /// Adds a snapshot; nobody sees it before a reference names it.
    case addSnapshot(Snapshot)
    /// Points a branch or tag to a snapshot.
    case setReference(String, SnapshotReference)
    /// Takes snapshots out, with the references that name them.
    case removeSnapshots([Int64])
    /// Takes a branch or tag out; its snapshots stay.
    case removeReference(String)
    /// Moves where new files go.
    case setLocation(String)
    /// Sets properties.
    case setProperties([String: String])
    /// Takes properties out; those that are not there are no error.
    case removeProperties([String])
    /// Enters a statistics file, in place of the one of the same snapshot.
    case setStatistics(StatisticsKind, snapshotID: Int64, JSONValue)
    /// Takes the statistics file of a snapshot out.
    case removeStatistics(StatisticsKind, snapshotID: Int64)
    /// Takes partition specs out that no file has any more.
    case removeSpecs([Int])
    /// Takes schemas out that no snapshot has any more.
    case removeSchemas([Int])

    /// The id that means: what this commit added last.
    public static let lastAdded = -1
}

/// Which of the two lists of statistics files.
public enum StatisticsKind: String, Sendable, CaseIterable {
    /// Of a snapshot's columns (Puffin files).
    case table = "statistics"
    /// Of a snapshot's partitions.
    case partition = "partition-statistics"
}

/// A partition spec that may leave the ids of its fields to the table.
public struct UnboundPartitionSpec: Hashable, Sendable {
    /// One value by which files are divided.
    public struct Field: Hashable, Sendable {
        /// Id of the schema field the value is made from.
        public var sourceID: Int
        /// Id of the partition field; nil: the table gives one.
        public var fieldID: Int?
        /// Name of the partition field.
        public var name: String
        /// How the value is made.
        public var transform: Transform

        /// A partition field.
        public init(sourceID: Int, fieldID: Int? = nil, name: String, transform: Transform) {
            self.sourceID = sourceID
            self.fieldID = fieldID
            self.name = name
            self.transform = transform
        }
    }

    /// Number of the spec as its sender counts; nil: the table gives one.
    public var id: Int?
    /// The values, in order.
    public var fields: [Field]

    /// A spec of `fields`.
    public init(id: Int? = nil, fields: [Field]) {
        self.id = id
        self.fields = fields
    }

    /// The spec with the ids it has.
    public init(_ spec: PartitionSpec) {
        id = spec.id
        fields = spec.fields.map {
            Field(
                sourceID: $0.sourceID,
                fieldID: $0.fieldID,
                name: $0.name,
                transform: $0.transform
            )
        }
    }
}
