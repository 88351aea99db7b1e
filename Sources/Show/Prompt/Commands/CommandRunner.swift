internal import SQLEngine

/// Runs statements and the commands with a dot.
struct CommandRunner {
    var runner: StatementRunner

    /// What to do after a command.
    enum Ending: Equatable {
        case done
        case failed
        case quit
        case closed
    }

    /// Runs a dot command.
    mutating func run(_ line: String) -> Ending {
        let command: DotCommand
        do {
            command = try DotCommand(line)
        } catch {
            return runner.report(error.message) ? .failed : .closed
        }
        switch command {
        case .tables: return ending(runner.run(Self.tablesQuery))
        case .schema(let table): return ending(runner.run(Self.schemaQuery(of: table)))
        case .mode(let mode): runner.mode = mode
        case .timer(let isOn): runner.showsTime = isOn
        case .help: return (try? runner.output.write(DotCommand.helpText)) == nil ? .closed : .done
        case .quit: return .quit
        }
        return .done
    }

    private func ending(_ ending: StatementRunner.Ending) -> Ending {
        switch ending {
        case .done: .done
        case .failed: .failed
        case .closed: .closed
        }
    }

    private static let tablesQuery = """
        SELECT schema_name AS "schema", table_name AS "table", count(*) AS columns \
        FROM duckdb_columns() WHERE NOT internal GROUP BY ALL ORDER BY ALL
        """

    private static func schemaQuery(of table: String?) -> String {
        var name = table ?? ""
        if name.hasPrefix("\""), name.hasSuffix("\""), name.count > 1 {
            name = String(name.dropFirst().dropLast())
        }
        let text = name.map { $0 == "'" ? "''" : String($0) }.joined()
        let condition =
            table == nil
            ? ""
            : "AND lower('\(text)') IN (lower(table_name), lower(schema_name || '.' || table_name))"
        return """
            SELECT schema_name AS "schema", table_name AS "table", column_name AS "column", \
            data_type AS "type" FROM duckdb_columns() WHERE NOT internal \(condition) \
            ORDER BY schema_name, table_name, column_index
            """
    }
}
