internal import JSONText

extension TableMetadata {
    /// The metadata after `updates`, in their order, if `base` fulfils all `requirements`.
    ///
    /// Pure: nothing is written. The logs of earlier metadata files are the caller's
    /// (`logging(previousFile:…)`), who knows where the old ones lie.
    /// - Parameters:
    ///   - base: the table as it is; nil: there is none, and the updates make one.
    ///   - milliseconds: the time of the change, since 1970-01-01T00:00Z.
    public static func applying(
        _ updates: [TableUpdate],
        requiring requirements: [TableRequirement],
        to base: TableMetadata?,
        atMilliseconds milliseconds: Int64
    ) throws(TableUpdateError) -> TableMetadata {
        for requirement in requirements {
            if let reason = requirement.violation(by: base) {
                throw .requirementFailed(requirement, reason: reason)
            }
        }
        var draft = MetadataDraft(base, atMilliseconds: milliseconds)
        for update in updates { try draft.apply(update) }
        return try draft.finish()
    }
}

/// Metadata while updates are applied to them.
struct MetadataDraft {
    var metadata: TableMetadata
    /// True while the updates make a table that does not exist.
    let isNew: Bool
    let now: Int64
    /// Ids of schemas, specs and orders that were added: what the sender calls them and what they
    /// are called here.
    var schemas = AddedIDs()
    var specs = AddedIDs()
    var orders = AddedIDs()
    var addedSnapshots: Set<Int64> = []
    var hasRemovedSnapshots = false

    /// What this commit added of one kind.
    struct AddedIDs {
        private(set) var last: Int?
        private var ids: [Int: Int] = [:]

        /// Notes that what the sender calls `sent` is `id` here.
        mutating func add(_ sent: Int?, as id: Int) {
            last = id
            if let sent { ids[sent] = id }
        }

        /// What is called `sent`; nil: the last one is meant and none was added.
        func resolve(_ sent: Int) -> Int? {
            sent == TableUpdate.lastAdded ? last : ids[sent] ?? sent
        }
    }

    init(_ base: TableMetadata?, atMilliseconds milliseconds: Int64) {
        isNew = base == nil
        now = max(milliseconds, base?.lastUpdatedMilliseconds ?? 0)
        metadata = base ?? .empty(atMilliseconds: milliseconds)
    }

    mutating func apply(_ update: TableUpdate) throws(TableUpdateError) {
        switch update {
        case .assignUUID(let uuid): try assign(uuid)
        case .upgradeFormatVersion(let version): try upgrade(to: version)
        case .addSchema(let schema): try add(schema)
        case .setCurrentSchema(let id): try setCurrentSchema(id)
        case .addSpec(let spec): try add(spec)
        case .setDefaultSpec(let id): try setDefaultSpec(id)
        case .addSortOrder(let order): try add(order)
        case .setDefaultSortOrder(let id): try setDefaultOrder(id)
        case .addSnapshot(let snapshot): try add(snapshot)
        case .setReference(let name, let reference): try set(name, to: reference)
        case .removeSnapshots(let ids): removeSnapshots(Set(ids))
        case .removeReference(let name): removeReference(name)
        case .setLocation(let location): try setLocation(location)
        case .setProperties(let properties):
            metadata.properties.merge(properties) { _, new in new }
        case .removeProperties(let keys):
            for key in keys { metadata.properties[key] = nil }
        case .setStatistics(let kind, let id, let file): set(kind, of: id, file)
        case .removeStatistics(let kind, let id): set(kind, of: id, nil)
        case .removeSpecs(let ids): try removeSpecs(Set(ids))
        case .removeSchemas(let ids): try removeSchemas(Set(ids))
        }
    }

    private mutating func assign(_ uuid: String) throws(TableUpdateError) {
        guard isNew || metadata.uuid.lowercased() == uuid.lowercased() else {
            throw .invalid(
                reason: "the table has the UUID \(metadata.uuid); it cannot become \(uuid)"
            )
        }
        metadata.uuid = uuid.lowercased()
    }

    private func upgrade(to version: Int) throws(TableUpdateError) {
        guard version == TableMetadata.formatVersion else {
            throw .invalid(
                reason: "format version \(version) is not supported; tables here have version "
                    + "\(TableMetadata.formatVersion)"
            )
        }
    }

    private mutating func setLocation(_ location: String) throws(TableUpdateError) {
        var location = location
        while location.hasSuffix("/") { location.removeLast() }
        guard !location.isEmpty else { throw .invalid(reason: "the location is empty") }
        metadata.location = location
    }

    /// Fills in what a new table's maker left out, and checks the whole.
    mutating func finish() throws(TableUpdateError) -> TableMetadata {
        if isNew { try fillIn() }
        metadata.snapshotLog = settledLog()
        metadata.lastUpdatedMilliseconds = max(now, metadata.lastUpdatedMilliseconds)
        do throws(IcebergError) {
            try metadata.check(document: "the table after the updates")
            // What new data are divided and sorted by must be there.
            _ = try metadata.spec.partitionType(of: metadata.schema)
        } catch { throw .invalid(reason: "\(error)") }
        try checkOrder()
        return metadata
    }

    private mutating func fillIn() throws(TableUpdateError) {
        guard !metadata.uuid.isEmpty, !metadata.location.isEmpty, !metadata.schemas.isEmpty else {
            throw .invalid(
                reason: "a new table needs a UUID, a location and a schema: assign-uuid, "
                    + "set-location, add-schema"
            )
        }
        if metadata.partitionSpecs.isEmpty { metadata.partitionSpecs = [.unpartitioned] }
        if metadata.sortOrders.isEmpty { metadata.sortOrders = [.unsorted] }
        func orFirst(_ id: Int, _ ids: [Int]) -> Int { id < 0 ? ids[0] : id }
        metadata.currentSchemaID = orFirst(metadata.currentSchemaID, metadata.schemas.map(\.id))
        metadata.defaultSpecID = orFirst(
            metadata.defaultSpecID,
            metadata.partitionSpecs.map(\.id)
        )
        metadata.defaultSortOrderID = orFirst(
            metadata.defaultSortOrderID,
            metadata.sortOrders.map(\.id)
        )
    }
}

extension TableMetadata {
    /// What updates that make a table begin with.
    fileprivate static func empty(atMilliseconds milliseconds: Int64) -> TableMetadata {
        TableMetadata(
            uuid: "",
            location: "",
            lastSequenceNumber: 0,
            lastUpdatedMilliseconds: milliseconds,
            lastColumnID: 0,
            schemas: [],
            currentSchemaID: -1,
            partitionSpecs: [],
            defaultSpecID: -1,
            lastPartitionID: PartitionSpec.lastIDUnpartitioned,
            sortOrders: [],
            defaultSortOrderID: -1,
            properties: [:],
            currentSnapshotID: nil,
            snapshots: [],
            snapshotLog: [],
            metadataLog: [],
            references: [:],
            others: [:],
            written: [:]
        )
    }
}
