import Bytes
import HTTPServer
import Synchronization
import Telemetry
import Testing
import Threads

private typealias Handler = HTTPServer.Handler

/// Runs `body` against a server on a free port and stops the server.
private func withServer(
    _ configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    handler: @escaping Handler,
    _ body: (HTTPServer) throws -> Void
) throws {
    var configuration = HTTPServer.Configuration(threads: 2, bodyBytesMax: 1 << 20)
    configure(&configuration)
    let server = HTTPServer(
        configuration: configuration,
        log: .silent,
        metrics: MetricsRegistry(),
        handler: handler
    )
    try server.start()
    defer { server.stop(gracePeriod: .seconds(5)) }
    try body(server)
}

private let echo: Handler = { request, responder in
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
    let text = String(repairingUTF8: request.body.bytes)
    responder.respond(
        .text(
            "\(request.method) \(request.segments) [\(query)] \(text.utf8.count):\(text.prefix(40))"
        )
    )
}

@Suite struct `Requests and answers` {
    @Test func `path, query and body arrive decoded`() throws {
        try withServer(handler: echo) { server in
            let client = try RawClient(port: server.port)
            let answer = client.request("POST /a%20b//c%2Fd?x=1+2&y=%C3%A9&z", body: "hello")
            #expect(answer.status == 200)
            #expect(answer.body == #"POST ["a b", "c/d"] [x=1 2;y=é;z=] 5:hello"#)
            #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
        }
    }

    @Test func `headers are found without regard to case and keep their order`() throws {
        try withServer { _ in
        } handler: { request, responder in
            let names = request.headers.map(\.name).joined(separator: ",")
            responder.respond(.text("\(names)|\(request.headers["x-one"] ?? "?")"))
        } _: { server in
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Two: 2\r\nX-ONE:  1 \r\n\r\n")
            #expect(client.receiveAnswer().body == "Host,X-Two,X-ONE|1")
        }
    }

    @Test func `one connection serves many requests, also sent in one go`() throws {
        try withServer(handler: echo) { server in
            let client = try RawClient(port: server.port)
            for number in 0..<50 {
                #expect(client.request("GET /\(number)").body.hasPrefix("GET [\"\(number)\"]"))
            }
            let one = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            client.send(one + one + one)
            let text = client.receive { $0.ranges(of: "3:abc").count == 3 }
            #expect(text.ranges(of: "HTTP/1.1 200").count == 3)
        }
    }

    @Test func `an answer may come later from another thread`() throws {
        let threads = Mutex<[Thread]>([])
        try withServer { _ in
        } handler: { request, responder in
            let thread = Thread("answerer") { responder.respond(.text("late \(request.path)")) }
            threads.withLock { $0.append(thread) }
        } _: { server in
            let client = try RawClient(port: server.port)
            for number in 0..<200 {
                #expect(client.request("GET /\(number)").body == "late /\(number)")
            }
        }
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    @Test func `a handler that forgets its responder answers 500`() throws {
        try withServer(handler: { _, _ in }) { server in
            let client = try RawClient(port: server.port)
            #expect(client.request("GET /").status == 500)
        }
    }

    @Test func `a chunked body arrives whole`() throws {
        try withServer(handler: echo) { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send("3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n")
            #expect(client.receiveAnswer().body.hasSuffix("8:abcdefgh"))
        }
    }

    @Test func `a large body and a large answer go through whole`() throws {
        let big = String(repeating: "0123456789abcdef", count: 50_000)
        try withServer { _ in
        } handler: { request, responder in
            responder.respond(
                HTTPResponse(status: 200, body: .bytes(SlabSlice(request.body)))
            )
        } _: { server in
            let client = try RawClient(port: server.port)
            let answer = client.request("POST /", body: big)
            #expect(answer.body == big)
        }
    }
}

@Suite struct `Limits and malformed requests` {
    @Test func `a body above the limit is refused and the connection goes on`() throws {
        try withServer {
            $0.bodyBytesMax = 1000
        } handler: { request, responder in
            echo(request, responder)
        } _: { server in
            let client = try RawClient(port: server.port)
            let answer = client.request("POST /", body: String(repeating: "x", count: 500_000))
            #expect(answer.status == 413)
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(answer.body.contains(#""limit":1000"#))
            #expect(client.request("POST /", body: "fits").status == 200)
        }
    }

    @Test func `a chunked body is refused where it crosses the limit`() throws {
        try withServer {
            $0.bodyBytesMax = 1000
        } handler: { request, responder in
            echo(request, responder)
        } _: { server in
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<20 { client.send("64\r\n" + String(repeating: "y", count: 100) + "\r\n") }
            client.send("0\r\n\r\n")
            #expect(client.receiveAnswer().status == 413)
        }
    }

    @Test func `a client that waits for 100 is refused before it sends its body`() throws {
        try withServer {
            $0.bodyBytesMax = 1000
        } handler: { request, responder in
            echo(request, responder)
        } _: { server in
            let client = try RawClient(port: server.port)
            client.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(client.receiveAnswer().status == 413)
            #expect(client.receiveToEnd().isEmpty)
        }
    }

    @Test func `all bodies together are bounded`() throws {
        try withServer {
            $0.allBodiesBytesMax = 100_000
        } handler: { request, responder in
            echo(request, responder)
        } _: { server in
            let client = try RawClient(port: server.port)
            let answer = client.request("POST /", body: String(repeating: "x", count: 200_000))
            #expect(answer.status == 503)
            #expect(answer.header("Retry-After") == "1")
            // What the refused body held has been given back.
            let fits = String(repeating: "x", count: 40_000)
            for _ in 0..<10 { #expect(client.request("POST /", body: fits).status == 200) }
        }
    }

    @Test(arguments: ["/%", "/%4", "/%zz", "/%ff", "/%00", "/a?x=%0a"])
    func `a broken target is refused`(target: String) throws {
        try withServer(handler: echo) { server in
            let client = try RawClient(port: server.port)
            #expect(client.request("GET \(target)").status == 400)
            #expect(client.request("GET /fine").status == 200)
        }
    }

    @Test func `bytes that are not HTTP end their connection and nothing else`() throws {
        try withServer(handler: echo) { server in
            var generator = SplitMix(state: 42)
            for round in 0..<60 {
                let client = try RawClient(port: server.port)
                switch round % 6 {
                case 0:
                    client.send((0..<300).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
                case 1: client.send("GET / HTTP/9.9\r\n\r\n")
                case 2: client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n")
                case 3:
                    client.send(
                        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n"
                    )
                case 4:
                    client.send(
                        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
                    )
                default:
                    client.send(
                        "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n"
                    )
                }
                if round % 6 != 0 {
                    let status = client.receiveAnswer().status ?? 400
                    #expect((400...505).contains(status))
                }
            }
            let client = try RawClient(port: server.port)
            #expect(client.request("GET /alive").status == 200)
        }
    }

    @Test func `a port in use is an error that says so`() throws {
        try withServer(handler: echo) { server in
            let port = server.port
            let second = HTTPServer(
                configuration: .init(port: port, threads: 1),
                log: .silent,
                metrics: MetricsRegistry(),
                handler: echo
            )
            #expect(throws: HTTPServerError.addressInUse("127.0.0.1", port: port)) {
                try second.start()
            }
        }
    }

    @Test func `an unknown address is an error that says so`() {
        let server = HTTPServer(
            configuration: .init(address: "no.such.host.invalid", threads: 1),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: echo
        )
        #expect(throws: HTTPServerError.unknownAddress("no.such.host.invalid")) {
            try server.start()
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct `Streams and stopping` {
    @Test func `a stream is sent as it is made and its producer is slowed to the client's pace`()
        throws
    {
        let produced = Atomic(0)
        let piece = String(repeating: "s", count: 10_000)
        let threads = Mutex<[Thread]>([])
        try withServer { _ in
        } handler: { _, responder in
            let stream = HTTPBodyStream(bytesMax: 50_000)
            responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            let thread = Thread("producer") {
                for _ in 0..<2000 {
                    var buffer = ByteBuffer()
                    buffer.append(utf8: piece)
                    guard (try? stream.write(buffer)) != nil else { return }
                    produced.add(1, ordering: .relaxed)
                }
                stream.finish()
            }
            threads.withLock { $0.append(thread) }
        } _: { server in
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = client.receive { $0.utf8.count > 20_000 }
            // The client has read little; the kernel's buffers and the stream's own hold the rest
            // of what was made.
            #expect(produced.load(ordering: .relaxed) < 2000)
            let rest = client.receive { $0.hasSuffix("0\r\n\r\n") }
            #expect(rest.hasSuffix("s\r\n0\r\n\r\n"))
        }
        for thread in threads.withLock({ $0 }) { thread.join() }
        #expect(produced.load(ordering: .relaxed) == 2000)
    }

    @Test func `a stream that fails or is forgotten cuts the connection`() throws {
        try withServer { _ in
        } handler: { request, responder in
            let stream = HTTPBodyStream()
            responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            var buffer = ByteBuffer()
            buffer.append(utf8: "part")
            try? stream.write(buffer)
            if request.path == "/fail" { stream.fail() }
        } _: { server in
            for path in ["/fail", "/forget"] {
                let client = try RawClient(port: server.port)
                client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let text = client.receiveToEnd()
                #expect(text.contains("part"))
                #expect(!text.hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test func `a producer learns that its client has gone`() throws {
        let ended = Condition<Bool>(false)
        try withServer { _ in
        } handler: { _, responder in
            let stream = HTTPBodyStream(bytesMax: 10_000)
            responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            _ = Thread("producer") {
                while true {
                    var buffer = ByteBuffer()
                    buffer.appendZeros(10_000)
                    guard (try? stream.write(buffer)) != nil else { break }
                }
                ended.update { $0 = true }
            }
        } _: { server in
            do {
                let client = try RawClient(port: server.port)
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = client.receive { $0.utf8.count > 1000 }
            }
            #expect(ended.wait(timeout: .seconds(20)) { $0 ? true : nil } == true)
        }
    }

    @Test func `a stop waits for an answer that is on its way`() throws {
        let arrived = Condition<HTTPResponder?>(nil)
        let server = HTTPServer(
            configuration: .init(threads: 1),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: { _, responder in arrived.update { $0 = responder } }
        )
        try server.start()
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let responder = try #require(arrived.wait(timeout: .seconds(20)) { $0 })
        arrived.update { $0 = nil }
        let stopper = Thread("stopper") { server.stop(gracePeriod: .seconds(20)) }
        responder.respond(.text("done"))
        let answer = client.receiveAnswer()
        #expect(answer.body == "done")
        stopper.join()
        #expect(server.port == 0)
    }

    @Test func `a stop answers 503 for a handler that never does, and drops its late answer`()
        throws
    {
        let arrived = Condition<HTTPResponder?>(nil)
        let server = HTTPServer(
            configuration: .init(threads: 2),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: { _, responder in arrived.update { $0 = responder } }
        )
        try server.start()
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let responder = try #require(arrived.wait(timeout: .seconds(20)) { $0 })
        server.stop(gracePeriod: .milliseconds(20))
        let answer = client.receiveAnswer()
        #expect(answer.status == 503)
        #expect(answer.header("Connection")?.lowercased() == "close")
        responder.respond(.text("too late"))
    }

    @Test func `a stop cuts a stream whose producer is silent`() throws {
        let streams = Condition<[HTTPBodyStream]>([])
        let server = HTTPServer(
            configuration: .init(threads: 1),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: { _, responder in
                let stream = HTTPBodyStream()
                streams.update { $0.append(stream) }
                responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            }
        )
        try server.start()
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = client.receive { $0.contains("\r\n\r\n") }
        server.stop(gracePeriod: .milliseconds(20))
        #expect(client.receiveToEnd().isEmpty)
        let stream = try #require(streams.withLock { $0.first })
        #expect(throws: HTTPBodyStream.Disconnected.self) {
            var late = ByteBuffer()
            late.append(utf8: "late")
            try stream.write(late)
        }
    }
}
