import Broker
import Bytes
import Clocks
import EventLog
import Files
import KafkaProtocol
import Telemetry
import Testing

@testable import KafkaListener

/// A listener on a free port, over a log in memory.
final class ListenerWorld: Sendable {
    let files = CrashFiles()
    let log: EventLog<CrashFiles>
    let broker: Broker<CrashFiles>
    let listener: KafkaListener<CrashFiles>
    let port: UInt16
    let lines = LogCapture()

    init(
        log logOptions: LogOptions = LogOptions(),
        _ change: (inout ListenerOptions) -> Void = { _ in }
    ) throws {
        log = try EventLog.open(at: "log", files: files, options: logOptions)
        let clocks = SystemClocks()
        let logger = Logger(
            component: "test",
            level: .debug,
            sink: LogSink(capture: lines, clock: clocks)
        )
        var brokerOptions = BrokerOptions()
        brokerOptions.batchBytesMax = 20 << 20
        broker = try Broker(
            log: log,
            files: files,
            options: brokerOptions,
            clocks: clocks,
            logger: logger
        )
        var options = ListenerOptions()
        change(&options)
        listener = KafkaListener(
            broker: broker,
            options: options,
            logger: logger,
            metrics: MetricsRegistry()
        )
        port = try listener.start(host: "127.0.0.1", port: 0)
    }

    func stop() {
        listener.stop()
        broker.stop()
        log.close()
    }

    /// A batch of one record with a value of `size` bytes, all `filler`.
    static func batch(_ size: Int, filler: Character = "a") -> Slab {
        var value = ByteBuffer(capacity: size)
        value.append(utf8: String(repeating: filler, count: size))
        var builder = RecordBatchBuilder()
        builder.append(key: nil, value: value.bytes, timestamp: 1)
        var buffer = ByteBuffer()
        builder.finish(into: &buffer)
        return Slab(buffer)
    }

    static func fill(
        _ request: inout ProduceAPI.Request,
        _ topic: String,
        _ batch: Slab,
        acks: Int16 = -1
    ) {
        request.acks = acks
        request.topics = [
            .init {
                $0.name = topic
                $0.partitions = [.init { $0.records = 0..<batch.count }]
            }
        ]
    }
}
