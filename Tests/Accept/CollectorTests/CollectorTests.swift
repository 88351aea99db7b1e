import Bytes
import Compression
import EventLog
import Files
import HTTPServer
import JSONText
import Telemetry
import Testing

@testable import Collector

@Suite struct `Taking events` {
    @Test func `an event is acknowledged with its offset when it is durable`() throws {
        let bench = try Bench()
        let pending = try bench.send(Array(#"{"item":"sword"}"#.utf8))
        #expect(pending.value == nil)
        bench.write()
        let reply = try #require(pending.value)
        #expect(reply.status == 200)
        #expect(
            reply.json == [
                "topic": "t", "count": 1, "partition": 0, "base_offset": 0, "last_offset": 0,
                "partitions": [
                    ["partition": 0, "base_offset": 0, "last_offset": 0, "count": 1]
                ],
            ]
        )
        #expect(
            try bench.records("t") == [
                TestRecord(
                    offset: 0,
                    timestamp: 1_700_000_000_000,
                    key: nil,
                    value: #"{"item":"sword"}"#,
                    headers: []
                )
            ]
        )
        bench.files.crash(seed: 3)
        let again = try EventLog.open(at: "/log", files: bench.files)
        let partition = try #require(again.topic("t")?.partitions.first)
        #expect(try partition.testRecords().map(\.value) == [#"{"item":"sword"}"#])
        again.close()
    }

    @Test func `an array and lines become one record each, in order, bytes as they came`() throws {
        let bench = try Bench()
        let first = try bench.post(#"[{"n": 1},{"n":2.50}]"#)
        #expect(first.integer("base_offset") == 0 && first.integer("last_offset") == 1)
        let second = try bench.post(
            "{\"n\":3}\n\n{\"n\" : 4}\n",
            headers: [("Content-Type", "application/x-ndjson")]
        )
        #expect(second.integer("base_offset") == 2 && second.integer("count") == 2)
        #expect(
            try bench.records("t").map(\.value) == [
                #"{"n": 1}"#, #"{"n":2.50}"#, #"{"n":3}"#, #"{"n" : 4}"#,
            ]
        )
    }

    @Test(arguments: [CompressionCodec.gzip, .zstd])
    func `an encoded body is decoded`(codec: CompressionCodec) throws {
        let bench = try Bench()
        let lines = (0..<500).map { "{\"n\":\($0)}" }
        var plain = ByteBuffer()
        plain.append(utf8: lines.joined(separator: "\n"))
        var encoded = ByteBuffer()
        try codec.compress(plain.bytes, into: &encoded)
        let reply = try bench.post(
            Array(copying: encoded.bytes),
            headers: [("content-encoding", codec.description)]
        )
        #expect(reply.integer("count") == 500)
        #expect(try bench.records("t").map(\.value) == lines)
    }

    @Test func `keys choose the partition as Java producers do`() throws {
        var options = CollectorOptions()
        options.newTopicPartitions = 6
        let bench = try Bench(options: options)
        let users = (0..<40).map { "user\($0)" }
        let body = users.map { "{\"user\":\"\($0)\"}" }.joined(separator: "\n")
        let reply = try bench.post(body, to: "/v1/events/t?key=user")
        #expect(reply.integer("count") == 40)
        #expect(reply.json["partition"] == nil)
        var keys: [String] = []
        for partition in 0..<6 {
            for record in try bench.records("t", partition) {
                let key = try #require(record.key)
                var buffer = ByteBuffer()
                buffer.append(utf8: key)
                #expect(BatchPlan.partition(forKey: buffer.bytes, over: 6) == partition)
                keys.append(key)
            }
        }
        #expect(keys.sorted() == users.sorted())
    }

    @Test func `the partition of a key is the one of Kafka's own tests`() {
        // From org.apache.kafka.common.utils.UtilsTest.testMurmur2.
        for (key, hash) in [("21", -973_932_308), ("foobar", -790_332_482)] as [(String, Int32)] {
            var buffer = ByteBuffer()
            buffer.append(utf8: key)
            let expected = Int(hash & 0x7FFF_FFFF) % 1000
            #expect(BatchPlan.partition(forKey: buffer.bytes, over: 1000) == expected)
        }
    }

    @Test func `escapes in a key are resolved before it is hashed and stored`() throws {
        let bench = try Bench()
        _ = try bench.post(#"{"k":"a\u0062\"c"}"#, to: "/v1/events/t?key=k")
        #expect(try bench.records("t").map(\.key) == ["ab\"c"])
    }

    @Test func `requests without keys take the partitions in turn, each request one`() throws {
        var options = CollectorOptions()
        options.newTopicPartitions = 3
        let bench = try Bench(options: options)
        var partitions: [Int64?] = []
        for _ in 0..<7 { partitions.append(try bench.post("[{},{}]").integer("partition")) }
        #expect(partitions == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test func `the request may name its partition`() throws {
        var options = CollectorOptions()
        options.newTopicPartitions = 3
        let bench = try Bench(options: options)
        let reply = try bench.post(#"{"k":1}"#, to: "/v1/events/t?partition=2&key=k")
        #expect(reply.integer("partition") == 2)
        #expect(try bench.records("t", 2).map(\.key) == ["1"])
        for wrong in ["3", "-1", "x", ""] {
            let reply = try bench.post("{}", to: "/v1/events/t?partition=\(wrong)")
            #expect(reply.status == 400)
            #expect(reply.integer("partitions") == 3)
        }
    }

    @Test func `header lines with the prefix become headers of every record`() throws {
        let bench = try Bench()
        _ = try bench.post(
            "[{},{}]",
            headers: [("Millrace-Header-Trace-Id", "abc"), ("User-Agent", "curl")]
        )
        #expect(try bench.records("t").map(\.headers) == [["trace-id=abc"], ["trace-id=abc"]])
    }

    @Test func `a large request becomes several batches with consecutive offsets`() throws {
        var options = CollectorOptions()
        options.batchBytesTarget = 1000
        let bench = try Bench(options: options)
        let body = (0..<300).map { "{\"number\":\($0)}" }.joined(separator: "\n")
        let reply = try bench.post(body)
        #expect(reply.integer("base_offset") == 0 && reply.integer("last_offset") == 299)
        let records = try bench.records("t")
        #expect(records.map(\.offset) == Array(0..<300))
        #expect(records.last?.value == "{\"number\":299}")
    }
}

@Suite struct `Refusing requests` {
    @Test func `nothing of a request with one broken event is appended`() throws {
        let bench = try Bench()
        _ = try bench.post("{}")
        let reply = try bench.post("{\"a\":1}\n{\"b\":}\n{\"c\":3}")
        #expect(reply.status == 400)
        #expect(reply.header("Content-Type") == "application/problem+json")
        #expect(reply.integer("event") == 2)
        #expect(reply.integer("line") == 2)
        #expect(reply.integer("column") == 6)
        #expect(reply.text("detail")?.contains("expected a value") == true)
        #expect(try bench.records("t").count == 1)
    }

    @Test func `a broken body makes no topic`() throws {
        let bench = try Bench()
        #expect(try bench.post("{").status == 400)
        #expect(bench.log.topics.isEmpty)
    }

    @Test(arguments: ["a%20b", "a%2Fb", "..", "%C3%A9", String(repeating: "x", count: 250)])
    func `an invalid name is refused`(name: String) throws {
        let bench = try Bench()
        let reply = try bench.post("{}", to: "/v1/events/\(name)")
        #expect(reply.status == 400)
        #expect(reply.text("title") == "The topic's name is invalid")
    }

    @Test func `internal topics cannot be written to`() throws {
        let bench = try Bench()
        #expect(try bench.post("{}", to: "/v1/events/__consumer_offsets").status == 400)
    }

    @Test func `a missing topic is refused when topics are not made on their own`() throws {
        var options = CollectorOptions()
        options.createsTopics = false
        let bench = try Bench(options: options)
        #expect(try bench.post("{}").status == 404)
        _ = try bench.log.createTopic("t", partitions: 1)
        #expect(try bench.post("{}").status == 200)
    }

    @Test func `media types and encodings that are not known are refused`() throws {
        let bench = try Bench()
        #expect(try bench.post("a,b", headers: [("Content-Type", "text/csv")]).status == 415)
        let reply = try bench.post("{}", headers: [("Content-Encoding", "br")])
        #expect(reply.status == 415)
        #expect(reply.header("Accept-Encoding") == "gzip, zstd")
        let broken = try bench.post("{}", headers: [("Content-Encoding", "gzip")])
        #expect(broken.status == 400)
        #expect(broken.text("title") == "The body cannot be decoded")
        #expect(try bench.post("{}", to: "/v1/events/t?key=").status == 400)
    }

    @Test func `a compressed bomb is refused at the limit`() throws {
        var options = CollectorOptions()
        options.bodyBytesMax = 100_000
        let bench = try Bench(options: options)
        var zeros = ByteBuffer()
        zeros.appendZeros(50_000_000)
        for codec in [CompressionCodec.gzip, .zstd] {
            var bomb = ByteBuffer()
            try codec.compress(zeros.bytes, into: &bomb)
            let reply = try bench.post(
                Array(copying: bomb.bytes),
                headers: [("Content-Encoding", codec.description)]
            )
            #expect(reply.status == 413)
            #expect(reply.integer("limit") == 100_000)
        }
    }

    @Test func `headers that would be multiplied beyond the limit are refused`() throws {
        var options = CollectorOptions()
        options.batchesBytesMax = 100_000
        let bench = try Bench(options: options)
        let events = "[" + Array(repeating: "{}", count: 100).joined(separator: ",") + "]"
        let long = String(repeating: "h", count: 2000)
        let reply = try bench.post(events, headers: [("Millrace-Header-X", long)])
        #expect(reply.status == 413)
        #expect(try bench.post(events).status == 200)
    }
}

@Suite struct `A slow log` {
    @Test func `too many waiting requests are answered 429, and taken again later`() throws {
        var options = CollectorOptions()
        options.requestsWaitingMax = 3
        let bench = try Bench(options: options)
        let waiting = try (0..<3).map { _ in try bench.send(Array("{}".utf8)) }
        #expect(waiting.allSatisfy { $0.value == nil })
        let refused = try #require(bench.send(Array("{}".utf8)).value)
        #expect(refused.status == 429)
        #expect(refused.header("Retry-After") == "1")
        bench.write()
        #expect(waiting.compactMap { $0.value?.integer("base_offset") } == [0, 1, 2])
        #expect(try bench.post("{}").status == 200)
    }

    @Test func `too many waiting bytes are answered 503, but one request always goes through`()
        throws
    {
        var options = CollectorOptions()
        options.bytesWaitingMax = 100
        let bench = try Bench(options: options)
        let large = Array("{\"a\":\"\(String(repeating: "x", count: 500))\"}".utf8)
        let first = try bench.send(large)
        #expect(first.value == nil)
        let refused = try #require(bench.send(Array("{}".utf8)).value)
        #expect(refused.status == 503)
        #expect(refused.header("Retry-After") == "1")
        bench.write()
        #expect(first.value?.status == 200)
        #expect(try bench.post("{}").status == 200)
    }

    @Test func `a full queue of the log is answered 503`() throws {
        var logOptions = LogOptions()
        logOptions.queuedBytesMax = 400
        let bench = try Bench(logOptions: logOptions)
        let body = Array("{\"a\":\"\(String(repeating: "x", count: 200))\"}".utf8)
        let first = try bench.send(body)
        var refused: Reply?
        for _ in 0..<5 where refused == nil { refused = try bench.send(body).value }
        #expect(refused?.status == 503)
        #expect(refused?.header("Retry-After") != nil)
        bench.write()
        #expect(first.value?.status == 200)
    }

    @Test func `a full disk is answered 507 and nothing is kept`() throws {
        let bench = try Bench()
        #expect(try bench.post("{\"n\":1}").status == 200)
        bench.files.limit(toBytes: bench.files.bytesUsed + 100)
        let body = "{\"a\":\"\(String(repeating: "x", count: 5000))\"}"
        let refused = try bench.post(body)
        #expect(refused.status == 507)
        #expect(refused.header("Retry-After") != nil)
        #expect(try bench.records("t").map(\.value) == ["{\"n\":1}"])
        bench.files.limit(toBytes: nil)
        #expect(try bench.post("{\"n\":2}").integer("base_offset") == 1)
    }

    @Test func `a log that was closed is answered 503`() throws {
        let bench = try Bench()
        #expect(try bench.post("{}").status == 200)
        bench.log.close()
        #expect(try bench.post("{}").status == 503)
    }

    @Test func `what is taken and refused is counted`() throws {
        let bench = try Bench()
        _ = try bench.post("[{},{},{}]")
        _ = try bench.post("nonsense")
        let text = bench.metrics.render()
        #expect(text.contains("millrace_collector_events_total 3\n"))
        #expect(text.contains("millrace_collector_requests_total{outcome=\"taken\"} 1\n"))
        #expect(text.contains("millrace_collector_requests_total{outcome=\"refused\"} 1\n"))
        #expect(text.contains("millrace_collector_requests_waiting 0\n"))
        #expect(text.contains("millrace_collector_waiting_bytes 0\n"))
    }
}
