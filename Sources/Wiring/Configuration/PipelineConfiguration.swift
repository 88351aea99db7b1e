public import Decoding
import IcebergModel
import Settings

/// How a table's files are divided.
public enum TablePartitioning: String, CaseIterable, Sendable {
    /// By day of the log's timestamp.
    case day
    /// Not at all.
    case none
}

/// One table that a pipeline fills.
public struct TableConfiguration: Sendable, Equatable {
    /// The table's name.
    public var name: String
    /// The condition that selects records, as it was written and known to be one; nil for all
    /// records.
    public var predicate: String?
    /// Columns from the start, in the order of the file.
    public var columns: [ColumnConfiguration]
    /// The question whose answer is landed instead of the rows; nil when they are landed as they
    /// are.
    public var sql: String?
    /// What records are written in.
    public var format: FormatConfiguration
    /// What the table may become.
    public var contract: TableContract
    /// True when fields that no column exists for become columns.
    public var infersColumns: Bool
    /// How the files are divided.
    public var partitioning: TablePartitioning
}

/// One pipeline of the settings file.
public struct PipelineConfiguration: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Source that the topics are read from; nil for the embedded log, and for files.
    public var source: String?
    /// Files that are read in place of topics; the pipeline's own name is their topic then.
    public var files: FilesConfiguration?
    /// True when several processes share its partitions.
    public var isShared: Bool
    /// Topics it reads, names or patterns with `*`; never empty.
    public var topics: [String]
    /// Longest time that a record may wait to be committed.
    public var freshness: Duration
    /// When it lands by itself, and where it begins.
    public var mode: ModeConfiguration
    /// What becomes of records that cannot be rows.
    public var onError: ErrorPolicy
    /// Where its checkpoints are shown besides; nil for nowhere.
    public var mirror: MirrorConfiguration?
    /// Tables it fills; never empty.
    public var tables: [TableConfiguration]

    /// The pipelines of the part `pipelines`. Problems go to its reader.
    static func all(
        in section: SettingsSection?,
        sources: [SourceConfiguration],
        environment: [String: String]
    ) -> [PipelineConfiguration] {
        guard let section else { return [] }
        var owners: [String: String] = [:]
        return section.sections().compactMap { name, section in
            check(name: name, section)
            let pipeline = PipelineConfiguration(name: name, section, environment)
            section.finish()
            if let source = pipeline?.source, !sources.contains(where: { $0.name == source }) {
                section.complain(
                    at: "source",
                    "there is no source \(source)",
                    advice: sources.isEmpty
                        ? "name it under sources"
                        : "there are " + sources.map(\.name).joined(separator: ", ")
                )
            }
            for table in pipeline?.tables ?? [] {
                if let owner = owners[table.name] {
                    section.complain(
                        "the table \(table.name) is filled by the pipeline \(owner) already",
                        advice: "a table has one pipeline; name its topics there as a list"
                    )
                }
                owners[table.name] = name
            }
            return pipeline
        }
    }

    private init?(name: String, _ section: SettingsSection, _ environment: [String: String]) {
        self.name = name
        source = section.optional("source", .text)
        isShared = section.value("share", .boolean, default: false)
        files = section.hasMap("from") ? FilesConfiguration(section) : nil
        if isShared, source == nil {
            section.complain(
                at: "share",
                files == nil
                    ? "needs a source: the embedded log is read by its own process alone"
                    : "does not go with files: one process takes them",
                advice: "name a Kafka cluster with source, or leave share away"
            )
        }
        let topics =
            section.hasMap("from") ? [name] : section.required("from", .list(of: .topicSelector))
        freshness = section.value("freshness", .freshness, default: .seconds(10))
        mode = ModeConfiguration(section)
        // A record of a file is a row already.
        let rows: DocumentCount = files == nil ? .many : .one
        let format = FormatConfiguration(section, over: FormatConfiguration(), csvRows: rows)
        let contract = TableContract(section, over: TableContract())
        mirror = MirrorConfiguration(section, environment)
        onError = section.value("on_error", .choice(ErrorPolicy.self), default: .quarantine)
        let several = section.section("tables")
        let one = section.optional("into", .tableName)
        if section.has("into"), several != nil {
            section.complain(
                at: "tables",
                "stands beside into",
                advice: "write into for one table, or tables for several"
            )
        }
        if let several {
            tables = several.sections().map { name, table in
                Self.check(tableName: name, table)
                let configuration = TableConfiguration(
                    name: name,
                    table,
                    FormatConfiguration(table, over: format, csvRows: rows),
                    TableContract(table, over: contract)
                )
                table.finish()
                return configuration
            }
            several.finish()
            if tables.isEmpty {
                section.complain(at: "tables", "is empty", advice: "name at least one table")
            }
        } else {
            if !section.has("into") {
                section.complain(
                    "says nothing about where records go",
                    advice: "add for example into: \(name), or tables with a name for each"
                )
            }
            tables = one.map { [TableConfiguration(name: $0, section, format, contract)] } ?? []
        }
        if let files { files.check(tables, section) }
        guard let topics, !tables.isEmpty else { return nil }
        self.topics = topics
        if Set(topics).count < topics.count {
            section.complain(at: "from", "names a topic twice", advice: "name each once")
        }
    }

    private static func check(name: String, _ section: SettingsSection) {
        if !TopicName.isValid(name) || name.utf8.count > 128 {
            section.complain(
                "the name is not one of a pipeline",
                advice: "use letters, digits, dots, dashes and underscores, at most 128"
            )
        }
    }

    private static func check(tableName: String, _ section: SettingsSection) {
        do {
            try TableName.check(tableName)
        } catch {
            section.complain(error.message, advice: error.advice)
        }
    }
}

extension TableConfiguration {
    fileprivate init(
        name: String,
        _ section: SettingsSection,
        _ format: FormatConfiguration,
        _ contract: TableContract
    ) {
        self.name = name
        self.format = format
        self.contract = contract
        predicate = section.optional("where", .condition)
        infersColumns = section.value("infer", .boolean, default: true)
        if section.has("infer"), contract.columns != .evolve {
            section.complain(
                at: "infer",
                "stands beside a contract for columns",
                advice: "infer: false is the contract columns: discard_value; write one of them"
            )
        }
        partitioning = section.value("partition", .choice(TablePartitioning.self), default: .day)
        columns = section.section("columns").map { ColumnConfiguration.all(in: $0) } ?? []
        if format.format == .raw { checkRaw(section) }
        sql = section.optional("sql", .text)
        if sql != nil { checkSQL(section) }
    }

    /// SQL sees declared columns, and tells records apart by their offsets.
    private func checkSQL(_ section: SettingsSection) {
        if columns.isEmpty || columns.contains(where: { $0.type == nil }) {
            section.complain(
                at: "sql",
                "reads columns whose types nobody has declared",
                advice: "add columns with the fields that it reads and their types"
            )
        }
        if format.documents == .many {
            section.complain(
                at: "sql",
                "stands beside records of many rows",
                advice: "write documents: one, or land the rows and ask later"
            )
        }
        if section.has("infer"), infersColumns {
            section.complain(at: "infer", "does not go with sql", advice: "leave it away")
        }
    }

    /// Raw values have no fields: their bytes are the column `value`, if no other was declared for
    /// them.
    private mutating func checkRaw(_ section: SettingsSection) {
        if predicate != nil {
            section.complain(
                at: "where",
                "looks at fields, which raw values do not have",
                advice: "leave it away, or write the format that the values have"
            )
        }
        for index in columns.indices {
            guard case .field(let field) = columns[index].origin else { continue }
            if field == "value", columns[index].name == field {
                columns[index].origin = .outside(.value)
                columns[index].type = columns[index].type ?? .binary
            } else {
                section.complain(
                    at: "columns",
                    "\(columns[index].name) comes from a field, which raw values do not have",
                    advice: "use value, or from: _key, _headers.<name> or _timestamp"
                )
            }
        }
        if !columns.contains(where: { $0.origin == .outside(.value) }) {
            columns.append(
                ColumnConfiguration(name: "value", type: .binary, origin: .outside(.value))
            )
        }
    }
}
