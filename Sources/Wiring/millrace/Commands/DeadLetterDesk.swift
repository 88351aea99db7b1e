import Configuration
import EventLog
import HTTPClient
import HTTPServer
import JSONText
import LogSources
import Pipelines
import Telemetry

/// Where dead letters are looked at and landed again: in the running server, or in this process
/// when there is none.
enum DeadLetterDesk {
    case server(ServerClient)
    case files(MillraceConfiguration, DeadLetterShelf)

    static func open(_ configuration: CommandConfiguration) throws -> DeadLetterDesk {
        if configuration.server.isRunning { return .server(configuration.server) }
        let settings = configuration.settings
        return .files(
            settings,
            DeadLetterShelf(
                lake: try LakeService(settings),
                definitions: try LaneDefinition.all(in: settings)
            )
        )
    }

    func list(_ query: DeadLetterQuery) throws -> JSONValue {
        switch self {
        case .server(let server): try server.get(query.address)
        case .files(_, let shelf): try Self.command { try shelf.list(query) }
        }
    }

    func show(_ table: String, _ place: RecordPlace) throws -> JSONValue {
        switch self {
        case .server(let server):
            try server.get(
                "/v1/dead-letters/\(percentEncoded(table))/"
                    + "\(percentEncoded(place.partition.topic))/\(place.partition.index)/"
                    + "\(place.offset)"
            )
        case .files(_, let shelf): try Self.command { try shelf.show(table, place) }
        }
    }

    /// Lands letters again until all that were asked for were tried.
    func replayAll(_ table: String, _ request: ReplayRequest) throws -> JSONValue {
        switch self {
        case .server(let server):
            return try Self.repeated(request) { request in
                try server.post("/v1/dead-letters/\(percentEncoded(table))/replay", request.json)
            }
        case .files(let settings, let shelf):
            guard let definition = try shelf.drawer(table)?.definition else {
                return try Self.command {
                    try shelf.replay(table, request) { _ in nil }
                }
            }
            let lane = try LoneLane(settings, definition, shelf.lake)
            defer { lane.close() }
            return try Self.repeated(request) { request in
                try Self.command { try shelf.replay(table, request) { _ in lane.lane } }
            }
        }
    }

    /// Asks for portion after portion and adds the answers up.
    private static func repeated(
        _ request: ReplayRequest,
        _ ask: (ReplayRequest) throws -> JSONValue
    ) throws -> JSONValue {
        var request = request
        var sum: JSONObject = [:]
        while true {
            let answer = try ask(request)
            for key in ["asked", "landed", "filtered", "failed", "gone"] {
                let before = sum[key]?.integerValue ?? 0
                sum[key] = .integer(before + (answer[key]?.integerValue ?? 0))
            }
            for key in ["table", "dry_run"] { sum[key] = answer[key] }
            sum["failures"] = .array(
                (sum["failures"]?.arrayValue ?? []) + (answer["failures"]?.arrayValue ?? [])
            )
            guard let next = answer["next"]?.stringValue.flatMap({ RecordPlace(text: $0) }) else {
                return .object(sum)
            }
            request.after = next
        }
    }

    /// Problems in the words of a command.
    private static func command(_ body: () throws -> JSONValue) throws -> JSONValue {
        do throws(HTTPProblem) { return try DeadLetterShelf.answer(body) } catch {
            throw CommandError("\(error.title): \(error.detail)")
        }
    }
}

/// A table's lane in a process of its own, which lands nothing but what it is asked for.
private struct LoneLane {
    private let log: LocalLog
    private let host: PipelineHost
    let lane: ServerLane

    init(
        _ settings: MillraceConfiguration,
        _ definition: LaneDefinition,
        _ lake: LakeService
    ) throws {
        var definition = definition
        definition.mode = .batch
        let logger = Assembly.logger(settings)
        log = try Assembly.openLog(settings)
        do {
            host = try PipelineHost(
                [definition],
                sources: PipelineSources(settings, embedded: EmbeddedLog(log), logger: logger),
                committer: LakeCommitter(lake, logger: logger.named("lake")),
                mirrors: settings.mirrors,
                logger: logger
            )
        } catch {
            log.close()
            throw error
        }
        lane = host.lanes[0]
    }

    func close() {
        host.stop()
        log.close()
    }
}
