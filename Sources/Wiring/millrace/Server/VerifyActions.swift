import Clocks
import Gateway
import HTTPServer
import JSONText

extension Verification {
    /// `GET /v1/verify`, with `by=hour`, `from` and `to` for the hours; `place` and `pipeline` for
    /// what became of offsets.
    var actions: [GatewayAction] {
        [
            GatewayAction("GET", "/v1/verify") { (call) throws(HTTPProblem) in
                if let text = call.query("place") { return (200, try self.answer(text, call)) }
                let hours = try Self.hours(call)
                do { return (200, try run(hours: hours).report) } catch {
                    throw HTTPProblem(500, "Verification failed", "\(error)")
                }
            }
        ]
    }

    private func answer(
        _ text: String,
        _ call: GatewayAction.Call
    ) throws(HTTPProblem) -> JSONValue {
        guard let places = OffsetPlaces(text) else {
            throw HTTPProblem(400, "The place is invalid", OffsetPlaces.complaint(text) + ".")
        }
        do { return try explain(places, pipeline: call.query("pipeline")) } catch let problem
            as HTTPProblem
        {
            throw problem
        } catch {
            throw HTTPProblem(500, "The place cannot be explained", "\(error)")
        }
    }

    private static func hours(_ call: GatewayAction.Call) throws(HTTPProblem) -> HourList? {
        guard let by = call.query("by") else { return nil }
        guard by == "hour" else {
            throw HTTPProblem(
                400,
                "The receipts cannot be divided so",
                "by=\(by): send by=hour, or nothing for whole partitions."
            )
        }
        return HourList(from: try moment("from", call), to: try moment("to", call))
    }

    private static func moment(
        _ name: String,
        _ call: GatewayAction.Call
    ) throws(HTTPProblem) -> Timestamp? {
        guard let text = call.query(name) else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw HTTPProblem(
                400,
                "The moment is invalid",
                "\(name)=\(text): send a moment such as 2026-11-21T08:00:00Z."
            )
        }
        return moment
    }
}
