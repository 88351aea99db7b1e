import ArrowData
import Columns
import IcebergModel
import Pipelines
import SQLEngine

/// Rows as SQL makes them of the records' rows, batch by batch.
struct SQLTransform: RowTransform {
    /// The name of the rows in the question.
    static let table = "events"
    private let query: ArrowQuery
    private let name: String

    init(_ sql: String, table name: String) throws(TableCommitterError) {
        self.name = name
        do throws(SQLError) { query = try ArrowQuery(sql, about: Self.table) } catch {
            throw .invalid(table: name, reason: error.description)
        }
    }

    func apply(
        _ batch: consuming ArrowBatch,
        as fields: [ArrowField],
        _ write: (consuming ArrowBatch) throws(TableCommitterError) -> Void
    ) throws(TableCommitterError) {
        let failure: TableCommitterError?
        do throws(SQLError) { failure = try query.run(batch, as: fields, write) } catch {
            throw .invalid(table: name, reason: "its SQL failed: \(error)")
        }
        if let failure { throw failure }
    }
}

extension LaneDefinition {
    /// Makes the answer to `sql` what is landed: its columns are the table's.
    mutating func transform(with sql: String) throws(CommandError) {
        let input = columns
        let table = table
        do {
            let (question, answer) = try Self.question(sql, of: inputSchema(input))
            columns = answer.filter { $0.name != LogColumn.name }
            let names = [LogColumn.name] + columns.map(\.name)
            // The table's columns in its own order, whatever the order of the answer.
            let ordered = "SELECT \(names.map(sqlName).joined(separator: ", ")) FROM (\(question))"
            transform = LaneTransform(inputColumns: input) { () throws(TableCommitterError) in
                try SQLTransform(ordered, table: table)
            }
        } catch {
            throw CommandError(
                "pipelines.\(pipeline), sql of \(table): \(error)",
                code: .usage
            )
        }
    }

    /// The question with `_log` in its answer, and the columns of the answer.
    private static func question(
        _ sql: String,
        of schema: Schema
    ) throws -> (sql: String, columns: [NewColumn]) {
        let plain = try answer(to: sql, of: schema)
        if let log = plain.first(where: { $0.name == LogColumn.name }) {
            guard log.type.isSame(as: logType(of: schema)) else {
                throw SQLTransformError.log("its _log is not that of \(SQLTransform.table)")
            }
            return (sql, plain)
        }
        guard let extended = addingLog(to: sql) else { throw SQLTransformError.log(noLog) }
        let columns: [NewColumn]
        do { columns = try answer(to: extended, of: schema) } catch {
            throw SQLTransformError.log("\(noLog). With _log in front DuckDB says: \(error)")
        }
        guard columns.first?.name == LogColumn.name else { throw SQLTransformError.log(noLog) }
        return (extended, columns)
    }

    private static let noLog =
        "its answer has no _log, without which no row can be traced to its record; add it to what "
        + "is selected (any_value(_log) as _log where rows are grouped)"

    private static func logType(of schema: Schema) -> IcebergType {
        schema.column(named: LogColumn.name)?.type ?? .boolean
    }

    /// `select a, b …` with `_log` in front; nil for another form of question.
    private static func addingLog(to sql: String) -> String? {
        let text = sql.drop { $0.isWhitespace }
        guard text.lowercased().hasPrefix("select"),
            let next = text.dropFirst(6).first, next.isWhitespace
        else { return nil }
        let rest = text.dropFirst(6).drop { $0.isWhitespace }
        guard !rest.lowercased().hasPrefix("distinct") else { return nil }
        return "SELECT \(LogColumn.name), \(rest)"
    }

    private static func answer(to sql: String, of schema: Schema) throws -> [NewColumn] {
        var rows = ColumnSet(layout: try ColumnLayout(schema), pool: BlockPool())
        let fields = try ArrowQuery(sql, about: SQLTransform.table).fields(for: rows.takeBatch())
        return try fields.map { field in
            if field.name == LogColumn.name {
                return NewColumn(field.name, try logField(field, like: schema))
            }
            return NewColumn(field.name, try field.icebergType)
        }
    }

    /// `_log` comes back with fields that may be null, as everything in an answer may.
    private static func logField(_ field: ArrowField, like schema: Schema) throws -> IcebergType {
        guard case .struct(let parts) = logType(of: schema),
            case .struct(let found) = try field.icebergType, parts.count == found.count,
            zip(parts, found).allSatisfy({ $0.name == $1.name && $0.type == $1.type })
        else { return try field.icebergType }
        return logType(of: schema)
    }
}

/// Why a question cannot be a table's.
enum SQLTransformError: Error, CustomStringConvertible {
    case log(String)
    case type(column: String, format: String)

    var description: String {
        switch self {
        case .log(let reason): reason
        case .type(let column, let format):
            "its column \(column) has a type that no table can have (\(format)); cast it"
        }
    }
}

extension ArrowField {
    /// The column type for such values; ids inside it mean nothing.
    fileprivate var icebergType: IcebergType {
        get throws {
            switch type {
            case .boolean: return .boolean
            case .int32: return .int
            case .int64: return .long
            case .float32: return .float
            case .float64: return .double
            case .utf8: return .string
            case .binary: return .binary
            case .date32: return .date
            case .timestampMicros(let isUTC): return isUTC ? .timestamptz : .timestamp
            case .decimal128(let precision, let scale):
                return .decimal(precision: precision, scale: scale)
            case .struct:
                return .struct(
                    try children.map { .optional(0, $0.name, try $0.icebergType) }
                )
            case .list:
                return .list(
                    ListType(
                        elementID: 0,
                        elementRequired: false,
                        element: try children[0].icebergType
                    )
                )
            case .map:
                let entry = children[0].children
                return .map(
                    MapType(
                        keyID: 0,
                        key: try entry[0].icebergType,
                        valueID: 0,
                        valueRequired: false,
                        value: try entry[1].icebergType
                    )
                )
            case .other(let format):
                throw SQLTransformError.type(column: name, format: format)
            }
        }
    }
}
