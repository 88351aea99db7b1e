import Gateway
import HTTPServer
import JSONText
import Pipelines
import SQLEngine

extension DeadLetterShelf {
    /// `GET /v1/dead-letters`, `GET /v1/dead-letters/{table}/{topic}/{partition}/{offset}` and
    /// `POST /v1/dead-letters/{table}/replay`.
    func actions(_ lanes: [ServerLane]) -> [GatewayAction] {
        [
            GatewayAction("GET", "/v1/dead-letters") { (call) throws(HTTPProblem) in
                (200, try Self.answer { try list(try Self.query(call)) })
            },
            GatewayAction("GET", "/v1/dead-letters/{table}/{topic}/{partition}/{offset}") {
                (call) throws(HTTPProblem) in
                let text = call.segments[3...].joined(separator: "/")
                guard let place = RecordPlace(text: text) else {
                    throw HTTPProblem(
                        400,
                        "The place is invalid",
                        "\(text): a place is topic/partition/offset, like events/0/1234."
                    )
                }
                return (200, try Self.answer { try show(call.segments[2], place) })
            },
            GatewayAction("POST", "/v1/dead-letters/{table}/replay") {
                (call) throws(HTTPProblem) in
                let request = try ReplayRequest(call.body)
                return (
                    200,
                    try Self.answer {
                        try replay(call.segments[2], request) { definition in
                            lanes.first { $0.definition.table == definition.table }
                        }
                    }
                )
            },
        ]
    }

    private static func query(_ call: GatewayAction.Call) throws(HTTPProblem) -> DeadLetterQuery {
        var query = DeadLetterQuery()
        query.name = call.query("of")
        query.reason = call.query("reason")
        if let text = call.query("limit") {
            guard let limit = Int(text), (0...DeadLetterQuery.limitMax).contains(limit) else {
                throw HTTPProblem(
                    400,
                    "The limit is invalid",
                    "limit=\(text): send a number from 0 to \(DeadLetterQuery.limitMax).",
                    members: ["field": "limit"]
                )
            }
            query.limit = limit
        }
        return query
    }

    /// What went wrong in the words of HTTP.
    static func answer(_ body: () throws -> JSONValue) throws(HTTPProblem) -> JSONValue {
        do { return try body() } catch let problem as HTTPProblem {
            throw problem
        } catch let error as SQLError {
            throw LakeService.problem(error)
        } catch {
            throw HTTPProblem(500, "The dead letters cannot be read", "\(error)")
        }
    }
}
