internal import IcebergModel

/// The SQL that reads the rows of a snapshot.
///
/// Files are read by field id: `read_parquet(…, schema = MAP {id: …})` gives columns their present
/// names and types in files of every age, and NULL where a file was written before the column was
/// added. Inside structures DuckDB matches by name; files in which other names mean the fields, and
/// files without ids, are read by their own columns instead (`FileLayout`, `FieldExpression`).
///
/// Data files of which rows are deleted are read apart from the others, with each row's file and
/// position, and joined against the positions in the files of deletes that concern them.
struct TableRows {
    let columns: [NestedField]
    private let names: [String]
    private var groups: [Key: [Located]] = [:]
    /// Groups in the order of their first files.
    private var order: [Key] = []
    private var deletes: [Located] = []

    private struct Located {
        let file: TableFile
        let path: String
    }

    /// What files must have in common to be read together.
    private struct Key: Hashable {
        /// Nil where DuckDB finds the fields by their ids.
        let layout: FileLayout?
        let hasDeleted: Bool
    }

    /// The rows of `contents`, whose files are in the lake or among the copies.
    init(
        _ contents: QueryableTable.Contents,
        in lake: inout LakeFiles,
        _ copies: StatementFiles,
        _ connection: Connection
    ) throws {
        columns = contents.columns
        names = ColumnNames.distinct(columns.map(\.name))
        var files: [Located] = []
        files.reserveCapacity(contents.files.count)
        for file in contents.files {
            let path = try lake.resolve(copies.paths[file.path] ?? file.path)
            files.append(Located(file: file, path: path))
        }
        let layouts = try Self.layouts(of: files, contents, connection)
        for (index, file) in files.enumerated() {
            let key = Key(layout: layouts[index] ?? nil, hasDeleted: file.file.division != nil)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(file)
        }
        for file in contents.deletes {
            let path = try lake.resolve(copies.paths[file.path] ?? file.path)
            deletes.append(Located(file: file, path: path))
        }
    }

    /// Layouts of the files that cannot be read by ids alone, by their indices. Footers are read
    /// only where there may be such files.
    private static func layouts(
        of files: [Located],
        _ contents: QueryableTable.Contents,
        _ connection: Connection
    ) throws(SQLError) -> [Int: FileLayout] {
        let suspects = files.indices.filter { index in
            contents.mayNameFieldsDifferently || contents.nameMapping != nil
                || !files[index].file.constants.isEmpty
        }
        if suspects.isEmpty { return [:] }
        let read = try FileLayout.read(suspects.map { files[$0].path }, connection)
        var layouts: [Int: FileLayout] = [:]
        for (index, original) in zip(suspects, read) {
            let layout = original.mapped(by: contents.nameMapping)
            let lacksConstant = files[index].file.constants.keys.contains { id in
                !layout.columns.contains { $0.id == id }
            }
            if lacksConstant || !layout.isRead(as: contents.columns, byIDsOf: original) {
                layouts[index] = layout
            }
        }
        return layouts
    }

    /// A SELECT of all columns.
    var query: String {
        let parts = order.map { key in
            let files = groups[key] ?? []
            return key.hasDeleted
                ? withoutDeleted(files, key.layout)
                : "SELECT \(key.layout == nil ? "*" : expressions(names, files, key.layout)) "
                    + "FROM \(reading(files, key.layout, as: names))"
        }
        return parts.isEmpty ? nothing : parts.joined(separator: " UNION ALL ")
    }

    private var nothing: String {
        let nulls = zip(names, columns).map { name, column in
            "CAST(NULL AS \(DuckDBTypeName.of(column.type))) AS \(SQLQuoting.name(name))"
        }
        return "SELECT \(nulls.joined(separator: ", ")) WHERE false"
    }

    /// The table's columns as `names`, made of the files' own.
    private func expressions(
        _ names: [String],
        _ files: [Located],
        _ layout: FileLayout?
    ) -> String {
        guard let layout else { return "*" }
        return zip(columns, names).map { column, name in
            let value = FieldExpression.of(
                column,
                in: layout,
                constant: Self.constants(column.id, files)
            )
            return "\(value) AS \(SQLQuoting.name(name))"
        }.joined(separator: ", ")
    }

    /// What each of the files has for a column that it does not hold, found by the file's place.
    private static func constants(_ id: Int, _ files: [Located]) -> String? {
        let values = files.map { $0.file.constants[id] }
        guard values.contains(where: { $0 != nil }) else { return nil }
        let list = values.map { $0.map(FieldExpression.constant) ?? "NULL" }
        if Set(list).count == 1 { return list[0] }
        return "([\(list.joined(separator: ", "))])[file_index::BIGINT + 1]"
    }

    private func reading(
        _ files: [Located],
        _ layout: FileLayout?,
        as names: [String]
    ) -> String {
        let paths = files.map(\.path)
        guard layout == nil else { return Self.reading(paths) }
        return Self.reading(
            paths,
            zip(names, columns).map { name, column in
                Self.field(column.id, name, DuckDBTypeName.of(column.type))
            }
        )
    }

    private static func field(_ id: Int, _ name: String, _ type: String) -> String {
        "\(id): {name: \(SQLQuoting.text(name)), type: \(SQLQuoting.text(type)), "
            + "default_value: NULL}"
    }

    private static func reading(_ files: [String], _ fields: [String]? = nil) -> String {
        let list = files.map(SQLQuoting.text).joined(separator: ", ")
        let schema = fields.map { ", schema = MAP {\($0.joined(separator: ", "))}" }
        return "read_parquet([\(list)]\(schema ?? ", hive_partitioning = false"))"
    }

    // Deletes by position

    /// Field ids of a file of deletes (specification, "Position Delete Files").
    private enum DeleteField {
        static let path = 2_147_483_546
        static let position = 2_147_483_545
    }

    /// Files are told apart by their places in the list, which DuckDB gives as `file_index`.
    /// Columns have names of their own here: a table's may be called `file_index`, too.
    private func withoutDeleted(_ files: [Located], _ layout: FileLayout?) -> String {
        let own = names.indices.map { "c\($0)" }
        let shown = zip(own, names).map { "rows.\($0) AS \(SQLQuoting.name($1))" }
        let positions = Self.reading(
            deletes.map(\.path),
            [
                Self.field(DeleteField.path, "file_path", "VARCHAR"),
                Self.field(DeleteField.position, "pos", "BIGINT"),
            ]
        )
        let named = files.enumerated().map { index, located in
            "(\(SQLQuoting.text(located.file.path)), \(Self.numbers(index, located.file)))"
        }
        let naming = deletes.enumerated().map { index, located in
            "(\(Self.numbers(index, located.file)))"
        }
        return """
            SELECT \(shown.joined(separator: ", ")) \
            FROM (SELECT \(expressions(own, files, layout)), file_index AS file, \
            file_row_number AS pos FROM \(reading(files, layout, as: own))) AS rows \
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
