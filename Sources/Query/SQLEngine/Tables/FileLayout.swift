internal import IcebergModel

/// The columns of a Parquet file, as its footer has them, with the fields that they are.
struct FileLayout: Hashable {
    /// A column or what is inside one.
    struct Column: Hashable {
        enum Kind: Hashable { case leaf, structure, list, map }

        let name: String
        /// The field of the table; nil when it is none.
        var id: Int?
        let kind: Kind
        /// A structure's fields, a list's element, a map's key and value.
        var inner: [Column]
    }

    var columns: [Column]

    /// True when the file itself says which fields its columns are.
    private var hasIDs: Bool {
        func hasID(_ column: Column) -> Bool {
            column.id != nil || column.inner.contains(where: hasID)
        }
        return columns.contains(where: hasID)
    }

    /// The layout with the ids that `mapping` gives, unless the file has its own.
    func mapped(by mapping: NameMapping?) -> FileLayout {
        guard let mapping, !hasIDs else { return self }
        func map(_ columns: [Column], _ fields: [NameMapping.Field]) -> [Column] {
            columns.map { column in
                var column = column
                let field = fields.first { $0.names.contains(column.name) }
                column.id = field?.id
                column.inner = map(column.inner, field?.fields ?? [])
                return column
            }
        }
        var mapped = self
        mapped.columns = map(columns, mapping.fields)
        return mapped
    }

    /// True when `read_parquet(…, schema = …)` gives `fields` their values: it finds columns by
    /// their ids, and what is inside them by names.
    func isRead(as fields: [NestedField], byIDsOf original: FileLayout) -> Bool {
        guard original.hasIDs || columns.isEmpty else { return false }
        func matches(_ field: NestedField, _ column: Column) -> Bool {
            let names = ColumnNames.distinct(field.type.children.map(\.name))
            switch column.kind {
            case .leaf: return field.type.isPrimitive
            case .structure:
                return zip(field.type.children, names).allSatisfy { child, name in
                    let byID = column.inner.first { $0.id == child.id }
                    let byName = column.inner.first { $0.name.lowercased() == name.lowercased() }
                    guard let byID else { return byName == nil }
                    return byID == byName && matches(child, byID)
                }
            case .list, .map:
                return column.inner.count == field.type.children.count
                    && zip(field.type.children, column.inner).allSatisfy(matches)
            }
        }
        return fields.allSatisfy { field in
            columns.first { $0.id == field.id }.map { matches(field, $0) } ?? true
        }
    }
}

extension FileLayout {
    /// Reads the footers of files, which may be many; in their order.
    static func read(
        _ paths: [String],
        _ connection: Connection
    ) throws(SQLError) -> [FileLayout] {
        var layouts: [FileLayout] = []
        for start in stride(from: 0, to: paths.count, by: filesAtATime) {
            let part = paths[start..<min(start + filesAtATime, paths.count)]
            layouts += try readPart(part, connection)
        }
        return layouts
    }

    private static let filesAtATime = 256

    private struct Element {
        let name: String
        let children: Int
        let id: Int?
        let kind: Column.Kind
        let isRepeated: Bool
    }

    private static func readPart(
        _ paths: ArraySlice<String>,
        _ connection: Connection
    ) throws(SQLError) -> [FileLayout] {
        // One question a file, numbered: names of files may come back written differently.
        let parts = paths.enumerated().map { index, path in
            """
            SELECT \(index)::INTEGER AS file, column_id, name, coalesce(num_children, 0)::INTEGER, \
            coalesce(field_id, -1)::BIGINT, coalesce(converted_type, '') || ' ' || \
            coalesce(logical_type, ''), coalesce(repetition_type, '') \
            FROM parquet_schema(\(SQLQuoting.text(path)))
            """
        }
        let sql = "\(parts.joined(separator: " UNION ALL ")) ORDER BY file, column_id"
        let statement = try ExtractedStatements(connection, sql).prepare(0)
        let result = try SQLResult(connection: connection, statement: statement)
        var elements: [[Element]] = paths.map { _ in [] }
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                func text(_ column: Int) -> String { chunk.value(row: row, column: column).text }
                let id = Int(text(4)) ?? -1
                let children = Int(text(3)) ?? 0
                let type = text(5)
                let kind: Column.Kind =
                    children == 0
                    ? .leaf
                    : type.hasPrefix("LIST") || type.contains("ListType")
                        ? .list
                        : type.hasPrefix("MAP") || type.contains("MapType") ? .map : .structure
                elements[Int(text(0)) ?? 0].append(
                    Element(
                        name: text(2),
                        children: children,
                        id: id < 0 ? nil : id,
                        kind: kind,
                        isRepeated: text(6) == "REPEATED"
                    )
                )
            }
        }
        return elements.map { FileLayout(columns: columns($0)) }
    }

    /// The tree of what stands in a footer parents first.
    private static func columns(_ elements: [Element]) -> [Column] {
        var rest = elements[...]
        func next(_ name: String? = nil) -> Column? {
            guard let element = rest.popFirst() else { return nil }
            let isWrapped = element.kind == .list || element.kind == .map
            if isWrapped, let repeated = rest.first, repeated.isRepeated, element.children == 1 {
                return wrapped(element, repeated, name ?? element.name)
            }
            let inner = (0..<element.children).compactMap { _ in next() }
            let column = Column(
                name: name ?? element.name,
                id: element.id,
                kind: element.children == 0 ? .leaf : .structure,
                inner: inner
            )
            guard element.isRepeated else { return column }
            // A list without a group around it.
            return Column(name: column.name, id: column.id, kind: .list, inner: [column])
        }
        /// A list or map, whose repeated group Parquet puts between it and what is inside.
        func wrapped(_ element: Element, _ repeated: Element, _ name: String) -> Column? {
            let isPlain =
                element.kind == .list
                && (repeated.children != 1 || repeated.name == "array"
                    || repeated.name == "\(element.name)_tuple")
            rest.removeFirst()
            var inner: [Column] = []
            let names = element.kind == .map ? ["key", "value"] : ["element"]
            let children = (0..<repeated.children).compactMap { number in
                next(isPlain ? nil : number < names.count ? names[number] : nil)
            }
            if isPlain {
                inner = [
                    Column(
                        name: "element",
                        id: repeated.id,
                        kind: repeated.children == 0 ? .leaf : .structure,
                        inner: children
                    )
                ]
            } else {
                inner = children
            }
            return Column(name: name, id: element.id, kind: element.kind, inner: inner)
        }
        guard let root = rest.popFirst() else { return [] }
        return (0..<root.children).compactMap { _ in next() }
    }
}
