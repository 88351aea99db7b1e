/// A table's columns at one time of its life.
public struct Schema: Hashable, Sendable {
    /// Number of this schema within the table.
    public var id: Int
    /// The columns, in order.
    public var fields: [NestedField]
    /// Ids of the fields that identify a row, if any.
    public var identifierFieldIDs: [Int]

    /// A schema of `fields`.
    public init(id: Int = 0, fields: [NestedField], identifierFieldIDs: [Int] = []) {
        self.id = id
        self.fields = fields
        self.identifierFieldIDs = identifierFieldIDs
    }

    /// True when both describe the same columns, whatever their numbers.
    public func hasSameColumns(as other: Schema) -> Bool {
        fields == other.fields && identifierFieldIDs == other.identifierFieldIDs
    }

    /// The column called `name`.
    public func column(named name: String) -> NestedField? {
        fields.first { $0.name == name }
    }

    /// The field called `name`, where a dot separates the levels: `_log.timestamp`.
    ///
    /// A column whose own name has a dot wins over a nested field of that path.
    public func field(named name: String) -> NestedField? {
        Self.find(Substring(name), in: fields)
    }

    private static func find(_ name: Substring, in fields: [NestedField]) -> NestedField? {
        if let field = fields.first(where: { $0.name == name }) { return field }
        for field in fields where name.hasPrefix(field.name + ".") {
            let rest = name.dropFirst(field.name.count + 1)
            if let nested = find(rest, in: field.type.children) { return nested }
        }
        return nil
    }

    /// The field with that id, at any depth.
    public func field(id: Int) -> NestedField? { path(toField: id)?.last }

    /// The fields from the column down to the one with that id; nil when there is none.
    public func path(toField id: Int) -> [NestedField]? {
        Self.path(to: id, in: fields)
    }

    private static func path(to id: Int, in fields: [NestedField]) -> [NestedField]? {
        for field in fields {
            if field.id == id { return [field] }
            if let rest = path(to: id, in: field.type.children) { return [field] + rest }
        }
        return nil
    }

    /// Every field at any depth, a parent before what it contains.
    public var allFields: [NestedField] {
        var all: [NestedField] = []
        func walk(_ fields: [NestedField]) {
            for field in fields {
                all.append(field)
                walk(field.type.children)
            }
        }
        walk(fields)
        return all
    }

    /// The highest field id at any depth; 0 without columns.
    public var highestFieldID: Int { allFields.map(\.id).max() ?? 0 }
}
