/// Schemas, partition specs and sort orders.
extension MetadataDraft {
    /// Field ids above it belong to metadata columns (specification, "Reserved Field IDs").
    private static let fieldIDMax = 2_147_483_447

    mutating func add(_ schema: Schema) throws(TableUpdateError) {
        do throws(IcebergError) {
            try SchemaChange.checkNames(schema.fields)
        } catch { throw .invalid(reason: "\(error)") }
        try checkIdentity(of: schema)
        metadata.lastColumnID = max(metadata.lastColumnID, schema.highestFieldID)
        if let same = metadata.schemas.first(where: { $0.hasSameColumns(as: schema) }) {
            schemas.add(schema.id, as: same.id)
            return
        }
        var added = schema
        added.id = Self.freeID(schema.id, metadata.schemas.map(\.id), from: 0)
        metadata.schemas.append(added)
        schemas.add(schema.id, as: added.id)
    }

    /// An id names the same data for ever: its type stays, or becomes a wider one.
    private func checkIdentity(of schema: Schema) throws(TableUpdateError) {
        for field in schema.allFields {
            guard field.id > 0, field.id <= Self.fieldIDMax else {
                throw .invalid(
                    reason: "the field \(field.name) has the id \(field.id); ids are 1 to "
                        + "\(Self.fieldIDMax)"
                )
            }
        }
        let ids = Set(schema.allFields.map(\.id))
        guard schema.identifierFieldIDs.allSatisfy(ids.contains) else {
            throw .invalid(reason: "identifier-field-ids name fields that the schema has not")
        }
        guard let newest = metadata.schemas.first(where: { $0.id == metadata.currentSchemaID })
        else { return }
        for field in schema.allFields {
            guard let before = newest.field(id: field.id) else { continue }
            guard SchemaChange.keepsType(before.type, field.type) else {
                throw .invalid(
                    reason: "the field \(field.name) with the id \(field.id) cannot become "
                        + "\(field.type) from \(before.type); add a field with a new id"
                )
            }
        }
    }

    mutating func setCurrentSchema(_ sent: Int) throws(TableUpdateError) {
        let id = try resolved(sent, schemas, "schema")
        guard metadata.schemas.contains(where: { $0.id == id }) else {
            throw .invalid(reason: "there is no schema \(id) to become the current one")
        }
        metadata.currentSchemaID = id
    }

    mutating func add(_ spec: UnboundPartitionSpec) throws(TableUpdateError) {
        var fields: [PartitionField] = []
        var lastID = metadata.lastPartitionID
        for field in spec.fields {
            if case .unknown(let name) = field.transform {
                throw .invalid(reason: "the partition transform \"\(name)\" is not known")
            }
            fields.append(try bound(field, taken: fields, lastID: &lastID))
        }
        try check(fields)
        let same = metadata.partitionSpecs.first { Self.isSame($0.fields, fields) }
        if let same {
            specs.add(spec.id, as: same.id)
            return
        }
        let ids = metadata.partitionSpecs.map(\.id)
        let added = PartitionSpec(id: Self.freeID(spec.id, ids, from: 0), fields: fields)
        do throws(IcebergError) {
            _ = try added.partitionType(of: newestSchema)
        } catch { throw .invalid(reason: "\(error)") }
        metadata.partitionSpecs.append(added)
        metadata.lastPartitionID = max(lastID, fields.map(\.fieldID).max() ?? 0)
        specs.add(spec.id, as: added.id)
    }

    /// The schema that an added spec or order is about: the one that is being added with it, or
    /// the current one.
    private var newestSchema: Schema {
        if let id = schemas.last, let added = metadata.schemas.first(where: { $0.id == id }) {
            return added
        }
        return metadata.schema
    }

    /// A field with its id: the one it had in an earlier spec, the sender's, or a new one.
    private func bound(
        _ field: UnboundPartitionSpec.Field,
        taken: [PartitionField],
        lastID: inout Int
    ) throws(TableUpdateError) -> PartitionField {
        let earlier = metadata.partitionSpecs.flatMap(\.fields)
        let id: Int
        if let sent = field.fieldID {
            id = sent
            let other = earlier.first {
                $0.fieldID == sent
                    && !($0.sourceID == field.sourceID
                        && ($0.transform == field.transform || field.transform == .void
                            || $0.transform == .void))
            }
            guard other == nil, sent > PartitionSpec.lastIDUnpartitioned, sent <= Self.fieldIDMax
            else {
                throw .invalid(
                    reason: "the partition field id \(sent) of \(field.name) belongs to another "
                        + "field, or is not above \(PartitionSpec.lastIDUnpartitioned)"
                )
            }
        } else if let same = earlier.last(where: {
            $0.sourceID == field.sourceID && $0.transform == field.transform
        }), !taken.contains(where: { $0.fieldID == same.fieldID }) {
            id = same.fieldID
        } else {
            id = lastID + 1
        }
        lastID = max(lastID, id)
        return PartitionField(
            sourceID: field.sourceID,
            fieldID: id,
            name: field.name,
            transform: field.transform
        )
    }

    /// Names and ids are there once; a column's name belongs to the column's own values.
    private func check(_ fields: [PartitionField]) throws(TableUpdateError) {
        guard Set(fields.map(\.fieldID)).count == fields.count,
            Set(fields.map(\.name)).count == fields.count
        else { throw .invalid(reason: "a partition field's id or name is there twice") }
        for field in fields {
            guard let column = newestSchema.column(named: field.name) else { continue }
            let isItself = field.transform == .identity && column.id == field.sourceID
            guard isItself || field.transform == .void else {
                throw .invalid(
                    reason: "the partition field \(field.name) has the name of a column"
                )
            }
        }
    }

    private static func isSame(_ left: [PartitionField], _ right: [PartitionField]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy {
                $0.sourceID == $1.sourceID && $0.transform == $1.transform && $0.name == $1.name
            }
    }

    mutating func setDefaultSpec(_ sent: Int) throws(TableUpdateError) {
        let id = try resolved(sent, specs, "partition spec")
        guard metadata.partitionSpecs.contains(where: { $0.id == id }) else {
            throw .invalid(reason: "there is no partition spec \(id) to become the default")
        }
        metadata.defaultSpecID = id
    }

    mutating func add(_ order: SortOrder) throws(TableUpdateError) {
        if let same = metadata.sortOrders.first(where: { $0.fields == order.fields }) {
            orders.add(order.id, as: same.id)
            return
        }
        let ids = metadata.sortOrders.map(\.id)
        // 0 is the number of no order, and of nothing else.
        let id = order.fields.isEmpty ? 0 : Self.freeID(order.id, ids, from: 1)
        metadata.sortOrders.append(SortOrder(id: id, fields: order.fields))
        orders.add(order.id, as: id)
    }

    mutating func setDefaultOrder(_ sent: Int) throws(TableUpdateError) {
        let id = try resolved(sent, orders, "sort order")
        guard metadata.sortOrders.contains(where: { $0.id == id }) else {
            throw .invalid(reason: "there is no sort order \(id) to become the default")
        }
        metadata.defaultSortOrderID = id
    }

    /// Whether the table's rows can be sorted as its default order says.
    func checkOrder() throws(TableUpdateError) {
        let order = metadata.sortOrders.first { $0.id == metadata.defaultSortOrderID }
        for field in order?.fields ?? [] {
            let source = metadata.schema.field(id: field.sourceID)
            guard let source, field.transform.resultType(of: source.type) != nil else {
                throw .invalid(
                    reason: "the sort order \(metadata.defaultSortOrderID) refers to the field "
                        + "\(field.sourceID), which is missing or cannot be sorted by "
                        + field.transform.name
                )
            }
        }
    }

    mutating func removeSpecs(_ ids: Set<Int>) throws(TableUpdateError) {
        guard !ids.contains(metadata.defaultSpecID) else {
            throw .invalid(reason: "the default partition spec cannot be removed")
        }
        metadata.partitionSpecs.removeAll { ids.contains($0.id) }
    }

    mutating func removeSchemas(_ ids: Set<Int>) throws(TableUpdateError) {
        guard !ids.contains(metadata.currentSchemaID) else {
            throw .invalid(reason: "the current schema cannot be removed")
        }
        metadata.schemas.removeAll { ids.contains($0.id) }
    }

    private func resolved(
        _ sent: Int,
        _ added: AddedIDs,
        _ what: String
    ) throws(TableUpdateError) -> Int {
        guard let id = added.resolve(sent) else {
            throw .invalid(reason: "-1 means the \(what) added last, and none was added")
        }
        return id
    }

    /// The sender's number if nothing else has it, else the next one.
    private static func freeID(_ sent: Int?, _ ids: [Int], from first: Int) -> Int {
        let next = (ids.max() ?? first - 1) + 1
        // Numbers stay small: another writer counts on from the highest.
        if let sent, sent >= first, sent <= next, !ids.contains(sent) { return sent }
        return max(next, first)
    }
}
