/// Alterations of one table, gathered for one commit.
///
/// Pure: it says the updates, and what must be true of the table for them to be right. When
/// somebody else was first, the same alterations are applied to the table as it is then.
public struct TableAlteration: Sendable {
    let base: TableMetadata
    var schema: Schema
    var lastID: Int
    var terms: [TransformTerm]?
    var sorting: [SortTerm]?
    var properties: [String: String?] = [:]

    /// No change of `base` yet.
    public init(of base: TableMetadata) {
        self.base = base
        schema = base.schema
        lastID = base.lastColumnID
    }

    /// `alterations` of `base`, in their order.
    public init(
        _ alterations: [Alteration],
        of base: TableMetadata
    ) throws(AlterationError) {
        self.init(of: base)
        for alteration in alterations { try apply(alteration) }
    }

    /// Applies one more.
    public mutating func apply(_ alteration: Alteration) throws(AlterationError) {
        switch alteration {
        case .add(let name, let type, let place): try add(name, type, place)
        case .drop(let name): try drop(name)
        case .rename(let old, let new): try rename(old, to: new)
        case .move(let name, let place): try move(name, place)
        case .widen(let name, let type): try widen(name, type)
        case .makeOptional(let name): try makeOptional(name)
        case .comment(let name, let text):
            let field = try field(name)
            try mustHaveName(field)
            try change(field.id) { $0.doc = text }
        case .partition(let terms): self.terms = terms
        case .sort(let terms): sorting = terms
        case .set(let key, let value):
            try mustBeFree(key)
            properties[key] = .some(value)
        case .unset(let key):
            try mustBeFree(key)
            guard base.properties[key] != nil else {
                throw AlterationError("the table has no property \(key)")
            }
            properties[key] = .some(nil)
        }
    }

    /// Names that other engines take for the table's own numbers when they stand in properties.
    private static let reserved: Set<String> = [
        "format-version", "uuid", "snapshot-count", "current-snapshot-summary",
        "current-snapshot-id", "current-snapshot-timestamp-ms", "current-schema",
        "default-partition-spec", "default-sort-order",
    ]

    private func mustBeFree(_ key: String) throws(AlterationError) {
        guard !key.isEmpty, !Self.reserved.contains(key) else {
            throw AlterationError("\"\(key)\" is no property that can be set by hand")
        }
    }

    /// What is done to the table, in order; empty when it is as it should be.
    ///
    /// - Returns: the updates, and what they rely on.
    public func updates() throws(AlterationError) -> (
        updates: [TableUpdate], requirements: [TableRequirement]
    ) {
        var updates: [TableUpdate] = []
        var requirements: [TableRequirement] = [
            .tableUUID(base.uuid), .currentSchemaID(base.currentSchemaID),
            .lastAssignedFieldID(base.lastColumnID),
        ]
        try checkSources()
        if !schema.hasSameColumns(as: base.schema) {
            var added = schema
            added.id = (base.schemas.map(\.id).max() ?? -1) + 1
            updates += [.addSchema(added), .setCurrentSchema(TableUpdate.lastAdded)]
        }
        if let terms {
            requirements += [
                .defaultSpecID(base.defaultSpecID),
                .lastAssignedPartitionID(base.lastPartitionID),
            ]
            updates += try dividing(by: terms)
        }
        if let sorting {
            requirements.append(.defaultSortOrderID(base.defaultSortOrderID))
            updates += try ordering(by: sorting)
        }
        let set = properties.compactMapValues(\.self).filter { base.properties[$0] != $1 }
        let unset = properties.filter { $0.value == nil }.keys.sorted()
        if !set.isEmpty { updates.append(.setProperties(set)) }
        if !unset.isEmpty { updates.append(.removeProperties(unset)) }
        return (updates, requirements)
    }

    /// What partition and sort fields are made from stays.
    private func checkSources() throws(AlterationError) {
        // Files of older specs are there still, and engines read the type of their partitions from
        // the column.
        for spec in base.partitionSpecs {
            for field in spec.fields where field.transform != .void {
                guard schema.field(id: field.sourceID) == nil,
                    let name = base.path(field.sourceID)
                else { continue }
                throw AlterationError(
                    "\(name) cannot be dropped: files are partitioned by "
                        + "\(field.transform.name) of it (partition spec \(spec.id))"
                )
            }
        }
        guard sorting == nil else { return }
        let order = base.sortOrders.first { $0.id == base.defaultSortOrderID }
        for field in order?.fields ?? [] where schema.field(id: field.sourceID) == nil {
            guard let name = base.path(field.sourceID) else { continue }
            throw AlterationError(
                "\(name) cannot be dropped: rows are sorted by it; sort by something else in the "
                    + "same change"
            )
        }
    }
}

extension TableMetadata {
    /// The name of a column with those of the structs it is in; nil when there is none.
    public func path(_ fieldID: Int) -> String? {
        schema.path(toField: fieldID)?.map(\.name).joined(separator: ".")
    }
}
