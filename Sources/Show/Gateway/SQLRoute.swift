import Bytes
import HTTPServer
import Telemetry

/// `POST /v1/sql`: small answers in one piece, large ones streamed at the client's pace.
enum SQLRoute {
    /// Bytes that are collected before they are sent; answers up to here have a length.
    private static let pieceBytes = 64 * 1024

    static func answer(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        _ services: GatewayServices,
        _ pool: WorkerPool,
        _ log: Logger
    ) {
        guard let run = services.runSQL else {
            return responder.respond(Gateway.unavailable("SQL"))
        }
        let statement: SQLRequest
        do throws(HTTPProblem) {
            statement = try SQLRequest(request)
        } catch {
            return responder.respond(error)
        }
        let isQueued = pool.run { mayRun in
            guard mayRun else { return responder.respond(Gateway.stopping) }
            do throws(HTTPProblem) {
                let answer = try run(statement.sql, statement.format)
                try send(answer, statement.format, responder, log)
            } catch {
                responder.respond(error)
            }
        }
        if !isQueued { responder.respond(Gateway.busy) }
    }

    /// Throws only before anything was sent.
    private static func send(
        _ answer: SQLAnswer,
        _ format: SQLAnswerFormat,
        _ responder: HTTPResponder,
        _ log: Logger
    ) throws(HTTPProblem) {
        var first = ByteBuffer(capacity: 16 * 1024)
        let header = HTTPHeader("Content-Type", format.contentType)
        guard try fill(&first, from: answer) else {
            return responder.respond(
                HTTPResponse(
                    status: 200,
                    headers: [header],
                    body: .bytes(SlabSlice(Slab(first)))
                )
            )
        }
        let stream = HTTPBodyStream()
        responder.respond(HTTPResponse(status: 200, headers: [header], body: .stream(stream)))
        do throws(HTTPBodyStream.Disconnected) {
            try stream.write(first)
            while try more(answer, stream, log) {}
        } catch {
            log.debug("a client went away in the middle of its rows")
        }
    }

    /// Sends one piece; false after the last, or when the rows cannot be completed.
    private static func more(
        _ answer: SQLAnswer,
        _ stream: HTTPBodyStream,
        _ log: Logger
    ) throws(HTTPBodyStream.Disconnected) -> Bool {
        var piece = ByteBuffer(capacity: pieceBytes)
        let goesOn: Bool
        do throws(HTTPProblem) {
            goesOn = try fill(&piece, from: answer)
        } catch {
            log.warning("an answer was cut off in the middle", ["reason": error.detail])
            stream.fail()
            return false
        }
        try stream.write(piece)
        if !goesOn { stream.finish() }
        return goesOn
    }

    private static func fill(
        _ buffer: inout ByteBuffer,
        from answer: SQLAnswer
    ) throws(HTTPProblem) -> Bool {
        while buffer.count < pieceBytes {
            guard try answer.next(&buffer) else { return false }
        }
        return true
    }
}
