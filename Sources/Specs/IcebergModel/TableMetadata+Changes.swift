internal import JSONText

/// A column to be added: optional, as format version 2 demands.
public struct NewColumn: Hashable, Sendable {
    /// Id of the struct field it goes into; nil for the table itself.
    public var parentID: Int?
    /// Its name.
    public var name: String
    /// Its type. Ids of nested fields are given anew; those it carries are ignored.
    public var type: IcebergType
    /// What it means, for people.
    public var doc: String?

    /// A column to be added.
    public init(
        _ name: String,
        _ type: IcebergType,
        doc: String? = nil,
        parentID: Int? = nil
    ) {
        self.parentID = parentID
        self.name = name
        self.type = type
        self.doc = doc
    }
}

/// Changes of metadata, as functions from metadata to metadata. None of them writes anything.
extension TableMetadata {
    /// The metadata of a new table without snapshots.
    ///
    /// The schema and the spec keep their field ids; their own ids become 0, that of the order 1,
    /// or 0 when it is none.
    public static func new(
        uuid: String,
        location: String,
        schema: Schema,
        spec: PartitionSpec = .unpartitioned,
        order: SortOrder = .unsorted,
        properties: [String: String] = [:],
        timestampMilliseconds: Int64
    ) throws(IcebergError) -> TableMetadata {
        var schema = schema
        schema.id = 0
        var spec = spec
        spec.id = 0
        var order = order
        order.id = order.fields.isEmpty ? 0 : 1
        _ = try spec.partitionType(of: schema)
        try SchemaChange.checkNames(schema.fields)
        var location = location
        while location.hasSuffix("/") { location.removeLast() }
        let metadata = TableMetadata(
            uuid: uuid,
            location: location,
            lastSequenceNumber: 0,
            lastUpdatedMilliseconds: timestampMilliseconds,
            lastColumnID: schema.highestFieldID,
            schemas: [schema],
            currentSchemaID: 0,
            partitionSpecs: [spec],
            defaultSpecID: 0,
            lastPartitionID: spec.fields.map(\.fieldID).max() ?? PartitionSpec.lastIDUnpartitioned,
            sortOrders: [order],
            defaultSortOrderID: order.id,
            properties: properties,
            currentSnapshotID: nil,
            snapshots: [],
            snapshotLog: [],
            metadataLog: [],
            references: [:],
            others: JSONObject(),
            written: [:]
        )
        try metadata.check(document: location)
        return metadata
    }

    /// With `columns` added behind the present ones and given new ids. A column that is already
    /// there with a type that holds the wanted one is left alone.
    public func adding(columns: [NewColumn]) throws(IcebergError) -> TableMetadata {
        var next = schema
        var lastID = lastColumnID
        for column in columns {
            next.fields = try SchemaChange.add(
                column,
                to: next.fields,
                parentID: column.parentID,
                lastID: &lastID
            )
        }
        if next.hasSameColumns(as: schema) { return self }
        return try setting(schema: next)
    }

    /// With `schema` as the current one. An equal schema the table already had is used again.
    ///
    /// New fields have ids above `lastColumnID` and are optional; fields that stay keep their type
    /// or get a wider one.
    public func setting(schema: Schema) throws(IcebergError) -> TableMetadata {
        try SchemaChange.check(from: self.schema, to: schema, lastColumnID: lastColumnID)
        var changed = self
        if let same = schemas.first(where: { $0.hasSameColumns(as: schema) }) {
            changed.currentSchemaID = same.id
            return changed
        }
        var added = schema
        added.id = (schemas.map(\.id).max() ?? -1) + 1
        changed.schemas.append(added)
        changed.currentSchemaID = added.id
        changed.lastColumnID = max(lastColumnID, added.highestFieldID)
        for spec in partitionSpecs where spec.id == defaultSpecID {
            _ = try spec.partitionType(of: added)
        }
        return changed
    }

    /// With `snapshot` as the current one.
    public func appending(_ snapshot: Snapshot) throws(IcebergError) -> TableMetadata {
        guard snapshot.parentID == currentSnapshotID,
            snapshot.sequenceNumber == lastSequenceNumber + 1
        else {
            throw .invalid(
                document: "snapshot \(snapshot.id)",
                reason: "it was made from another state of the table"
            )
        }
        guard snapshot.id > 0, self.snapshot(id: snapshot.id) == nil else {
            throw .invalid(
                document: "snapshot \(snapshot.id)",
                reason: "the id is not positive or already taken"
            )
        }
        var changed = self
        changed.snapshots.append(snapshot)
        changed.lastSequenceNumber = snapshot.sequenceNumber
        changed.currentSnapshotID = snapshot.id
        changed.references[SnapshotReference.main, default: .init(snapshotID: 0, kind: .branch)]
            .snapshotID = snapshot.id
        changed.snapshotLog.append(
            SnapshotLogEntry(
                snapshotID: snapshot.id,
                timestampMilliseconds: snapshot.timestampMilliseconds
            )
        )
        return changed
    }

    /// With these properties set and those removed.
    public func setting(
        properties: [String: String],
        removing removed: [String] = []
    ) -> TableMetadata {
        var changed = self
        changed.properties.merge(properties) { _, new in new }
        for key in removed { changed.properties[key] = nil }
        return changed
    }

    /// With those snapshots alone that a branch or tag names.
    public var withReferencedSnapshots: TableMetadata {
        let named = Set(references.values.map(\.snapshotID))
        var changed = self
        changed.snapshots.removeAll { !named.contains($0.id) }
        return changed
    }

    /// With the file these metadata came from noted in the metadata log, which keeps at most
    /// `limit` entries.
    /// - Returns: the metadata, and the files that fell out of the log.
    public func logging(
        previousFile: String,
        previousTimestampMilliseconds: Int64,
        limit: Int
    ) -> (metadata: TableMetadata, dropped: [String]) {
        var changed = self
        changed.metadataLog.append(
            MetadataLogEntry(
                file: previousFile,
                timestampMilliseconds: previousTimestampMilliseconds
            )
        )
        let excess = max(0, changed.metadataLog.count - max(1, limit))
        let dropped = changed.metadataLog.prefix(excess).map(\.file)
        changed.metadataLog.removeFirst(excess)
        return (changed, dropped)
    }

    /// With the time of the change. A clock that went back does not make the table younger:
    /// readers take the logs to be in order of time.
    public func updated(atMilliseconds now: Int64) -> TableMetadata {
        var changed = self
        changed.lastUpdatedMilliseconds = max(now, lastUpdatedMilliseconds)
        return changed
    }
}
