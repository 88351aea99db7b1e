import Clocks
import Configuration
import EventLog
import HTTPServer
import JSONText
import LogSources
import Pipelines
import Telemetry

/// Where a run happens: in the running server, or in this process when there is none.
protocol PipelineRunner {
    /// Starts a run and describes it.
    func start(_ pipeline: String, _ body: JSONValue) throws -> JSONValue
    /// The same run as it is now.
    func look(at run: JSONValue) throws -> JSONValue
    /// What a run would read.
    func plan(_ pipeline: String, _ body: JSONValue) throws -> JSONValue
    /// Where a pipeline stands.
    func state(_ pipeline: String, _ body: JSONValue) throws -> JSONValue
    /// Moves it as `verb`, `seek` or `reset`, does it, or says what that would mean.
    func move(
        _ pipeline: String,
        _ verb: String,
        _ body: JSONValue,
        isDry: Bool
    ) throws -> JSONValue
    /// What to say when the person does not want to wait any longer.
    var interruptedNote: String { get }
    /// Ends what was begun.
    func close()
}

/// Runs in the server.
struct RemoteRunner: PipelineRunner {
    let server: ServerClient

    func start(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        try server.post("/v1/pipelines/\(pipeline)/run", body)
    }

    func look(at run: JSONValue) throws -> JSONValue {
        try server.get("/v1/runs/\(run["run"]?.integerValue ?? 0)")
    }

    func plan(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        try server.post("/v1/pipelines/\(pipeline)/plan", body)
    }

    func state(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        try server.post("/v1/pipelines/\(pipeline)/state", body)
    }

    func move(
        _ pipeline: String,
        _ verb: String,
        _ body: JSONValue,
        isDry: Bool
    ) throws -> JSONValue {
        // The command has asked the person.
        try server.post("/v1/pipelines/\(pipeline)/\(verb)?dry_run=\(isDry)&yes=true", body)
    }

    var interruptedNote: String { "The run goes on in the server." }

    func close() {}
}

/// Runs here, with the log and the lake opened for it alone.
final class LocalRunner: PipelineRunner {
    private let log: LocalLog
    private let host: PipelineHost
    private let runs: PipelineRuns

    init(_ settings: MillraceConfiguration, pipeline: String) throws {
        let definitions = try LaneDefinition.all(in: settings).filter { $0.pipeline == pipeline }
        if definitions.isEmpty {
            throw CommandError(
                "the configuration has no pipeline '\(pipeline)'; it has "
                    + settings.pipelines.map(\.name).joined(separator: ", "),
                code: .usage
            )
        }
        let logger = Assembly.logger(settings)
        log = try Assembly.openLog(settings)
        do {
            let lake = try LakeService(settings)
            host = try PipelineHost(
                definitions.map { definition in
                    var definition = definition
                    definition.mode = .batch
                    return definition
                },
                sources: PipelineSources(
                    settings,
                    embedded: EmbeddedLog(log),
                    logger: logger
                ),
                committer: LakeCommitter(lake, logger: logger.named("lake")),
                mirrors: settings.mirrors,
                logger: logger
            )
        } catch {
            log.close()
            throw error
        }
        runs = PipelineRuns(host.lanes)
    }

    func start(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        try command { () throws(HTTPProblem) in
            try runs.start(pipeline, PipelineRuns.Request(body))
        }
    }

    func look(at run: JSONValue) throws -> JSONValue {
        runs.describe(Int(run["run"]?.integerValue ?? 0)) ?? run
    }

    func plan(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        host.waitUntilStarted(.seconds(30))
        return try command { () throws(HTTPProblem) in
            try runs.plan(pipeline, PipelineRuns.Request(body))
        }
    }

    func state(_ pipeline: String, _ body: JSONValue) throws -> JSONValue {
        host.waitUntilStarted(.seconds(30))
        return try command { () throws(HTTPProblem) in
            try runs.state(pipeline, PipelineRuns.Request(body))
        }
    }

    func move(
        _ pipeline: String,
        _ verb: String,
        _ body: JSONValue,
        isDry: Bool
    ) throws -> JSONValue {
        host.waitUntilStarted(.seconds(30))
        return try command { () throws(HTTPProblem) in
            let request = try PipelineRuns.Request(body)
            var move = PipelineRuns.Move(goesBackOnly: verb == "reset", request) { _ in nil }
            move.isDry = isDry
            move.isConfirmed = true
            return try runs.move(pipeline, request, move)
        }
    }

    private func command(_ body: () throws(HTTPProblem) -> JSONValue) throws -> JSONValue {
        do throws(HTTPProblem) { return try body() } catch {
            throw CommandError("\(error.title): \(error.detail)")
        }
    }

    var interruptedNote: String {
        "Interrupted. What was landed is committed; the next run goes on there."
    }

    func close() {
        host.stop()
        log.close()
    }
}
