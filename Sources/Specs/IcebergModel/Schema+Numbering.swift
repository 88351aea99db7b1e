/// New ids for the fields of a schema whose own ones cannot stay.
extension Schema {
    /// True when fields are told apart by their ids, but ids are not all above 0: engines that
    /// leave the numbering to the catalog begin with 0.
    public var hasProvisionalIDs: Bool {
        let ids = allFields.map(\.id)
        return ids.contains { $0 <= 0 } && Set(ids).count == ids.count
    }

    /// The same columns with ids from 1 on, and the new id of each old one.
    ///
    /// The fields of a level get theirs before what is inside of them, as Iceberg's own libraries
    /// number new tables.
    public func numbered() -> (schema: Schema, ids: [Int: Int]) {
        var ids: [Int: Int] = [:]
        func walk(_ fields: [NestedField]) {
            for field in fields { ids[field.id] = ids.count + 1 }
            for field in fields { walk(field.type.children) }
        }
        walk(fields)
        let schema = Schema(
            id: id,
            fields: fields.map { $0.renumbered(by: ids) },
            identifierFieldIDs: identifierFieldIDs.map { ids[$0] ?? $0 }
        )
        return (schema, ids)
    }
}

extension NestedField {
    fileprivate func renumbered(by ids: [Int: Int]) -> NestedField {
        var field = self
        field.id = ids[id] ?? id
        switch type {
        case .struct(let fields):
            field.type = .struct(fields.map { $0.renumbered(by: ids) })
        case .list(var list):
            let element = list.elementField.renumbered(by: ids)
            (list.elementID, list.element) = (element.id, element.type)
            field.type = .list(list)
        case .map(var map):
            let (key, value) = (
                map.keyField.renumbered(by: ids), map.valueField.renumbered(by: ids)
            )
            (map.keyID, map.key) = (key.id, key.type)
            (map.valueID, map.value) = (value.id, value.type)
            field.type = .map(map)
        default:
            break
        }
        return field
    }
}
