/// Changes inside a tree of fields.
enum FieldEditing {
    /// `fields` with `body` done to the children of the struct `parent`; nil: to `fields` itself.
    static func children(
        of parent: Int?,
        in fields: [NestedField],
        _ body: (inout [NestedField]) throws(AlterationError) -> Void
    ) throws(AlterationError) -> [NestedField] {
        guard let parent else {
            var changed = fields
            try body(&changed)
            return changed
        }
        return try each(of: fields) { (field) throws(AlterationError) in
            guard field.id == parent, case .struct(var children) = field.type else { return false }
            try body(&children)
            field.type = .struct(children)
            return true
        }
    }

    /// `fields` with `body` done to the field `id`, at any depth.
    static func field(
        _ id: Int,
        in fields: [NestedField],
        _ body: (inout NestedField) -> Void
    ) throws(AlterationError) -> [NestedField] {
        try each(of: fields) { (field) throws(AlterationError) in
            guard field.id == id else { return false }
            body(&field)
            return true
        }
    }

    /// Goes through all fields; what is inside of one for which `body` gives true is left alone.
    private static func each(
        of fields: [NestedField],
        _ body: (inout NestedField) throws(AlterationError) -> Bool
    ) throws(AlterationError) -> [NestedField] {
        var changed: [NestedField] = []
        for var field in fields {
            if try !body(&field) { field.type = try inside(field.type, body) }
            changed.append(field)
        }
        return changed
    }

    private static func inside(
        _ type: IcebergType,
        _ body: (inout NestedField) throws(AlterationError) -> Bool
    ) throws(AlterationError) -> IcebergType {
        switch type {
        case .struct(let fields):
            return .struct(try each(of: fields, body))
        case .list(var list):
            let element = try each(of: [list.elementField], body)[0]
            (list.element, list.elementRequired) = (element.type, element.required)
            return .list(list)
        case .map(var map):
            // Keys stay as they are: files are found by them.
            let value = try each(of: [map.valueField], body)[0]
            (map.value, map.valueRequired) = (value.type, value.required)
            return .map(map)
        default: return type
        }
    }
}
