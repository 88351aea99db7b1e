import Bytes
public import HTTPServer
public import JSONText

/// An address of the gateway that takes a JSON object, or nothing, and answers with JSON.
public struct GatewayAction: Sendable {
    /// What an action is given.
    public struct Call: Sendable {
        /// The path's segments, percent-decoded.
        public let segments: [String]
        /// The body; an empty object when there was none.
        public let body: JSONValue
        /// The value of a query item; nil when it was not given.
        public let query: @Sendable (String) -> String?
    }

    /// Does it, on a thread of the gateway's own, and may block for a moment.
    public typealias Body = @Sendable (Call) throws(HTTPProblem) -> (status: Int, JSONValue)

    let method: String
    let pattern: String
    let perform: Body

    /// `method` on the addresses that `pattern` means; a segment in braces stands for any text.
    public init(_ method: String, _ pattern: String, _ perform: @escaping Body) {
        self.method = method
        self.pattern = pattern
        self.perform = perform
    }

    func route(_ pool: WorkerPool) -> Route {
        Route(method, pattern) { [perform] request, responder in
            let call: Call
            do throws(HTTPProblem) { call = try Self.call(request) } catch {
                return responder.respond(error)
            }
            let isQueued = pool.run { mayRun in
                guard mayRun else { return responder.respond(Gateway.stopping) }
                do throws(HTTPProblem) {
                    let (status, value) = try perform(call)
                    responder.respond(.json(value, status: status))
                } catch {
                    responder.respond(error)
                }
            }
            if !isQueued { responder.respond(Gateway.busy) }
        }
    }

    private static func call(_ request: HTTPRequest) throws(HTTPProblem) -> Call {
        var body = JSONValue.object(JSONObject())
        if request.body.bytes.byteCount > 0 {
            do {
                body = try JSONValue.parse(String(repairingUTF8: request.body.bytes))
            } catch {
                throw HTTPProblem(400, "The body is not valid JSON", "\(error)")
            }
            guard body.objectValue != nil else {
                throw HTTPProblem(
                    400,
                    "The body is not a JSON object",
                    "Send an object, or nothing."
                )
            }
        }
        let query = request.query
        return Call(segments: request.segments, body: body) { name in
            query.first { $0.name == name }?.value
        }
    }
}
