/// The rules of schema evolution (specification, "Schema Evolution").
internal enum SchemaChange {
    /// Adds `column` to the struct field `parentID` somewhere in `fields`, or to `fields` itself.
    static func add(
        _ column: NewColumn,
        to fields: [NestedField],
        parentID: Int?,
        lastID: inout Int
    ) throws(IcebergError) -> [NestedField] {
        guard let parentID else { return try append(column, to: fields, lastID: &lastID) }
        var result = fields
        for index in result.indices {
            guard contains(parentID, in: [result[index]]) else { continue }
            result[index] = try add(column, inside: result[index], parentID, lastID: &lastID)
            return result
        }
        throw .missing(what: "struct column", id: Int64(parentID))
    }

    /// `field` with the column added to the struct `parentID`, which is the field or inside it.
    private static func add(
        _ column: NewColumn,
        inside field: NestedField,
        _ parentID: Int,
        lastID: inout Int
    ) throws(IcebergError) -> NestedField {
        var field = field
        switch field.type {
        case .struct(let children):
            field.type = .struct(
                try add(
                    column,
                    to: children,
                    parentID: field.id == parentID ? nil : parentID,
                    lastID: &lastID
                )
            )
        case .list(var list):
            list.element =
                try add(column, inside: list.elementField, parentID, lastID: &lastID).type
            field.type = .list(list)
        case .map(var map):
            map.value = try add(column, inside: map.valueField, parentID, lastID: &lastID).type
            field.type = .map(map)
        default:
            throw .missing(what: "struct column", id: Int64(parentID))
        }
        return field
    }

    private static func contains(_ id: Int, in fields: [NestedField]) -> Bool {
        fields.contains { $0.id == id || contains(id, in: $0.type.children) }
    }

    private static func append(
        _ column: NewColumn,
        to fields: [NestedField],
        lastID: inout Int
    ) throws(IcebergError) -> [NestedField] {
        if let present = fields.first(where: { $0.name == column.name }) {
            guard holds(present.type, column.type) else {
                throw .schemaChange(
                    reason: "the column \(column.name) is \(present.type), not \(column.type)"
                )
            }
            return fields
        }
        guard !column.name.isEmpty else {
            throw .schemaChange(reason: "a column needs a name")
        }
        lastID += 1
        let id = lastID
        let type = withFreshIDs(column.type, lastID: &lastID)
        return fields + [.optional(id, column.name, type, doc: column.doc)]
    }

    /// Whether every value of `wanted` is a value of `present`.
    private static func holds(_ present: IcebergType, _ wanted: IcebergType) -> Bool {
        if present.isPrimitive || wanted.isPrimitive {
            return present == wanted || canWiden(wanted, to: present)
        }
        switch (present, wanted) {
        case (.struct(let left), .struct(let right)):
            return right.allSatisfy { field in
                left.contains { $0.name == field.name && holds($0.type, field.type) }
            }
        case (.list(let left), .list(let right)):
            return holds(left.element, right.element)
        case (.map(let left), .map(let right)):
            return holds(left.key, right.key) && holds(left.value, right.value)
        default:
            return false
        }
    }

    /// `type` with ids counted on from `lastID`, the fields of a level before those inside them.
    static func withFreshIDs(_ type: IcebergType, lastID: inout Int) -> IcebergType {
        switch type {
        case .struct(var fields):
            for index in fields.indices {
                lastID += 1
                fields[index].id = lastID
            }
            for index in fields.indices {
                fields[index].type = withFreshIDs(fields[index].type, lastID: &lastID)
            }
            return .struct(fields)
        case .list(var list):
            lastID += 1
            list.elementID = lastID
            list.element = withFreshIDs(list.element, lastID: &lastID)
            return .list(list)
        case .map(var map):
            map.keyID = lastID + 1
            map.valueID = lastID + 2
            lastID += 2
            map.key = withFreshIDs(map.key, lastID: &lastID)
            map.value = withFreshIDs(map.value, lastID: &lastID)
            return .map(map)
        default:
            return type
        }
    }

    /// Whether a column of type `old` may become one of type `new`.
    static func canWiden(_ old: IcebergType, to new: IcebergType) -> Bool {
        switch (old, new) {
        case (.int, .long), (.float, .double): true
        case (.decimal(let old, let oldScale), .decimal(let new, let newScale)):
            oldScale == newScale && new > old
        default: false
        }
    }

    /// Throws unless data written with `old` can be read with `new`.
    static func check(
        from old: Schema,
        to new: Schema,
        lastColumnID: Int
    ) throws(IcebergError) {
        try checkNames(new.fields)
        var parents: [Int: Int] = [:]
        note(parentsIn: old.fields, parent: 0, &parents)
        var newParents: [Int: Int] = [:]
        note(parentsIn: new.fields, parent: 0, &newParents)
        var seen: Set<Int> = []
        for field in new.allFields {
            guard seen.insert(field.id).inserted else {
                throw .schemaChange(reason: "the field id \(field.id) is used twice")
            }
            guard let before = old.field(id: field.id) else {
                guard field.id > lastColumnID else {
                    throw .schemaChange(
                        reason: "the new field \(field.name) has the id \(field.id), which "
                            + "belonged to another; ids above \(lastColumnID) are free"
                    )
                }
                // What is inside a new field may be required: there is no older data without it.
                let parentIsNew = newParents[field.id].map { $0 > lastColumnID } ?? false
                guard !field.required || parentIsNew else {
                    throw .schemaChange(
                        reason: "the new column \(field.name) must be optional: "
                            + "older files do not have it"
                    )
                }
                continue
            }
            guard parents[field.id] == newParents[field.id] else {
                throw .schemaChange(reason: "\(field.name) cannot move into another struct")
            }
            guard before.required || !field.required else {
                throw .schemaChange(reason: "\(field.name) is optional and stays so")
            }
            guard keepsType(before.type, field.type) else {
                throw .schemaChange(
                    reason: "\(field.name) cannot become \(field.type) from \(before.type)"
                )
            }
        }
    }

    /// Whether data of a field of type `old` can be read when it has the type `new`.
    static func keepsType(_ old: IcebergType, _ new: IcebergType) -> Bool {
        switch (old, new) {
        case (.struct, .struct): true
        // What is inside is compared by its own ids.
        case (.list(let old), .list(let new)): old.elementID == new.elementID
        case (.map(let old), .map(let new)):
            old.keyID == new.keyID && old.valueID == new.valueID
        default: old == new || canWiden(old, to: new)
        }
    }

    private static func note(
        parentsIn fields: [NestedField],
        parent: Int,
        _ parents: inout [Int: Int]
    ) {
        for field in fields {
            parents[field.id] = parent
            note(parentsIn: field.type.children, parent: field.id, &parents)
        }
    }

    /// Throws when two fields of one struct have the same name, or one has none.
    static func checkNames(_ fields: [NestedField]) throws(IcebergError) {
        var names: Set<String> = []
        for field in fields {
            guard !field.name.isEmpty, names.insert(field.name).inserted else {
                throw .schemaChange(reason: "two columns are called \"\(field.name)\"")
            }
            try checkNames(field.type.children)
        }
    }
}

extension Schema {
    /// The same columns with ids counted from 1, the columns before what is inside them: how
    /// Iceberg's tools number a new table.
    public func withFreshIDs() -> Schema {
        var lastID = 0
        guard
            case .struct(let fields) = SchemaChange.withFreshIDs(
                .struct(fields),
                lastID: &lastID
            )
        else { return self }
        return Schema(id: id, fields: fields)
    }
}

extension Schema {
    /// With `columns` added behind the present ones, their ids counted on from the highest there
    /// is. A table's metadata count on from the highest there ever was (`TableMetadata.adding`).
    public func adding(_ columns: [NewColumn]) throws(IcebergError) -> Schema {
        var lastID = highestFieldID
        var schema = self
        for column in columns {
            schema.fields = try SchemaChange.add(
                column,
                to: schema.fields,
                parentID: column.parentID,
                lastID: &lastID
            )
        }
        return schema
    }
}
