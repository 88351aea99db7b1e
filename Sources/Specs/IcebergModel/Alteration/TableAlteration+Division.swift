/// Partition specs and sort orders.
extension TableAlteration {
    /// Updates after which new files are divided by `terms`. An equal spec is used again, and so
    /// are the ids and names of equal fields.
    func dividing(by terms: [TransformTerm]) throws(AlterationError) -> [TableUpdate] {
        let earlier = base.partitionSpecs.flatMap(\.fields)
        var fields: [PartitionField] = []
        var lastID = base.lastPartitionID
        for term in terms {
            let source = try source(of: term)
            let known = earlier.last {
                $0.sourceID == source.id && $0.transform == term.transform
            }
            if known == nil { lastID += 1 }
            let field = PartitionField(
                sourceID: source.id,
                fieldID: known?.fieldID ?? lastID,
                name: known?.name ?? Self.name(of: term),
                transform: term.transform
            )
            try check(field, term, beside: fields)
            fields.append(field)
        }
        if fields == base.spec.fields { return [] }
        if let same = base.partitionSpecs.first(where: { $0.fields == fields }) {
            return [.setDefaultSpec(same.id)]
        }
        let id = (base.partitionSpecs.map(\.id).max() ?? -1) + 1
        let spec = UnboundPartitionSpec(PartitionSpec(id: id, fields: fields))
        return [.addSpec(spec), .setDefaultSpec(TableUpdate.lastAdded)]
    }

    private func check(
        _ field: PartitionField,
        _ term: TransformTerm,
        beside others: [PartitionField]
    ) throws(AlterationError) {
        for other in others where other.sourceID == field.sourceID {
            guard other.transform != field.transform,
                !(other.transform.isOfTime && field.transform.isOfTime)
            else {
                throw AlterationError(
                    "\(other.transform.name) and \(field.transform.name) of \(term.column) say "
                        + "the same; the finer one is enough"
                )
            }
        }
        let column = schema.column(named: field.name)
        let isColumn = column.map { $0.id != field.sourceID || field.transform != .identity }
        guard !(isColumn ?? false), !others.contains(where: { $0.name == field.name }) else {
            throw AlterationError(
                "the partition field would be called \(field.name), and so is a column or another "
                    + "field; rename that first"
            )
        }
    }

    /// As Iceberg's own tools name them, but with `_` for the dot.
    private static func name(of term: TransformTerm) -> String {
        let column = String(term.column.map { $0 == "." ? "_" : $0 })
        return switch term.transform {
        case .identity: column
        case .bucket(let buckets): "\(column)_bucket_\(buckets)"
        case .truncate(let width): "\(column)_trunc_\(width)"
        default: "\(column)_\(term.transform.name)"
        }
    }

    /// Updates after which new files are sorted by `terms`.
    func ordering(by terms: [SortTerm]) throws(AlterationError) -> [TableUpdate] {
        var fields: [SortField] = []
        for term in terms {
            let field = SortField(
                transform: term.term.transform,
                sourceID: try source(of: term.term).id,
                direction: term.direction,
                nullOrder: term.nullOrder
            )
            let isThere = fields.contains {
                $0.sourceID == field.sourceID && $0.transform == field.transform
            }
            guard !isThere else {
                throw AlterationError("\(term.term.column) is there twice in the sort order")
            }
            fields.append(field)
        }
        if let same = base.sortOrders.first(where: { $0.fields == fields }) {
            return same.id == base.defaultSortOrderID ? [] : [.setDefaultSortOrder(same.id)]
        }
        let id = fields.isEmpty ? 0 : max((base.sortOrders.map(\.id).max() ?? 0) + 1, 1)
        return [
            .addSortOrder(SortOrder(id: id, fields: fields)),
            .setDefaultSortOrder(TableUpdate.lastAdded),
        ]
    }

    /// The column that a value is made from: a primitive one, in structs at most.
    private func source(of term: TransformTerm) throws(AlterationError) -> NestedField {
        let field = try field(term.column)
        let path = schema.path(toField: field.id) ?? []
        let isInStructs = path.dropLast().allSatisfy {
            if case .struct = $0.type { true } else { false }
        }
        guard isInStructs else {
            throw AlterationError("\(term.column) is inside of a list or map: it has many values")
        }
        guard term.transform.resultType(of: field.type) != nil else {
            throw AlterationError(
                "\(term.transform.name) does not apply to \(term.column), which is \(field.type)"
            )
        }
        return field
    }
}

extension Transform {
    /// True for those that cut a time off.
    fileprivate var isOfTime: Bool {
        switch self {
        case .year, .month, .day, .hour: true
        default: false
        }
    }
}
