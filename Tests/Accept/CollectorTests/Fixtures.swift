import Bytes
import Clocks
import Compression
import Files
import HTTPServer
import JSONText
import KafkaProtocol
import Synchronization
import Telemetry
import Testing
import Threads

@testable import Collector
@testable import EventLog

typealias TestLog = EventLog<CrashFiles>
typealias TestCollector = Collector<CrashFiles, ManualClocks>

/// A collector on a log in memory whose writer turns only when told to.
struct Bench {
    let files = CrashFiles()
    let log: TestLog
    let clocks = ManualClocks(at: Timestamp(milliseconds: 1_700_000_000_000))
    let metrics = MetricsRegistry()
    let collector: TestCollector

    init(
        options: CollectorOptions = CollectorOptions(),
        logOptions: LogOptions = LogOptions()
    ) throws {
        log = try EventLog.open(
            at: "/log",
            files,
            logOptions,
            clocks,
            SeededRandom(seed: 7),
            .manual
        )
        collector = Collector(log: log, clock: clocks, options: options, metrics: metrics)
    }

    /// Lets the log write everything that waits.
    func write() { while log.writer.step() {} }

    /// Sends a request and lets the log write.
    func post(
        _ body: String,
        to target: String = "/v1/events/t",
        headers: [(String, String)] = []
    ) throws -> Reply {
        try post(Array(body.utf8), to: target, headers: headers)
    }

    func post(
        _ body: [UInt8],
        to target: String = "/v1/events/t",
        headers: [(String, String)] = []
    ) throws -> Reply {
        let reply = try send(body, to: target, headers: headers)
        write()
        return try #require(reply.value)
    }

    /// Sends a request; its answer may come when the log writes.
    func send(
        _ body: [UInt8],
        to target: String = "/v1/events/t",
        headers: [(String, String)] = []
    ) throws -> Pending {
        var buffer = ByteBuffer()
        for byte in body { buffer.append(byte) }
        let request = try #require(
            HTTPRequest(
                method: "POST",
                target: target,
                headers: HTTPHeaders(headers.map { HTTPHeader($0.0, $0.1) }),
                body: Slab(buffer)
            )
        )
        let pending = Pending()
        let topic = try #require(request.segments.last)
        collector.post(topic: topic, request, HTTPResponder { pending.set($0) })
        return pending
    }

    func records(_ topic: String, _ partition: Int = 0) throws -> [TestRecord] {
        let topic = try #require(log.topic(topic))
        return try topic.partitions[partition].testRecords()
    }
}

/// An answer that may not be there yet.
final class Pending: Sendable {
    private let answer = Mutex<Reply?>(nil)

    func set(_ response: HTTPResponse) {
        answer.withLock {
            #expect($0 == nil)
            $0 = Reply(response)
        }
    }

    var value: Reply? { answer.withLock { $0 } }
}

/// An answer as a client sees it.
struct Reply: Sendable, Equatable {
    let status: Int
    let headers: [HTTPHeader]
    let json: JSONValue

    init(_ response: HTTPResponse) {
        status = response.status
        headers = response.headers
        guard case .bytes(let slice) = response.body,
            let value = try? JSONValue.parse(slice.bytes)
        else {
            json = .null
            return
        }
        json = value
    }

    func header(_ name: String) -> String? { HTTPHeaders(headers)[name] }
    func integer(_ name: String) -> Int64? { json[name]?.integerValue }
    func text(_ name: String) -> String? { json[name]?.stringValue }
}

/// A record as a consumer sees it.
struct TestRecord: Equatable {
    var offset: Int64
    var timestamp: Int64
    var key: String?
    var value: String
    var headers: [String]
}

private func text(_ bytes: RawSpan?) -> String? {
    if let bytes { String(repairingUTF8: bytes) } else { nil }
}

extension Partition {
    func testRecords() throws -> [TestRecord] {
        var records: [TestRecord] = []
        var next = logStartOffset
        while true {
            var buffer = ByteBuffer()
            let result = try read(from: next, maxBytes: 1 << 20, into: &buffer)
            if result.bytes == 0 { return records }
            var position = 0
            while position < buffer.count {
                let header = try RecordBatchHeader(buffer.bytes, at: position)
                let range = (position + RecordBatchHeader.size)..<(position + header.totalSize)
                var cursor = RecordCursor(
                    buffer.bytes.extracting(range),
                    count: header.recordCount
                )
                while let record = try cursor.next() {
                    var lines: [String] = []
                    var headers = record.headers
                    while let line = try headers.next() {
                        let value = text(line.value) ?? "-"
                        lines.append("\(String(repairingUTF8: line.key))=\(value)")
                    }
                    records.append(
                        TestRecord(
                            offset: header.baseOffset + Int64(record.offsetDelta),
                            timestamp: header.baseTimestamp + record.timestampDelta,
                            key: text(record.key),
                            value: text(record.value) ?? "",
                            headers: lines
                        )
                    )
                }
                position += header.totalSize
            }
            next = result.nextOffset
        }
    }
}
