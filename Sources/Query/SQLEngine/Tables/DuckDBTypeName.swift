internal import IcebergModel

/// Iceberg's types in DuckDB's words.
enum DuckDBTypeName {
    /// The type as it stands in a CAST or in the schema of `read_parquet`.
    static func of(_ type: IcebergType) -> String {
        switch type {
        case .boolean: "BOOLEAN"
        case .int: "INTEGER"
        case .long: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp: "TIMESTAMP"
        case .timestamptz: "TIMESTAMP WITH TIME ZONE"
        case .string: "VARCHAR"
        case .uuid: "UUID"
        case .fixed, .binary: "BLOB"
        case .list(let list): "\(of(list.element))[]"
        case .map(let map): "MAP(\(of(map.key)), \(of(map.value)))"
        case .struct(let fields):
            "STRUCT(\(fieldList(fields)))"
        }
    }

    private static func fieldList(_ fields: [NestedField]) -> String {
        zip(ColumnNames.distinct(fields.map(\.name)), fields)
            .map { "\(SQLQuoting.name($0)) \(of($1.type))" }
            .joined(separator: ", ")
    }
}

/// Names that DuckDB can tell apart.
enum ColumnNames {
    /// Iceberg's names may differ in case alone, DuckDB's may not: a later one gets `_1`, `_2`, …
    /// behind it, as DuckDB itself does when it reads such a Parquet file.
    static func distinct(_ names: [String], caseMatters: Bool = false) -> [String] {
        func folded(_ name: String) -> String { caseMatters ? name : name.lowercased() }
        var taken: Set<String> = []
        let all = Set(names.map(folded))
        return names.map { name in
            var candidate = name
            var number = 1
            while taken.contains(folded(candidate))
                || (number > 1 && all.contains(folded(candidate)))
            {
                candidate = "\(name)_\(number)"
                number += 1
            }
            taken.insert(folded(candidate))
            return candidate
        }
    }
}
