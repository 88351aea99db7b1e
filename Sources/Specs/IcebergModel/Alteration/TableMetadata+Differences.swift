extension TableMetadata {
    /// What is different in `changed`, a line for each: columns, partitions, sort order and
    /// properties.
    public func differences(in changed: TableMetadata) -> [String] {
        columnDifferences(in: changed) + divisionDifferences(in: changed)
            + propertyDifferences(in: changed)
    }

    private func columnDifferences(in changed: TableMetadata) -> [String] {
        var lines: [String] = []
        for field in schema.allFields where changed.schema.field(id: field.id) == nil {
            lines.append("- column \(path(field.id) ?? field.name) \(field.type)")
        }
        for field in changed.schema.allFields {
            let name = changed.path(field.id) ?? field.name
            guard let before = schema.field(id: field.id) else {
                lines.append("+ column \(name) \(field.type), id \(field.id)")
                continue
            }
            if before.name != field.name {
                lines.append("column \(path(field.id) ?? before.name) is called \(name)")
            }
            // Of what is nested, the fields inside tell.
            if before.type != field.type, field.type.isPrimitive {
                lines.append("column \(name) is \(field.type), was \(before.type)")
            }
            if before.required != field.required { lines.append("column \(name) is optional") }
            if before.doc != field.doc {
                lines.append("column \(name) means: \(field.doc ?? "")")
            }
        }
        let known = Set(schema.allFields.map(\.id))
        let kept = Set(changed.schema.allFields.map(\.id)).intersection(known)
        let before = schema.allFields.map(\.id).filter(kept.contains)
        let after = changed.schema.allFields.map(\.id).filter(kept.contains)
        if before != after {
            let order = changed.schema.fields.map(\.name).joined(separator: ", ")
            lines.append("columns are in the order \(order)")
        }
        return lines
    }

    private func divisionDifferences(in changed: TableMetadata) -> [String] {
        var lines: [String] = []
        if spec.id != changed.spec.id {
            let terms = changed.spec.fields.map { changed.term($0.transform, $0.sourceID) }
            lines.append(
                terms.isEmpty
                    ? "not partitioned" : "partitioned by \(terms.joined(separator: ", "))"
            )
        }
        if defaultSortOrderID != changed.defaultSortOrderID {
            let order = changed.sortOrders.first { $0.id == changed.defaultSortOrderID }
            let terms = (order?.fields ?? []).map { field in
                "\(changed.term(field.transform, field.sourceID)) \(field.direction.rawValue) "
                    + "nulls \(field.nullOrder == .first ? "first" : "last")"
            }
            lines.append(
                terms.isEmpty ? "not sorted" : "sorted by \(terms.joined(separator: ", "))"
            )
        }
        return lines
    }

    /// `bucket(16, user)`.
    private func term(_ transform: Transform, _ sourceID: Int) -> String {
        let column = path(sourceID) ?? "#\(sourceID)"
        return switch transform {
        case .identity: column
        case .bucket(let buckets): "bucket(\(buckets), \(column))"
        case .truncate(let width): "truncate(\(width), \(column))"
        default: "\(transform.name)(\(column))"
        }
    }

    private func propertyDifferences(in changed: TableMetadata) -> [String] {
        Set(properties.keys).union(changed.properties.keys).sorted().compactMap { key in
            let after = changed.properties[key]
            if properties[key] == after { return nil }
            return after.map { "\(key) = \($0)" } ?? "\(key) is not set"
        }
    }
}
