import Bytes
import Gateway
import HTTPClient
import HTTPServer
import JSONText
import Synchronization
import Telemetry
import Testing
import Threads

/// An answer as a client sees it.
private struct Reply: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    init(_ response: HTTPResponse) {
        status = response.status
        headers = HTTPHeaders(response.headers)
        if case .bytes(let slice) = response.body {
            text = String(repairingUTF8: slice.bytes)
        } else {
            text = ""
        }
    }

    var json: JSONValue { (try? JSONValue.parse(text)) ?? .null }
    var detail: String { json["detail"]?.stringValue ?? "" }
}

extension Gateway {
    /// Sends one request and waits for its answer.
    fileprivate func ask(
        _ method: String,
        _ target: String,
        body: String = "",
        headers: [(String, String)] = []
    ) throws -> Reply {
        var buffer = ByteBuffer()
        buffer.append(utf8: body)
        let request = try #require(
            HTTPRequest(
                method: method,
                target: target,
                headers: HTTPHeaders(headers.map { HTTPHeader($0.0, $0.1) }),
                body: Slab(buffer)
            )
        )
        let answer = Condition<Reply?>(nil)
        handle(request, HTTPResponder { response in answer.update { $0 = Reply(response) } })
        return try #require(answer.wait(timeout: .seconds(30)) { $0 })
    }
}

private func services(_ readiness: Readiness = .ready) -> GatewayServices {
    var services = GatewayServices(readiness: { readiness }, metrics: { "up 1\n" })
    services.postEvents = { topic, request, responder in
        responder.respond(.text("\(topic) \(request.body.count)"))
    }
    services.topics = { () throws(HTTPProblem) in ["topics": [["name": "events"]]] }
    services.tables = { () throws(HTTPProblem) in
        throw HTTPProblem(503, "The catalog is busy", "Again, please.", retryAfterSeconds: 2)
    }
    services.runSQL = { sql, format throws(HTTPProblem) in
        if sql == "broken" { throw HTTPProblem(400, "The statement failed", "broken where?") }
        var left = 1
        return SQLAnswer { buffer throws(HTTPProblem) in
            buffer.append(utf8: "\(format):\(sql)")
            left -= 1
            return left > 0
        }
    }
    return services
}

private func gateway(_ services: GatewayServices = services()) -> Gateway {
    Gateway(services: services, log: .silent)
}

@Suite struct `Addresses` {
    @Test func `the page is one document without outside resources`() throws {
        let reply = try gateway().ask("GET", "/")
        #expect(reply.status == 200)
        #expect(reply.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(reply.text.hasPrefix("<!doctype html>") && reply.text.hasSuffix("</html>\n"))
        for outside in ["src=\"http", "href=\"http", "@import", "url("] {
            #expect(!reply.text.contains(outside))
        }
        let policy = try #require(reply.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'"))
    }

    @Test func `probes tell what the services say`() throws {
        #expect(try gateway().ask("GET", "/healthz").status == 200)
        #expect(try gateway().ask("GET", "/readyz").status == 200)
        let starting = try gateway(services(.notReady(reason: "opening the log")))
            .ask("GET", "/readyz")
        #expect(starting.status == 503)
        #expect(starting.json["reason"] == "opening the log")
        let metrics = try gateway().ask("GET", "/metrics")
        #expect(metrics.text == "up 1\n")
        #expect(metrics.headers["Content-Type"] == MetricsRegistry.contentType)
    }

    @Test func `an action that waits for a pipeline does not hold reports up`() throws {
        let released = Condition(false)
        var services = services()
        services.actions = [
            GatewayAction("POST", "/v1/things/{name}/wait") { (call) throws(HTTPProblem) in
                let wasReleased: Bool? = released.wait(timeout: .seconds(30)) { $0 ? true : nil }
                return (202, ["name": .string(call.segments[2]), "ok": .bool(wasReleased == true)])
            }
        ]
        let gateway = gateway(services)
        let answer = Condition<Int?>(nil)
        let waiting = Thread("action") {
            let reply = try? gateway.ask("POST", "/v1/things/one/wait", body: "{}")
            answer.update { $0 = reply?.json["ok"] == true ? reply?.status : -1 }
        }
        #expect(try gateway.ask("GET", "/v1/topics").status == 200)
        #expect(answer.withLock { $0 } == nil)
        released.update { $0 = true }
        waiting.join()
        #expect(answer.withLock { $0 } == 202)
        #expect(try gateway.ask("POST", "/v1/things/one/wait", body: "[]").status == 400)
        #expect(try gateway.ask("POST", "/v1/things/one/wait", body: "{").status == 400)
    }

    @Test func `events go to their topic, decoded`() throws {
        #expect(try gateway().ask("POST", "/v1/events/a%20b?key=x", body: "{}").text == "a b 2")
    }

    @Test func `reports are JSON, their failures problems, and missing ones say so`() throws {
        let gateway = gateway()
        #expect(try gateway.ask("GET", "/v1/topics").json["topics"] == [["name": "events"]])
        let busy = try gateway.ask("GET", "/v1/tables")
        #expect(busy.status == 503)
        #expect(busy.headers["Retry-After"] == "2")
        #expect(busy.headers["Content-Type"] == "application/problem+json")
        let missing = try gateway.ask("GET", "/v1/pipelines")
        #expect(missing.status == 503)
        #expect(missing.detail.contains("pipelines"))
    }

    @Test func `a mounted service gets every method and path below its segment`() throws {
        var services = services()
        services.mounts = [
            GatewayMount("iceberg", threads: 1, refusal: { $0.response }) { request in
                .text("\(request.method) \(request.segments.dropFirst())", status: 201)
            }
        ]
        let gateway = gateway(services)
        #expect(
            try gateway.ask("DELETE", "/iceberg/v1/a%1Fb/x").text
                == "DELETE [\"v1\", \"a\\u{1F}b\", \"x\"]"
        )
        #expect(try gateway.ask("PUT", "/iceberg").status == 201)
        #expect(try gateway.ask("GET", "/icebergs").status == 404)
        gateway.stop(gracePeriod: .seconds(1))
        #expect(try gateway.ask("GET", "/iceberg/v1").status == 503)
    }

    @Test func `a wrong method is 405 and names the right ones`() throws {
        let reply = try gateway().ask("GET", "/v1/events/t")
        #expect(reply.status == 405)
        #expect(reply.headers["Allow"] == "POST, OPTIONS")
        #expect(try gateway().ask("DELETE", "/v1/topics").headers["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try gateway().ask("HEAD", "/healthz").status == 200)
        let options = try gateway().ask("OPTIONS", "/v1/sql")
        #expect(options.status == 204)
        #expect(options.headers["Allow"] == "POST, OPTIONS")
    }

    @Test(arguments: [
        ("/v1/event/t", "POST /v1/events/{topic}"), ("/v1/events", "POST /v1/events/{topic}"),
        ("/v1/topic", "GET /v1/topics"), ("/v2/tables", "GET /v1/tables"),
        ("/health", "GET /healthz"),
    ])
    func `an unknown address names the nearest one`(path: String, nearest: String) throws {
        let reply = try gateway().ask("GET", path)
        #expect(reply.status == 404)
        #expect(reply.detail.hasSuffix("Did you mean \(nearest)?"))
    }

    @Test func `an address like no other lists them all`() throws {
        let reply = try gateway().ask("GET", "/something/quite/different/from/everything")
        #expect(reply.status == 404)
        #expect(reply.detail.contains("/v1/sql, ") || reply.detail.contains("/v1/sql."))
    }
}

@Suite struct `SQL over HTTP` {
    @Test(arguments: [
        ("select 1", "select 1"), (" select 1\n", " select 1\n"),
        ("{\"sql\": \"select 'é'\"}", "select 'é'"), ("\n{\"sql\":\"select\\n1\"}", "select\n1"),
    ])
    func `a statement comes as text or in JSON`(body: String, sql: String) throws {
        let reply = try gateway().ask("POST", "/v1/sql", body: body)
        #expect(reply.status == 200)
        #expect(reply.text == "json:\(sql)")
        #expect(reply.headers["Content-Type"] == "application/json")
    }

    @Test(arguments: [
        ("text/csv", "csv", "text/csv; charset=utf-8"),
        ("application/x-ndjson", "ndjson", "application/x-ndjson"),
        ("text/html, text/csv;q=0.5, */*", "csv", "text/csv; charset=utf-8"),
        ("*/*", "json", "application/json"),
    ])
    func `the form of the rows is what is accepted`(
        accept: String,
        format: String,
        type: String
    ) throws {
        let headers = [("Accept", accept)]
        let reply = try gateway().ask("POST", "/v1/sql", body: "q", headers: headers)
        #expect(reply.text == "\(format):q")
        #expect(reply.headers["Content-Type"] == type)
    }

    @Test func `what is no statement is refused`() throws {
        for body in ["", "  \n", "{}", "{\"sql\": 1}", "{\"sql\":", "{\"sql\":\"x\",\"q\":1}"] {
            let reply = try gateway().ask("POST", "/v1/sql", body: body)
            #expect(reply.status == 400)
            #expect(reply.headers["Content-Type"] == "application/problem+json")
        }
        let picture = [("Accept", "image/png")]
        #expect(try gateway().ask("POST", "/v1/sql", body: "q", headers: picture).status == 406)
        #expect(try gateway().ask("POST", "/v1/sql", body: "broken").detail == "broken where?")
    }

    @Test func `statements beyond the queue are refused at once, and served again later`() throws {
        let gate = Condition(false)
        var services = services()
        services.runSQL = { _, _ throws(HTTPProblem) in
            _ = gate.wait { $0 ? true : nil }
            return SQLAnswer { _ throws(HTTPProblem) in false }
        }
        let gateway = gateway(services)
        let statuses = Condition<[Int]>([])
        let count = Gateway.statementsMax + Gateway.waitingMax + 40
        for _ in 0..<count {
            let request = try #require(
                HTTPRequest(method: "POST", target: "/v1/sql", body: body("q"))
            )
            gateway.handle(
                request,
                HTTPResponder { response in statuses.update { $0.append(response.status) } }
            )
        }
        // What is refused is refused before anything was run.
        let refused = statuses.withLock { $0 }
        #expect(refused.count >= 40 && refused.allSatisfy { $0 == 503 })
        gate.update { $0 = true }
        let all = statuses.wait(timeout: .seconds(30)) { $0.count == count ? $0 : nil }
        #expect(all?.filter { $0 == 200 }.count == count - refused.count)
        gateway.stop(gracePeriod: .seconds(10))
    }
}

@Suite struct `Stopping the gateway` {
    @Test func `what waits is told so, what runs is waited for`() throws {
        let gate = Condition(false)
        let begun = Condition(0)
        var services = services()
        services.topics = { () throws(HTTPProblem) in
            begun.update { $0 += 1 }
            _ = gate.wait { $0 ? true : nil }
            return ["topics": []]
        }
        let gateway = gateway(services)
        let statuses = Condition<[Int]>([])
        for _ in 0..<3 {
            let request = try #require(HTTPRequest(method: "GET", target: "/v1/topics"))
            gateway.handle(
                request,
                HTTPResponder { response in statuses.update { $0.append(response.status) } }
            )
        }
        let isRunning = begun.wait(timeout: .seconds(30)) { $0 == 1 ? true : nil }
        try #require(isRunning == true)
        let stopper = Thread("stopper") { gateway.stop(gracePeriod: .seconds(30)) }
        let told = statuses.wait(timeout: .seconds(30)) { $0.count == 2 ? $0 : nil }
        #expect(told == [503, 503])
        gate.update { $0 = true }
        stopper.join()
        #expect(statuses.withLock { $0 } == [503, 503, 200])
        #expect(try gateway.ask("GET", "/v1/topics").status == 503)
    }
}

private func body(_ text: String) -> Slab {
    var buffer = ByteBuffer()
    buffer.append(utf8: text)
    return Slab(buffer)
}

@Suite struct `Long answers` {
    /// Runs `check` against a server whose SQL answers `pieces` pieces of 10,000 bytes, and fails
    /// behind `failing`.
    private func withServer(
        pieces: Int,
        failing: Int = .max,
        _ check: (HTTPExchange) throws -> Void
    ) throws {
        var services = services()
        services.runSQL = { _, _ throws(HTTPProblem) in
            var made = 0
            return SQLAnswer { buffer throws(HTTPProblem) in
                if made == failing { throw HTTPProblem(500, "Lost", "in the middle") }
                if made == pieces { return false }
                made += 1
                for _ in 0..<1000 { buffer.append(utf8: "0123456789") }
                return true
            }
        }
        let gateway = gateway(services)
        let server = HTTPServer(
            configuration: .init(threads: 1),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: { gateway.handle($0, $1) }
        )
        try server.start()
        defer {
            server.stop(gracePeriod: .seconds(5))
            gateway.stop(gracePeriod: .seconds(5))
        }
        try check(HTTPExchange("http://127.0.0.1:\(server.port)/v1/sql"))
    }

    @Test func `rows are streamed whole`() throws {
        try withServer(pieces: 500) { exchange in
            let answer = try exchange.post("q", contentType: "text/plain")
            #expect(answer.status == 200)
            #expect(answer.body.count == 5_000_000)
        }
    }

    @Test func `an answer that fails at its start is a problem`() throws {
        try withServer(pieces: 500, failing: 2) { exchange in
            let answer = try exchange.post("q", contentType: "text/plain")
            #expect(answer.status == 500)
            #expect(answer.text.contains("in the middle"))
        }
    }

    @Test func `an answer that fails in its middle is cut, so that nobody takes it for whole`()
        throws
    {
        try withServer(pieces: 500, failing: 300) { exchange in
            #expect(throws: HTTPClientError.self) {
                try exchange.post("q", contentType: "text/plain")
            }
        }
    }
}
