import Bytes
import HTTPClient
import HTTPServer
import Telemetry
import Testing
import Threads

/// Runs `body` against a server that answers with `handler`.
private func withServer(
    _ handler: @escaping HTTPServer.Handler,
    _ body: (String) throws -> Void
) throws {
    let server = HTTPServer(
        configuration: HTTPServer.Configuration(threads: 2),
        log: .silent,
        metrics: MetricsRegistry(),
        handler: handler
    )
    try server.start()
    defer { server.stop(gracePeriod: .seconds(1)) }
    try body("http://127.0.0.1:\(server.port)")
}

struct HTTPSessionTests {
    @Test func `method, headers and body arrive, status, headers and body come back`() throws {
        try withServer { request, responder in
            let text =
                "\(request.method) \(request.headers["X-Mine"] ?? "-") "
                + String(repairingUTF8: request.body.bytes)
            var response = HTTPResponse.text(text, status: 409)
            response.headers.append(HTTPHeader("ETag", "\"tag: 1\""))
            responder.respond(response)
        } _: { url in
            let session = HTTPSession()
            for method in [HTTPCall.Method.get, .post, .delete, .head] {
                let answer = try session.send(
                    HTTPCall(
                        method,
                        url + "/a",
                        headers: [("X-Mine", "yes")],
                        body: method == .post ? "grüße" : nil
                    )
                )
                #expect(answer.status == 409)
                #expect(answer.header("etag") == "\"tag: 1\"")
                let body = method == .post ? "grüße" : ""
                let expected = method == .head ? "" : "\(method.rawValue) yes \(body)"
                #expect(answer.text == expected)
            }
        }
    }

    @Test func `a redirect is an answer`() throws {
        try withServer { _, responder in
            let header = HTTPHeader("Location", "http://127.0.0.1:1/")
            responder.respond(HTTPResponse(status: 302, headers: [header]))
        } _: { url in
            let answer = try HTTPSession().send(HTTPCall(.post, url, body: "x"))
            #expect(answer.status == 302)
        }
    }

    @Test func `nobody at the address: it was not sent`() {
        for url in ["http://127.0.0.1:1", "http://name.invalid", "ftp://127.0.0.1", "nonsense"] {
            #expect("\(url)") {
                try HTTPSession().send(HTTPCall(.post, url, body: "x"))
            } throws: { ($0 as? HTTPClientError)?.wasSent == false }
        }
    }

    @Test func `no answer in time, or half of one: it may have been done`() throws {
        let gate = Condition(false)
        try withServer { request, responder in
            if request.segments == ["slow"] {
                _ = Thread("slow") {
                    _ = gate.wait(timeout: .seconds(30)) { $0 ? true : nil }
                    responder.respond(.text("late"))
                }
                return
            }
            let stream = HTTPBodyStream()
            responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            var half = ByteBuffer()
            half.append(utf8: "half")
            try? stream.write(half)
            stream.fail()
        } _: { url in
            for path in ["/slow", "/half"] {
                let call = HTTPCall(.post, url + path, body: "x", timeout: .milliseconds(300))
                #expect("\(path)") {
                    try HTTPSession().send(call)
                } throws: { ($0 as? HTTPClientError)?.wasSent == true }
            }
            gate.update { $0 = true }
        }
    }
}
