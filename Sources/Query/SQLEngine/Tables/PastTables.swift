/// The tables as they were that one statement asks for: each becomes a temporary view of the
/// session, which the statement names instead.
struct PastTables {
    private struct Past {
        let name: [String]
        let moment: TableMoment
        var contents: QueryableTable.Contents?
    }

    private var tables: [Past] = []
    private var schema = "main"
    private let connection: Connection
    /// Statements that make the views, in the order of their names.
    private(set) var views: [String] = []

    /// What `travel` asks for; moments are worked out in the session of `connection`.
    init(_ travel: TimeTravel, _ connection: Connection) throws(SQLError) {
        self.connection = connection
        if travel.references.isEmpty { return }
        schema = try connection.firstColumn("SELECT current_schema()").first ?? schema
        for reference in travel.references {
            let moment: TableMoment =
                switch reference.wanted {
                case .snapshot(let id): .snapshot(id)
                case .name(let name): .named(name)
                case .seconds(let text):
                    try Self.moment("to_timestamp(\(text))", as: text, connection)
                case .moment(let text):
                    try Self.moment("CAST((\(text)) AS TIMESTAMPTZ)", as: text, connection)
                }
            tables.append(Past(name: reference.name, moment: moment))
        }
    }

    private static func moment(
        _ expression: String,
        as text: String,
        _ connection: Connection
    ) throws(SQLError) -> TableMoment {
        let micros: String?
        do throws(SQLError) {
            micros = try connection.firstColumn("SELECT epoch_us(\(expression))::VARCHAR").first
        } catch {
            guard case .statement(let kind, let message) = error else { throw error }
            let reason = message.split(separator: "\n").first ?? ""
            throw .statement(kind, message: "\(text) is no moment: \(reason)")
        }
        guard let micros = micros.flatMap({ Int64($0) }) else {
            throw .statement(.execution, message: "\(text) is no moment")
        }
        return .time(microseconds: micros)
    }

    /// Reads what the snapshots consist of that are not known yet.
    ///
    /// - Returns: files that are not here, by a name for each table.
    mutating func find(
        among current: [QueryableTable],
        _ files: StatementFiles
    ) throws(SQLError) -> [(revision: String, files: [String])] {
        var missing: [(revision: String, files: [String])] = []
        for index in tables.indices {
            let name = tables[index].name.joined(separator: ".")
            let found = TableViews.table(tables[index].name, schema: schema, among: current)
            guard let found else {
                throw .statement(
                    .name,
                    message: """
                        \(name) is no table of the lake, so it has no snapshots; SHOW TABLES lists \
                        the tables
                        """
                )
            }
            guard let past = found.past else {
                throw .refused(reason: "\(name) has no snapshots to look back to")
            }
            let contents: QueryableTable.Contents
            do {
                contents = try tables[index].contents ?? past(tables[index].moment)
            } catch let error as NoSuchSnapshot {
                throw .statement(.name, message: "\(name): \(error)")
            } catch {
                throw .unreadable(table: name, reason: "\(error)")
            }
            tables[index].contents = contents
            let revision = TimeTravel.view(index)
            if let reason = files.failures[revision] {
                throw .unreadable(table: name, reason: reason)
            }
            if found.isElsewhere, !contents.paths.allSatisfy({ files.paths[$0] != nil }) {
                missing.append((revision, contents.paths))
            }
        }
        return missing
    }

    /// Makes the definitions of the views.
    mutating func define(in lake: LakeFiles, _ files: StatementFiles) throws(SQLError) {
        var lake = lake
        for (index, table) in tables.enumerated() {
            let name = table.name.joined(separator: ".")
            guard let contents = table.contents, !contents.columns.isEmpty else {
                throw .unreadable(table: name, reason: "it had no columns then")
            }
            let rows: TableRows
            do {
                rows = try TableRows(contents, in: &lake, files, connection)
            } catch let refusal as LakeFiles.Refusal {
                throw .unreadable(table: name, reason: refusal.reason)
            } catch {
                throw .unreadable(table: name, reason: "\(error)")
            }
            views.append("CREATE OR REPLACE TEMP VIEW \(TimeTravel.view(index)) AS \(rows.query)")
        }
    }
}
