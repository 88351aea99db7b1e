/// Columns (specification, "Schema Evolution").
extension TableAlteration {
    /// The column of that name.
    func field(_ name: String) throws(AlterationError) -> NestedField {
        if let field = schema.field(named: name) { return field }
        throw AlterationError(
            "there is no column \(name); there are "
                + schema.fields.map(\.name).joined(separator: ", ")
        )
    }

    mutating func change(
        _ id: Int,
        _ body: (inout NestedField) -> Void
    ) throws(AlterationError) {
        schema.fields = try FieldEditing.field(id, in: schema.fields, body)
    }

    /// Ids of the structs a field is in; throws when it is an element, a key or a value.
    private func parent(of field: NestedField) throws(AlterationError) -> Int? {
        let path = schema.path(toField: field.id) ?? []
        guard let parent = path.dropLast().last else { return nil }
        guard case .struct = parent.type else {
            throw AlterationError(
                "\(field.name) of \(parent.name) is a part of its type, no column"
            )
        }
        for (outer, inner) in zip(path, path.dropFirst()) {
            if case .map(let map) = outer.type, map.keyID == inner.id {
                throw AlterationError("a map's keys stay as they are")
            }
        }
        return parent.id
    }

    func mustHaveName(_ field: NestedField) throws(AlterationError) { _ = try parent(of: field) }

    private func siblings(in parent: Int?) -> [NestedField] {
        parent.map { schema.field(id: $0)?.type.children ?? [] } ?? schema.fields
    }

    mutating func add(
        _ name: String,
        _ type: IcebergType,
        _ place: ColumnPlace?
    ) throws(AlterationError) {
        let (parent, own) = try split(name)
        let neighbours = siblings(in: parent)
        guard !neighbours.contains(where: { $0.name == own }) else {
            throw AlterationError("there is a column \(name) already")
        }
        lastID += 1
        let id = lastID
        let column = NestedField.optional(
            id,
            own,
            SchemaChange.withFreshIDs(type, lastID: &lastID)
        )
        do throws(IcebergError) { try SchemaChange.checkNames([column]) } catch {
            throw AlterationError("\(error)")
        }
        schema.fields = try FieldEditing.children(of: parent, in: schema.fields) {
            (fields) throws(AlterationError) in
            fields.append(column)
            if let place { try Self.move(id, place, in: &fields) }
        }
        guard schema.field(id: id) != nil else {
            throw AlterationError("a map's keys stay as they are")
        }
    }

    /// The struct that a new column goes into, and its own name.
    private func split(_ name: String) throws(AlterationError) -> (parent: Int?, own: String) {
        guard let dot = name.lastIndex(of: ".") else { return (nil, name) }
        let (outer, own) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
        let parent = try field(outer)
        guard case .struct = parent.type, !own.isEmpty else {
            throw AlterationError(
                "\(outer) is \(parent.type), no struct; inside of lists and maps columns are "
                    + "added to \(outer).element or \(outer).value"
            )
        }
        return (parent.id, own)
    }

    mutating func drop(_ name: String) throws(AlterationError) {
        let field = try field(name)
        let parent = try parent(of: field)
        guard siblings(in: parent).count > 1 else {
            throw AlterationError("\(name) is the only column there; drop what it is in")
        }
        let gone = Set(Schema(fields: [field]).allFields.map(\.id))
        guard gone.isDisjoint(with: schema.identifierFieldIDs) else {
            throw AlterationError("\(name) is one of the columns that identify a row")
        }
        schema.fields = try FieldEditing.children(of: parent, in: schema.fields) {
            $0.removeAll { $0.id == field.id }
        }
    }

    mutating func rename(_ old: String, to new: String) throws(AlterationError) {
        let field = try field(old)
        let neighbours = siblings(in: try parent(of: field))
        guard !neighbours.contains(where: { $0.name == new && $0.id != field.id }) else {
            throw AlterationError("there is a column \(new) already, beside \(old)")
        }
        try change(field.id) { $0.name = new }
    }

    mutating func move(_ name: String, _ place: ColumnPlace) throws(AlterationError) {
        let field = try field(name)
        let parent = try parent(of: field)
        schema.fields = try FieldEditing.children(of: parent, in: schema.fields) {
            (fields) throws(AlterationError) in
            try Self.move(field.id, place, in: &fields)
        }
    }

    private static func move(
        _ id: Int,
        _ place: ColumnPlace,
        in fields: inout [NestedField]
    ) throws(AlterationError) {
        guard let from = fields.firstIndex(where: { $0.id == id }) else { return }
        let field = fields.remove(at: from)
        /// A neighbour, by its own name; the structs they are in are the same.
        func index(_ name: String) throws(AlterationError) -> Int {
            let found = fields.firstIndex { $0.name == name }
            let own = name.split(separator: ".").last.map(String.init)
            guard let index = found ?? fields.firstIndex(where: { $0.name == own }) else {
                throw AlterationError(
                    "\(name) is no neighbour of \(field.name); those are "
                        + fields.map(\.name).joined(separator: ", ")
                )
            }
            return index
        }
        let to =
            switch place {
            case .first: 0
            case .after(let name): try index(name) + 1
            case .before(let name): try index(name)
            }
        fields.insert(field, at: to)
    }

    mutating func widen(_ name: String, _ type: IcebergType) throws(AlterationError) {
        let field = try field(name)
        if field.type == type { return }
        guard field.type.canWiden(to: type) else {
            throw AlterationError(
                "\(name) is \(field.type) and cannot become \(type): int becomes long, float "
                    + "double, and a decimal one with more digits before the point"
            )
        }
        try change(field.id) { $0.type = type }
        guard schema.field(id: field.id)?.type == type else {
            throw AlterationError("a map's keys stay as they are")
        }
    }

    mutating func makeOptional(_ name: String) throws(AlterationError) {
        let field = try field(name)
        if !field.required { return }
        guard !schema.identifierFieldIDs.contains(field.id) else {
            throw AlterationError("\(name) is one of the columns that identify a row")
        }
        try change(field.id) { $0.required = false }
        guard schema.field(id: field.id)?.required == false else {
            throw AlterationError("a map's keys stay as they are")
        }
    }
}

extension IcebergType {
    /// True when a column of this type may become one of type `other`: every value stays what it is
    /// (specification, "Schema Evolution").
    public func canWiden(to other: IcebergType) -> Bool { SchemaChange.canWiden(self, to: other) }
}
