import Bytes
import Clocks
import EventLog
import Files
import KafkaProtocol
import Telemetry
import Testing
import Threads

@testable import Broker

/// A broker over a log in memory, asked with whole frames as a client would send them.
final class BrokerWorld: Sendable {
    let files: CrashFiles
    let log: EventLog<CrashFiles>
    let broker: Broker<CrashFiles>
    let clocks = ManualClocks()

    init(
        files: CrashFiles = CrashFiles(),
        log options: LogOptions = LogOptions(),
        _ change: (inout BrokerOptions) -> Void = { _ in }
    ) throws {
        self.files = files
        log = try EventLog.open(at: "log", files: files, options: options)
        var options = BrokerOptions()
        options.groups.initialRebalanceDelay = .zero
        change(&options)
        broker = try Broker(
            log: log,
            files: files,
            options: options,
            clocks: clocks,
            random: SeededRandom(seed: 3),
            logger: .silent
        )
    }

    func stop() {
        broker.stop()
        log.close()
    }

    private static let client = Client(
        host: "10.0.0.9",
        advertisedHost: "broker.test",
        advertisedPort: 9092
    )

    /// The answer's body, or why there is none.
    func ask<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16,
        payload: [UInt8] = [],
        _ fill: (inout API.Request) -> Void = { _ in }
    ) throws -> API.Response {
        let frame = try Self.frame(api, version: version, payload: payload, fill)
        let answer = try #require(try answer(to: frame))
        var bytes = ByteBuffer()
        try answer.write(into: &bytes)
        return try Self.decode(api, version: version, bytes.bytes)
    }

    static func frame<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16,
        payload: [UInt8] = [],
        _ fill: (inout API.Request) -> Void
    ) throws -> Slab {
        var request = API.Request()
        fill(&request)
        var buffer = ByteBuffer()
        let start = Frame.beginRequest(
            API.key,
            version: version,
            correlationID: 77,
            clientID: "test",
            in: &buffer
        )
        try API.encode(
            request: request,
            version: version,
            payload: ByteBuffer(copying: payload).bytes,
            into: &buffer
        )
        Frame.end(start, in: &buffer)
        buffer.removeFirst(4)
        return Slab(buffer)
    }

    static func decode<API: KafkaAPI>(
        _ api: API.Type,
        version: Int16,
        _ frame: RawSpan
    ) throws -> API.Response {
        var reader = ByteReader(frame)
        let length = try reader.read(Int32.self)
        let rest = reader.remaining
        #expect(Int(length) == rest)
        let id = try Frame.readResponseHeader(&reader, api: API.key, version: version)
        #expect(id == 77)
        let response = try API.decodeResponse(&reader, version: version)
        let left = reader.remaining
        #expect(left == 0, "the answer has more bytes than its fields")
        return response
    }

    /// What becomes of a frame, waiting for it if need be; nil for a request without an answer.
    func answer(to slab: Slab) throws -> Answer? {
        switch outcome(of: slab) {
        case .answer(let answer): return answer
        case .nothing: return nil
        case .close(let reason): throw Closed(reason: reason)
        }
    }

    func outcome(of slab: Slab) -> Reply {
        let replied = Condition<Reply?>(nil)
        let handling = broker.handle(
            slab.bytes,
            owner: SlabSlice(slab),
            from: Self.client
        ) { reply in
            replied.update { $0 = reply }
        }
        switch handling {
        case .answer(let answer): return .answer(answer)
        case .later:
            return replied.wait(timeout: .seconds(20)) { $0 } ?? .close(reason: "no reply came")
        case .fetch(let call):
            return .answer(
                Answer { output in
                    _ = call.attempt(into: &output, isFinal: true)
                }
            )
        case .overloaded: return .close(reason: "overloaded")
        case .close(let reason): return .close(reason: reason)
        }
    }

    struct Closed: Error, Equatable {
        let reason: String
    }

    /// One batch of these values, as a producer sends it.
    static func batch(
        _ values: [String],
        timestamp: Int64 = 1000,
        _ options: RecordBatchBuilder.Options = .init()
    ) -> [UInt8] {
        var builder = RecordBatchBuilder()
        for (index, value) in values.enumerated() {
            let bytes = ByteBuffer(copying: Array(value.utf8))
            builder.append(key: nil, value: bytes.bytes, timestamp: timestamp + Int64(index))
        }
        var buffer = ByteBuffer()
        builder.finish(options, into: &buffer)
        return Array(copying: buffer.bytes)
    }

    /// Sends one batch; gives the partition's outcome.
    @discardableResult
    func produce(
        _ topic: String,
        _ partition: Int32 = 0,
        batch: [UInt8],
        acks: Int16 = -1,
        version: Int16 = 9
    ) throws -> ProduceAPI.Response.Topic.Partition {
        let response = try ask(ProduceAPI.self, version: version, payload: batch) {
            $0.acks = acks
            $0.topics = [
                .init {
                    $0.name = topic
                    $0.partitions = [
                        .init {
                            $0.index = partition
                            $0.records = 0..<batch.count
                        }
                    ]
                }
            ]
        }
        return try #require(response.topics.first?.partitions.first)
    }

    func createTopic(_ name: String, partitions: Int32 = 1) throws {
        let response = try ask(CreateTopicsAPI.self, version: 7) {
            $0.topics = [
                .init {
                    $0.name = name
                    $0.partitionCount = partitions
                    $0.replicationFactor = 1
                }
            ]
        }
        #expect(response.topics.map(\.errorCode) == [.none])
    }
}

extension ByteBuffer {
    init(copying bytes: [UInt8]) {
        self.init(capacity: bytes.count)
        for byte in bytes { append(byte) }
    }
}
