import Bytes
internal import CMicroHTTPD
import JSONText

/// From the request line to the complete body: what is admitted, and what is read only to be thrown
/// away.
extension Exchange {
    /// The first call: the header lines are there, the body is not.
    func begin(method: String) -> MHD_Result {
        hasBegun = true
        self.method = method
        headers = connection.headers()
        let announced = headers["Content-Length"].flatMap { Int($0) } ?? 0
        refusal = firstRefusal(announced: announced)
        guard let refusal else {
            // Memory follows the bytes that arrive; an announced length alone reserves no more than
            // one page.
            let isChunked = headers["Transfer-Encoding"] != nil
            if announced > 0 || isChunked {
                let capacity = isChunked ? 4096 : min(announced, 4096)
                body = ByteBuffer(capacity: capacity)
                charge(capacity)
            }
            return c_microhttpd_yes
        }
        let waits = headers["Expect"].map { HTTPHeaders.equal($0, "100-continue") } ?? false
        if waits || announced > server.configuration.discardedBytesMax {
            // Answering now makes libmicrohttpd close the connection without reading the body.
            return queue(refusal.response)
        }
        return c_microhttpd_yes
    }

    /// Why the request is refused without a look at its body; nil when it is not.
    private func firstRefusal(announced: Int) -> HTTPProblem? {
        guard target != nil else {
            return HTTPProblem(
                400,
                "The request target is invalid",
                "The path or the query holds a broken percent escape, bytes that are not UTF-8,"
                    + " or a control character. Encode it as RFC 3986 says."
            )
        }
        if announced > server.configuration.bodyBytesMax { return bodyTooLarge }
        return server.admissionRefusal()
    }

    private var bodyTooLarge: HTTPProblem {
        let limit = server.configuration.bodyBytesMax
        return HTTPProblem(
            413,
            "The body is too large",
            "The body has more than \(limit) bytes. Send several smaller requests.",
            members: ["limit": .integer(Int64(limit))]
        )
    }

    /// A piece of the body has arrived.
    func receive(_ piece: RawSpan) -> MHD_Result {
        if refusal != nil { return discard(piece.byteCount) }
        let held = body?.count ?? 0
        guard held + piece.byteCount <= server.configuration.bodyBytesMax else {
            return refuse(bodyTooLarge, piece.byteCount)
        }
        let room = body?.capacity ?? 0
        if held + piece.byteCount > room {
            let growth = max(room, held + piece.byteCount - room)
            guard charge(growth) else { return refuse(server.bodiesTooLarge, piece.byteCount) }
        }
        if body == nil { body = ByteBuffer(capacity: piece.byteCount) }
        body?.append(piece)
        return c_microhttpd_yes
    }

    /// The body is complete.
    func finishReceiving() -> MHD_Result {
        if let refusal { return queue(refusal.response) }
        guard let target else { return c_microhttpd_no }
        let bytes: Slab
        if let body = body.take(), !body.isEmpty {
            bytes = Slab(body)
        } else {
            bytes = HTTPRequest.noBody
        }
        return handle(
            HTTPRequest(method: method, target: target, headers: headers, body: bytes)
        )
    }

    private func refuse(_ problem: HTTPProblem, _ count: Int) -> MHD_Result {
        refusal = problem
        body = nil
        server.release(bytes: chargedBytes)
        chargedBytes = 0
        return discard(count)
    }

    /// Reads on, so that the client comes to read the answer; cuts the connection when there is no
    /// end to it.
    private func discard(_ count: Int) -> MHD_Result {
        discardedBytes += count
        return discardedBytes <= server.configuration.discardedBytesMax
            ? c_microhttpd_yes : c_microhttpd_no
    }

    @discardableResult
    private func charge(_ bytes: Int) -> Bool {
        guard server.reserve(bytes: bytes) else { return false }
        chargedBytes += bytes
        return true
    }
}
