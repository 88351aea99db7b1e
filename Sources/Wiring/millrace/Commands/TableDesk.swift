import Arguments
import HTTPClient
import HTTPServer
import JSONText
import Maintenance
import Threads

/// Asks about tables: the running server, or the lake itself when none runs.
struct TableDesk {
    private let configuration: CommandConfiguration
    private let lake: LakeService?

    init(_ configuration: CommandConfiguration) throws {
        self.configuration = configuration
        lake = configuration.server.isRunning ? nil : try LakeService(configuration.settings)
    }

    /// `GET /v1/tables`
    func list() throws -> JSONValue {
        guard let lake else { return try configuration.server.get("/v1/tables") }
        return try Self.answer { () throws(HTTPProblem) in try lake.report() }
    }

    /// What `verb` says of `table`.
    func report(_ verb: String, _ table: String, _ arguments: ParsedArguments) throws -> JSONValue {
        let names = [("snapshot", "at"), ("from", "from"), ("to", "to")]
        let items = names.compactMap { name, option in
            arguments.value(option).map { (name, $0) }
        }
        guard let lake else {
            let path = verb == "describe" ? "" : "/\(verb)"
            let query = items.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
            return try configuration.server.get(
                "/v1/tables/\(percentEncoded(table))\(path)" + (query.isEmpty ? "" : "?\(query)")
            )
        }
        let reports = TableReports(lake: lake.lake, store: lake.store)
        return try Self.answer { () throws(HTTPProblem) in
            try reports.answer(verb, try reports.table(table)) { name in
                items.first { $0.0 == name }?.1
            }
        }
    }

    /// Has `verb` done to `table`.
    func change(_ verb: String, _ table: String, _ body: JSONValue) throws -> JSONValue {
        guard let lake else {
            let path = "/v1/tables/\(percentEncoded(table))/\(verb)"
            return try configuration.server.post(path, body)
        }
        return try Self.answer { () throws(HTTPProblem) in
            let found = try TableReports(lake: lake.lake, store: lake.store).table(table)
            return try TableUpkeep(lake).answer(verb, found, body)
        }
    }

    /// Has files that nothing names removed from `table`; tells how many were looked at and removed
    /// meanwhile.
    func clean(
        _ table: String,
        _ body: JSONValue,
        progress: (_ looked: Int64, _ removed: Int64) -> Void
    ) throws(CommandError) -> JSONValue {
        if let lake {
            return try Self.answer { () throws(HTTPProblem) in
                let found = try TableReports(lake: lake.lake, store: lake.store).table(table)
                return try TableUpkeep(lake).clean(found, body) {
                    progress(Int64($0.looked), Int64($0.removed))
                }
            }
        }
        let path = "/v1/tables/\(percentEncoded(table))/clean"
        let server = configuration.server
        let answer = Condition<Result<JSONValue, CommandError>?>(nil)
        let asking = Thread("clean") {
            let result = Result { () throws(CommandError) in
                try server.post(path, body, timeout: Self.cleanTimeout)
            }
            answer.update { $0 = result }
        }
        defer { asking.join() }
        while true {
            if let result = answer.wait(timeout: .milliseconds(500), until: { $0 }) {
                return try result.get()
            }
            // Only for the eyes: the answer tells what went wrong.
            guard let state = try? server.get(path) else { continue }
            progress(
                state["files_looked_at"]?.integerValue ?? 0,
                state["files_deleted"]?.integerValue ?? 0
            )
        }
    }

    /// A store lists some ten thousand objects in a second.
    private static let cleanTimeout = Duration.seconds(86_400)

    private static func answer(
        _ body: () throws(HTTPProblem) -> JSONValue
    ) throws(CommandError) -> JSONValue {
        do throws(HTTPProblem) { return try body() } catch {
            throw CommandError("\(error.title): \(error.detail)")
        }
    }
}
