internal import IcebergModel

/// SQL that makes a field of a table of a file's column which is called or built differently.
enum FieldExpression {
    /// The value of `field`, which `layout` may have, with the table's names and type. `constant`
    /// is the value for files without it.
    static func of(
        _ field: NestedField,
        in layout: FileLayout,
        constant: String? = nil
    ) -> String {
        let type = DuckDBTypeName.of(field.type)
        // As DuckDB calls columns whose names differ in case alone.
        let names = ColumnNames.distinct(layout.columns.map(\.name))
        guard let index = layout.columns.firstIndex(where: { $0.id == field.id }) else {
            return "CAST(\(constant ?? "NULL") AS \(type))"
        }
        let value = value(field.type, layout.columns[index], SQLQuoting.name(names[index]), 0)
        return "CAST(\(value) AS \(type))"
    }

    /// `path` is the column's value in SQL.
    private static func value(
        _ type: IcebergType,
        _ column: FileLayout.Column,
        _ path: String,
        _ depth: Int
    ) -> String {
        switch type {
        case .struct(let fields):
            let names = ColumnNames.distinct(fields.map(\.name))
            let inner = ColumnNames.distinct(column.inner.map(\.name))
            let members = zip(fields, names).map { field, name in
                let index = column.inner.firstIndex { $0.id == field.id }
                let member = index.map { index in
                    self.value(
                        field.type,
                        column.inner[index],
                        "\(path).\(SQLQuoting.name(inner[index]))",
                        depth
                    )
                }
                let type = DuckDBTypeName.of(field.type)
                return "\(SQLQuoting.name(name)) := CAST(\(member ?? "NULL") AS \(type))"
            }
            return """
                CASE WHEN \(path) IS NULL THEN NULL ELSE struct_pack(\
                \(members.joined(separator: ", "))) END
                """
        case .list(let list):
            guard let element = column.inner.first else { return "NULL" }
            let each = "e\(depth)"
            return """
                list_transform(\(path), lambda \(each): \
                \(value(list.element, element, each, depth + 1)))
                """
        case .map(let map):
            guard column.inner.count == 2 else { return "NULL" }
            let each = "e\(depth)"
            let key = value(map.key, column.inner[0], "\(each).key", depth + 1)
            let inner = value(map.value, column.inner[1], "\(each).value", depth + 1)
            return """
                map_from_entries(list_transform(map_entries(\(path)), lambda \(each): \
                struct_pack(key := \(key), value := \(inner))))
                """
        default: return path
        }
    }

    /// A constant of SQL.
    static func constant(_ value: IcebergValue) -> String {
        switch value {
        case .boolean(let value): "\(value)"
        case .int(let value): "\(value)"
        case .long(let value): "\(value)"
        case .float(let value): "'\(value)'::FLOAT"
        case .double(let value): "'\(value)'::DOUBLE"
        case .decimal(let unscaled, let scale):
            "'\(decimal(unscaled, scale))'::DECIMAL(38, \(scale))"
        case .date(let days): "(DATE '1970-01-01' + (\(days))::INTEGER)"
        case .time(let micros):
            "(TIME '00:00:00' + to_microseconds((\(micros))::BIGINT))"
        case .timestamp(let micros): "make_timestamp((\(micros))::BIGINT)"
        case .timestamptz(let micros): "make_timestamptz((\(micros))::BIGINT)"
        case .string(let text): SQLQuoting.text(text)
        case .uuid(let bytes): "'\(hex(bytes))'::UUID"
        case .fixed(let bytes), .binary(let bytes): "from_hex('\(hex(bytes))')"
        }
    }

    private static func decimal(_ unscaled: Int128, _ scale: Int) -> String {
        let digits = "\(unscaled.magnitude)"
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        let sign = unscaled < 0 ? "-" : ""
        return scale == 0
            ? sign + padded : "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return bytes.reduce(into: "") {
            $0.append(digits[Int($1 >> 4)])
            $0.append(digits[Int($1 & 15)])
        }
    }
}
