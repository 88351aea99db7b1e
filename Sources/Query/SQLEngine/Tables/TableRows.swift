internal import IcebergModel

/// The SQL that reads the rows of a snapshot.
///
/// Files are read by field id: `read_parquet(…, schema = MAP {id: …})` gives columns their present
/// names and types in files of every age, and NULL where a file was written before the column was
/// added. Inside structures DuckDB matches by name.
///
/// Data files of which rows are deleted are read apart from the others, with each row's file and
/// position, and joined against the positions in the files of deletes that concern them.
struct TableRows {
    let columns: [NestedField]
    private let names: [String]
    /// Data files without deleted rows, where DuckDB finds them.
    private var whole: [String] = []
    /// Data files with deleted rows.
    private var pierced: [Located] = []
    private var deletes: [Located] = []

    private struct Located {
        let file: TableFile
        let path: String
    }

    /// The rows of `contents`, whose files are in the lake or among the copies.
    init(
        _ contents: QueryableTable.Contents,
        in lake: inout LakeFiles,
        _ copies: StatementFiles
    ) throws(LakeFiles.Refusal) {
        columns = contents.columns
        names = ColumnNames.distinct(columns.map(\.name))
        whole.reserveCapacity(contents.files.count)
        for file in contents.files {
            let path = try lake.resolve(copies.paths[file.path] ?? file.path)
            if file.division == nil {
                whole.append(path)
            } else {
                pierced.append(Located(file: file, path: path))
            }
        }
        for file in contents.deletes {
            let path = try lake.resolve(copies.paths[file.path] ?? file.path)
            deletes.append(Located(file: file, path: path))
        }
    }

    /// A SELECT of all columns.
    var query: String {
        var parts: [String] = []
        if !whole.isEmpty { parts.append("SELECT * FROM \(reading(whole, as: names))") }
        if !pierced.isEmpty { parts.append(withoutDeleted) }
        return parts.isEmpty ? nothing : parts.joined(separator: " UNION ALL ")
    }

    private var nothing: String {
        let nulls = zip(names, columns).map { name, column in
            "CAST(NULL AS \(DuckDBTypeName.of(column.type))) AS \(SQLQuoting.name(name))"
        }
        return "SELECT \(nulls.joined(separator: ", ")) WHERE false"
    }

    private func reading(_ files: [String], as names: [String]) -> String {
        let fields = zip(names, columns).map { name, column in
            Self.field(column.id, name, DuckDBTypeName.of(column.type))
        }
        return Self.reading(files, fields)
    }

    private static func field(_ id: Int, _ name: String, _ type: String) -> String {
        "\(id): {name: \(SQLQuoting.text(name)), type: \(SQLQuoting.text(type)), "
            + "default_value: NULL}"
    }

    private static func reading(_ files: [String], _ fields: [String]) -> String {
        let list = files.map(SQLQuoting.text).joined(separator: ", ")
        return "read_parquet([\(list)], schema = MAP {\(fields.joined(separator: ", "))})"
    }

    // Deletes by position

    /// Field ids of a file of deletes (specification, "Position Delete Files").
    private enum DeleteField {
        static let path = 2_147_483_546
        static let position = 2_147_483_545
    }

    /// Files are told apart by their places in the list, which DuckDB gives as `file_index`.
    /// Columns have names of their own here: a table's may be called `file_index`, too.
    private var withoutDeleted: String {
        let own = names.indices.map { "c\($0)" }
        let shown = zip(own, names).map { "rows.\($0) AS \(SQLQuoting.name($1))" }
        let positions = Self.reading(
            deletes.map(\.path),
            [
                Self.field(DeleteField.path, "file_path", "VARCHAR"),
                Self.field(DeleteField.position, "pos", "BIGINT"),
            ]
        )
        let named = pierced.enumerated().map { index, located in
            "(\(SQLQuoting.text(located.file.path)), \(Self.numbers(index, located.file)))"
        }
        let naming = deletes.enumerated().map { index, located in
            "(\(Self.numbers(index, located.file)))"
        }
        return """
            SELECT \(shown.joined(separator: ", ")) \
            FROM (SELECT *, file_index AS file, file_row_number AS pos \
            FROM \(reading(pierced.map(\.path), as: own))) AS rows \
            ANTI JOIN (SELECT named.file, said.pos \
            FROM (SELECT *, file_index AS file FROM \(positions)) AS said \
            JOIN (VALUES \(named.joined(separator: ", "))) \
            AS named(path, file, division, number) ON named.path = said.file_path \
            JOIN (VALUES \(naming.joined(separator: ", "))) AS naming(file, division, number) \
            ON naming.file = said.file AND naming.division = named.division \
            AND naming.number >= named.number) AS gone \
            ON gone.file = rows.file AND gone.pos = rows.pos
            """
    }

    private static func numbers(_ index: Int, _ file: TableFile) -> String {
        "\(index)::UBIGINT, \(file.division ?? -1), \(file.sequenceNumber)::BIGINT"
    }
}
